//! The service.

use std::task::{self, Poll};

use http::Request;
use opentelemetry::Context;
use tower_service::Service;

use crate::outgoing::Outgoing;
use crate::propagator::Propagator;

/// Writes the current context into the headers of outgoing requests. See the [module](super).
#[derive(Debug, Clone)]
pub struct Inject<S> {
    inner: S,
    propagator: Propagator,
    outgoing: Outgoing,
}

impl<S> Inject<S> {
    pub(super) const fn new(inner: S, propagator: Propagator, outgoing: Outgoing) -> Self {
        Self {
            inner,
            propagator,
            outgoing,
        }
    }
}

impl<S, B> Service<Request<B>> for Inject<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        let allowed = self.outgoing.to_request(&request);
        self.propagator
            .inject_allowed(&Context::current(), allowed, request.headers_mut());
        self.inner.call(request)
    }
}
