//! The future of a call: reads the request body, adds the option, and wraps the answer.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::body::UsageRequested;
use super::edit::with_usage;
use super::request::UsageRequest;
use crate::call::RequestBody;
use crate::response::LlmResponse;

pin_project! {
    /// Resolves to the response of the inner service, without the event that the option added.
    #[must_use = "futures do nothing unless polled"]
    pub struct IncludeUsageFuture<S, R>
    where
        R: UsageRequest,
        S: Service<R::Sent>,
    {
        reading: Option<Box<Unread<S, R>>>,
        #[pin]
        response: Option<S::Future>,
        requested: Option<UsageRequested>,
    }
}

/// A call whose request body is being read.
struct Unread<S, R: UsageRequest> {
    service: S,
    shell: R::Shell,
    body: RequestBody<R::Body>,
    /// The context of the call. It is attached again when the inner service is called.
    context: opentelemetry::Context,
}

impl<S, R> IncludeUsageFuture<S, R>
where
    R: UsageRequest,
    S: Service<R::Sent> + Clone,
{
    /// Calls `service`, which must be ready.
    pub(super) fn new(service: &mut S, request: R, hosts: &[String]) -> Self {
        if !request.accepts(hosts) {
            return Self::called(service.call(request.untouched()), None);
        }
        if let Some(bytes) = request.bytes() {
            return match with_usage_within_limit(bytes) {
                Some(edited) => {
                    let request = R::edited(request.split().0, edited);
                    Self::called(service.call(request), Some(UsageRequested(())))
                }
                None => Self::called(service.call(request.untouched()), None),
            };
        }
        let next = service.clone();
        let service = std::mem::replace(service, next);
        let (shell, body) = request.split();
        Self {
            reading: Some(Box::new(Unread {
                service,
                shell,
                body: RequestBody::to_read(body),
                context: opentelemetry::Context::current(),
            })),
            response: None,
            requested: None,
        }
    }

    fn called(response: S::Future, requested: Option<UsageRequested>) -> Self {
        Self {
            reading: None,
            response: Some(response),
            requested,
        }
    }
}

impl<S, R> Unread<S, R>
where
    R: UsageRequest,
    S: Service<R::Sent>,
{
    fn send(mut self, complete: bool) -> (S::Future, Option<UsageRequested>) {
        let edited = match complete && !self.body.has_trailers() {
            true => self.body.with_bytes(with_usage_within_limit).flatten(),
            false => None,
        };
        let requested = edited.is_some().then_some(UsageRequested(()));
        let request = match edited {
            Some(edited) => R::edited(self.shell, edited),
            None => R::join(self.shell, self.body),
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
    R: UsageRequest,
    S: Service<R::Sent, Response: LlmResponse<UsageRequested>>,
{
    type Output = Result<<S::Response as LlmResponse<UsageRequested>>::Output, S::Error>;

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
                Poll::Ready(Ok(response.wrapped(this.requested.take())))
            }
            None => Poll::Pending,
        }
    }
}

impl<S, R> fmt::Debug for IncludeUsageFuture<S, R>
where
    R: UsageRequest,
    S: Service<R::Sent>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IncludeUsageFuture")
            .field("reading", &self.reading.is_some())
            .finish_non_exhaustive()
    }
}

/// The maximum size of a request body that is edited, in bytes.
const REQUEST_LIMIT: usize = 4 * 1024 * 1024;
