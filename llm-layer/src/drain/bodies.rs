//! The layer and the service that drain bodies only, for services whose futures are not `'static`.

use std::task::{self, Poll};

use throughline_tracing_layer::message::HttpResponse;
use tower_layer::Layer;
use tower_service::Service;

use super::drains::Drains;
use super::future::DrainFuture;

/// Drains the bodies of dropped answers, but no dropped calls. Created by
/// [`DrainLayer::bodies_only`](super::DrainLayer::bodies_only).
#[derive(Debug, Clone)]
pub struct BodyDrainLayer {
    pub(super) drains: Drains,
}

impl<S> Layer<S> for BodyDrainLayer {
    type Service = BodyDrain<S>;

    fn layer(&self, inner: S) -> BodyDrain<S> {
        BodyDrain {
            inner,
            drains: self.drains.clone(),
        }
    }
}

/// Reads the body of a model call's answer to its end if the caller drops it. Created by [`BodyDrainLayer`].
#[derive(Debug, Clone)]
pub struct BodyDrain<S> {
    inner: S,
    drains: Drains,
}

impl<S, R> Service<R> for BodyDrain<S>
where
    S: Service<R, Response: HttpResponse<Drains, Body: Send + 'static>>,
{
    type Response = <S::Response as HttpResponse<Drains>>::Output;
    type Error = S::Error;
    type Future = DrainFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let (call, drains) = self.drains.around(|| self.inner.call(request));
        DrainFuture::body_only(call, drains)
    }
}
