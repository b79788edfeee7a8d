//! The service.

use std::task::{self, Poll};

use opentelemetry::Context;
use tower_service::Service;

use crate::outgoing::Outgoing;
use crate::outgoing_request::OutgoingRequest;
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

impl<S, R> Service<R> for Inject<S>
where
    S: Service<R>,
    R: OutgoingRequest,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: R) -> S::Future {
        let allowed = self.outgoing.to_request(&request);
        self.propagator
            .inject_allowed(&Context::current(), allowed, request.headers_mut());
        self.inner.call(request)
    }
}
