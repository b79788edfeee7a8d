//! The future of a call: reads the request, then is a [`ResponseFuture`].

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http_body::Body;
use pin_project_lite::pin_project;
use throughline_agents::model_call::is_observed;
use throughline_llm_wire::{RequestReader, Unseen};
use throughline_tracing_layer::message::{HttpRequest, HttpResponse};
use throughline_tracing_layer::observe::ResponseFuture;
use tower_service::Service;

use super::extra_attributes::ExtraAttributes;
use super::observer::CallObserver;
use super::off::is_call_off;
use super::request::CallHead;
use super::request_body::Piece;
use super::start::Start;
use super::{ReadAhead, RequestBody, Shared, UsageHook};

pin_project! {
    /// Resolves to the inner service's response, observed if the request is a model call.
    #[must_use = "futures do nothing unless polled"]
    pub struct CallFuture<S, R>
    where
        R: HttpRequest<ReadAhead>,
        S: Service<R::Output>,
    {
        reading: Option<Box<Reading<S, R>>>,
        #[pin]
        response: Option<ResponseFuture<S::Future, CallObserver>>,
    }
}

/// A call whose request body is being read.
struct Reading<S, R: HttpRequest<ReadAhead>> {
    service: S,
    start: Start,
    reader: RequestReader,
    source: Source<R>,
}

/// Where a request body is read, and how far it was.
enum Source<R: HttpRequest<ReadAhead>> {
    /// In memory, where it lies.
    Memory { request: R, at: usize },
    /// From frames that are kept until they are sent.
    Frames {
        parts: R::Parts,
        body: RequestBody<R::Body>,
        frame: usize,
        at: usize,
    },
}

impl<S, R> CallFuture<S, R>
where
    R: HttpRequest<ReadAhead>,
    S: Service<R::Output> + Clone,
{
    /// Calls `service`, which must be ready.
    pub(crate) fn new(service: &mut S, request: R, shared: &Shared) -> Self {
        let context = opentelemetry::Context::current();
        let usage_hook = request
            .extensions()
            .and_then(|extensions| extensions.get::<UsageHook>().cloned());
        let is_off = || usage_hook.is_none() && is_call_off(shared, &context);
        let head = (is_observed(&context) && !is_off())
            .then(|| CallHead::new(&request, &shared.config.rules))
            .flatten();
        let Some(head) = head else {
            return Self::sent(service, request, None);
        };
        let mut request = request;
        let CallHead {
            reader,
            address,
            port,
        } = head;
        let mut reader = reader.with_limit(shared.config.request_limit);
        let extra_attributes = ExtraAttributes::new(&context, request.extensions());
        let start = Start::new(shared.clone(), context, (address, port), extra_attributes)
            .with_usage_hook(usage_hook);
        let source = match request.bytes() {
            Some(bytes) => {
                let (length, mut budget) = (bytes.len(), RequestReader::STEP_BYTES);
                let at = reader.read(bytes, &mut budget);
                if at == length || reader.has_ended() {
                    let call = reader.finish(|| request.shared_bytes());
                    return Self::sent(service, request, call.map(|call| start.observe(call)));
                }
                Source::Memory { request, at }
            }
            None => {
                let (parts, body) = request.into_parts();
                Source::Frames {
                    parts,
                    body: RequestBody::to_read(body),
                    frame: 0,
                    at: 0,
                }
            }
        };
        let next = service.clone();
        let service = std::mem::replace(service, next);
        Self {
            reading: Some(Box::new(Reading {
                service,
                start,
                reader,
                source,
            })),
            response: None,
        }
    }
}

impl<S, R> CallFuture<S, R>
where
    R: HttpRequest<ReadAhead>,
    S: Service<R::Output>,
{
    fn sent(service: &mut S, request: R, observer: Option<CallObserver>) -> Self {
        Self {
            reading: None,
            response: Some(ResponseFuture::start(observer, || {
                service.call(request.unchanged(RequestBody::untouched))
            })),
        }
    }
}

impl<R: HttpRequest<ReadAhead>> Source<R> {
    /// Reads on until the body, or what is read of it, has ended. After [`RequestReader::STEP_BYTES`] bytes
    /// others have their turn.
    fn poll_read(&mut self, reader: &mut RequestReader, cx: &mut Context<'_>) -> Poll<()> {
        let mut budget = RequestReader::STEP_BYTES;
        while !reader.has_ended() {
            if budget == 0 {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            match self {
                Self::Memory { request, at } => {
                    let bytes = request.bytes().unwrap_or_default();
                    *at += reader.read(bytes.get(*at..).unwrap_or_default(), &mut budget);
                    if *at >= bytes.len() {
                        break;
                    }
                }
                Self::Frames { body, frame, at, .. } => {
                    let read = body.piece(*frame, *at, |piece| match piece {
                        Piece::Bytes([]) => None,
                        Piece::Bytes(bytes) => Some(reader.read(bytes, &mut budget)),
                        Piece::Hidden => {
                            reader.end(Unseen::Fragmented);
                            Some(0)
                        }
                    });
                    match read {
                        Some(Some(length)) => *at += length,
                        Some(None) => {
                            (*frame, *at) = (*frame + 1, 0);
                            // Frames without data are endless too.
                            budget = budget.saturating_sub(1);
                        }
                        // A client may send the rest when it is answered, and what is polled is kept.
                        None if reader.is_over_limit() => break,
                        // What is encoded may unfold to nothing.
                        None if body.length() > reader.limit() => reader.end(Unseen::TooLarge),
                        None if !ready!(body.poll_more(cx)) => {
                            if body.is_failed() {
                                reader.end(Unseen::Failed);
                            }
                            break;
                        }
                        None if body.is_crowded() => reader.end(Unseen::Fragmented),
                        None => {}
                    }
                }
            }
        }
        Poll::Ready(())
    }
}

impl<S, R> Reading<S, R>
where
    R: HttpRequest<ReadAhead, Body: Body<Data: 'static>>,
    S: Service<R::Output>,
{
    fn send(mut self) -> ResponseFuture<S::Future, CallObserver> {
        let call = self.reader.finish(|| match &mut self.source {
            Source::Memory { request, .. } => request.shared_bytes(),
            Source::Frames { body, .. } => body.shared(),
        });
        let request = match self.source {
            Source::Memory { request, .. } => request.unchanged(RequestBody::untouched),
            Source::Frames { parts, body, .. } => R::from_parts(parts, body),
        };
        let observer = call.map(|call| self.start.observe(call));
        ResponseFuture::start(observer, || self.service.call(request))
    }
}

impl<S, R> Future for CallFuture<S, R>
where
    R: HttpRequest<ReadAhead, Body: Body<Data: 'static>>,
    S: Service<R::Output, Response: HttpResponse<CallObserver>, Error: fmt::Display + 'static>,
{
    type Output = Result<<S::Response as HttpResponse<CallObserver>>::Output, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Some(reading) = this.reading.as_mut() {
            let Reading { source, reader, .. } = &mut **reading;
            ready!(source.poll_read(reader, cx));
            if let Some(reading) = this.reading.take() {
                this.response.set(Some(reading.send()));
            }
        }
        match this.response.as_pin_mut() {
            Some(response) => response.poll(cx),
            None => Poll::Pending,
        }
    }
}

impl<S, R> fmt::Debug for CallFuture<S, R>
where
    R: HttpRequest<ReadAhead>,
    S: Service<R::Output>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallFuture")
            .field("reading", &self.reading.is_some())
            .finish_non_exhaustive()
    }
}
