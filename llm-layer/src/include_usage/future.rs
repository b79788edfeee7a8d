//! The future of a call: reads the request body, adds the option, and wraps the answer.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::Body;
use pin_project_lite::pin_project;
use throughline_tracing_layer::message::{HttpRequest, HttpResponse};
use tower_service::Service;

use super::accepts::accepts;
use super::body::{IncludeUsageBody, UsageRequested, without_usage_event};
use super::edit::with_usage;
use crate::call::{ReadAhead, RequestBody, target};

pin_project! {
    /// Resolves to the response of the inner service, without the event that the option added.
    #[must_use = "futures do nothing unless polled"]
    pub struct IncludeUsageFuture<S, R>
    where
        R: HttpRequest<ReadAhead>,
        S: Service<R::Output>,
    {
        reading: Option<Box<Unread<S, R>>>,
        #[pin]
        response: Option<S::Future>,
        requested: bool,
    }
}

/// A call whose request body is being read.
struct Unread<S, R: HttpRequest<ReadAhead>> {
    service: S,
    parts: R::Parts,
    body: RequestBody<R::Body>,
    /// The context of the call. It is attached again when the inner service is called.
    context: opentelemetry::Context,
}

impl<S, R> IncludeUsageFuture<S, R>
where
    R: HttpRequest<ReadAhead, Body: Body<Data = Bytes>>,
    S: Service<R::Output> + Clone,
{
    /// Calls `service`, which must be ready.
    pub(super) fn new(service: &mut S, request: R, hosts: &[String]) -> Self {
        if !accepts(&target(&request), request.url().query(), request.headers(), hosts) {
            return Self::called(service.call(request.unchanged(RequestBody::untouched)), false);
        }
        if let Some(bytes) = request.bytes() {
            return match with_usage_within_limit(bytes) {
                Some(edited) => {
                    let request = R::from_bytes(request.into_parts().0, edited, RequestBody::from_bytes);
                    Self::called(service.call(request), true)
                }
                None => Self::called(service.call(request.unchanged(RequestBody::untouched)), false),
            };
        }
        let next = service.clone();
        let service = std::mem::replace(service, next);
        let (parts, body) = request.into_parts();
        Self {
            reading: Some(Box::new(Unread {
                service,
                parts,
                body: RequestBody::to_read(body),
                context: opentelemetry::Context::current(),
            })),
            response: None,
            requested: false,
        }
    }

    fn called(response: S::Future, requested: bool) -> Self {
        Self {
            reading: None,
            response: Some(response),
            requested,
        }
    }
}

impl<S, R> Unread<S, R>
where
    R: HttpRequest<ReadAhead, Body: Body<Data = Bytes>>,
    S: Service<R::Output>,
{
    fn send(mut self, complete: bool) -> (S::Future, bool) {
        let edited = match complete && !self.body.has_trailers() {
            true => self.body.with_bytes(with_usage_within_limit).flatten(),
            false => None,
        };
        let requested = edited.is_some();
        let request = match edited {
            Some(edited) => R::from_bytes(self.parts, edited, RequestBody::from_bytes),
            None => R::from_parts(self.parts, self.body),
        };
        let _attached = self.context.attach();
        (self.service.call(request), requested)
    }
}

fn with_usage_within_limit(body: &[u8]) -> Option<Bytes> {
    let short = body.len() <= REQUEST_LIMIT;
    short.then(|| with_usage(body)).flatten().map(Bytes::from)
}

impl<S, R> Future for IncludeUsageFuture<S, R>
where
    R: HttpRequest<ReadAhead, Body: Body<Data = Bytes>>,
    S: Service<R::Output, Response: HttpResponse<UsageRequested>>,
{
    type Output = Result<<S::Response as HttpResponse<UsageRequested>>::Output, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Some(reading) = this.reading.as_mut() {
            let complete = ready!(reading.body.poll_read(cx, REQUEST_LIMIT));
            if let Some(reading) = this.reading.take() {
                let (response, requested) = reading.send(complete);
                this.response.set(Some(response));
                *this.requested = requested;
            }
        }
        match this.response.as_pin_mut() {
            Some(response) => {
                let response = ready!(response.poll(cx))?;
                Poll::Ready(Ok(match *this.requested {
                    true => without_usage_event(response),
                    false => response.unchanged(IncludeUsageBody::passing),
                }))
            }
            None => Poll::Pending,
        }
    }
}

impl<S, R> fmt::Debug for IncludeUsageFuture<S, R>
where
    R: HttpRequest<ReadAhead>,
    S: Service<R::Output>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IncludeUsageFuture")
            .field("reading", &self.reading.is_some())
            .finish_non_exhaustive()
    }
}

/// The maximum size of a request body that is edited, in bytes.
const REQUEST_LIMIT: usize = 4 * 1024 * 1024;
