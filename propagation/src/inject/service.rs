//! The service.

use std::task::{self, Poll};

use http::Request;
use opentelemetry::Context;
use tower_service::Service;

use super::InjectLayer;

/// Writes the current context into the headers of outgoing requests. See the [module](super).
#[derive(Debug, Clone)]
pub struct Inject<S> {
    inner: S,
    layer: InjectLayer,
}

impl<S> Inject<S> {
    pub(super) const fn new(inner: S, layer: InjectLayer) -> Self {
        Self { inner, layer }
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
        self.layer.inject(&Context::current(), &mut request);
        self.inner.call(request)
    }
}
