//! The service.

use std::fmt;
use std::sync::Arc;
use std::task::{Context as Task, Poll};

use http::Request;
use http_body::Body;
use tower_service::Service;

use super::ServerExchange;
use super::settings::Settings;
use crate::message::HttpResponse;
use crate::observe::ResponseFuture;

/// A service whose requests are traced and measured. Created by [`ServerLayer`](super::ServerLayer).
#[derive(Debug, Clone)]
pub struct Server<S> {
    inner: S,
    settings: Arc<Settings>,
}

impl<S> Server<S> {
    pub(super) fn new(inner: S, settings: Arc<Settings>) -> Self {
        Self { inner, settings }
    }
}

impl<S, B> Service<Request<B>> for Server<S>
where
    B: Body + 'static,
    S: Service<Request<B>, Response: HttpResponse<ServerExchange>, Error: fmt::Display + 'static>,
{
    type Response = <S::Response as HttpResponse<ServerExchange>>::Output;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ServerExchange>;

    fn poll_ready(&mut self, cx: &mut Task<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let exchange = ServerExchange::begin(&self.settings, &mut request);
        ResponseFuture::start(exchange, || self.inner.call(request))
    }
}
