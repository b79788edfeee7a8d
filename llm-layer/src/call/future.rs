//! The future of a call: reads the request, then is a [`ResponseFuture`].

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use throughline_tracing_layer::observe::{Observed, ResponseFuture};
use tower_service::Service;

use super::given::Given;
use super::request::LlmRequest;
use super::start::{Seen, Start, is_observed};
use super::watch::Watch;
use super::{RequestBody, Shared};

pin_project! {
    /// Resolves to the inner service's response, observed if the request is a model call.
    #[must_use = "futures do nothing unless polled"]
    pub struct CallFuture<S, R>
    where
        R: LlmRequest,
        S: Service<R::Sent>,
    {
        reading: Option<Box<Unread<S, R>>>,
        #[pin]
        response: Option<ResponseFuture<S::Future, Watch>>,
    }
}

/// A call whose request body is still to be read.
struct Unread<S, R: LlmRequest> {
    service: S,
    shell: R::Shell,
    body: RequestBody<R::Body>,
    start: Start,
    limit: usize,
}

impl<S, R> CallFuture<S, R>
where
    R: LlmRequest,
    S: Service<R::Sent> + Clone,
{
    /// Calls `service`, which must be ready.
    pub(crate) fn new(service: &mut S, request: R, shared: &Shared) -> Self {
        let context = opentelemetry::Context::current();
        let head = is_observed(&context)
            .then(|| request.head(&shared.config.rules))
            .flatten();
        let Some(head) = head else {
            return Self::sent(service, request, None);
        };
        let given = Given::of(&context, request.extensions());
        let start = Start::new(shared.clone(), context, head, given);
        if let Some(bytes) = request.bytes() {
            let seen = match bytes.len() {
                _ if start.is_encoded() => Seen::Not("encoded"),
                length if length > shared.config.request_limit => Seen::Not("too_large"),
                _ => start.see(bytes),
            };
            return Self::sent(service, request, start.watch(seen));
        }
        let next = service.clone();
        let service = std::mem::replace(service, next);
        let (shell, body) = request.split();
        Self {
            reading: Some(Box::new(Unread {
                service,
                shell,
                body: RequestBody::to_read(body),
                limit: shared.config.request_limit,
                start,
            })),
            response: None,
        }
    }
}

impl<S, R> CallFuture<S, R>
where
    R: LlmRequest,
    S: Service<R::Sent>,
{
    fn sent(service: &mut S, request: R, watch: Option<Watch>) -> Self {
        Self {
            reading: None,
            response: Some(ResponseFuture::start(watch, || service.call(request.untouched()))),
        }
    }
}

impl<S, R: LlmRequest> Unread<S, R> {
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Seen> {
        if self.start.is_encoded() {
            return Poll::Ready(Seen::Not("encoded"));
        }
        let complete = ready!(self.body.poll_read(cx, self.limit));
        Poll::Ready(match complete {
            true => self
                .body
                .with_bytes(|bytes| self.start.see(bytes))
                .unwrap_or(Seen::Not("fragmented")),
            false if self.body.is_failed() => Seen::Not("failed"),
            false => Seen::Not("too_large"),
        })
    }

    fn send(mut self, seen: Seen) -> ResponseFuture<S::Future, Watch>
    where
        S: Service<R::Sent>,
    {
        let request = R::join(self.shell, self.body);
        ResponseFuture::start(self.start.watch(seen), || self.service.call(request))
    }
}

impl<S, R> Future for CallFuture<S, R>
where
    R: LlmRequest,
    S: Service<R::Sent, Response: Observed<Watch>, Error: fmt::Display + 'static>,
{
    type Output = Result<<S::Response as Observed<Watch>>::Output, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Some(reading) = this.reading.as_mut() {
            let seen = ready!(reading.poll_read(cx));
            if let Some(reading) = this.reading.take() {
                this.response.set(Some(reading.send(seen)));
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
    R: LlmRequest,
    S: Service<R::Sent>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallFuture")
            .field("reading", &self.reading.is_some())
            .finish_non_exhaustive()
    }
}
