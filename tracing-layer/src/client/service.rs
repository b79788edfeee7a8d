//! The service.

use std::fmt;
use std::sync::Arc;
use std::task::{Context as Task, Poll};

use tower_service::Service;

use super::ClientExchange;
use super::settings::Settings;
use crate::message::{HttpClient, HttpRequest, HttpResponse};
use crate::observe::ResponseFuture;

/// A service whose requests are traced and measured. Created by [`ClientLayer`](super::ClientLayer).
#[derive(Debug, Clone)]
pub struct Client<S> {
    inner: S,
    settings: Arc<Settings>,
}

impl<S> Client<S> {
    pub(super) fn new(inner: S, settings: Arc<Settings>) -> Self {
        Self { inner, settings }
    }
}

impl<S, R> Service<R> for Client<S>
where
    R: HttpRequest<Body: 'static>,
    S: HttpClient<R, Answer: HttpResponse<ClientExchange>, Failure: fmt::Display + 'static>,
{
    type Response = <S::Answer as HttpResponse<ClientExchange>>::Output;
    type Error = S::Failure;
    type Future = ResponseFuture<S::Future, ClientExchange>;

    fn poll_ready(&mut self, cx: &mut Task<'_>) -> Poll<Result<(), S::Failure>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: R) -> Self::Future {
        let exchange = ClientExchange::begin(&self.settings, &mut request, None);
        ResponseFuture::start(exchange, || self.inner.call(request))
    }
}
