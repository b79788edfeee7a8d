//! The service.

use std::fmt;
use std::sync::Arc;
use std::task::{Context as Task, Poll};

use http::Request;
use http_body::Body;
use tower_service::Service;

use super::Sending;
use super::outbound::Outbound;
use super::settings::Settings;
use crate::observe::{Observed, ResponseFuture};

/// A service whose requests are traced and measured: see [`ClientLayer`](super::ClientLayer).
#[derive(Debug, Clone)]
pub struct Client<S> {
    inner: S,
    settings: Arc<Settings>,
}

impl<S> Client<S> {
    pub(super) fn new(inner: S, settings: Arc<Settings>) -> Self {
        Self { inner, settings }
    }

    fn send<R: Outbound>(&mut self, mut request: R) -> ResponseFuture<S::Future, Sending>
    where
        S: Service<R>,
    {
        let sending = Sending::begin(&self.settings, &mut request);
        ResponseFuture::start(sending, || self.inner.call(request))
    }
}

impl<S, B> Service<Request<B>> for Client<S>
where
    S: Service<Request<B>>,
    B: Body + 'static,
    S::Response: Observed<Sending>,
    S::Error: fmt::Display + 'static,
{
    type Response = <S::Response as Observed<Sending>>::Output;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, Sending>;

    fn poll_ready(&mut self, cx: &mut Task<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.send(request)
    }
}

#[cfg(feature = "reqwest")]
impl<S> Service<reqwest::Request> for Client<S>
where
    S: Service<reqwest::Request, Response = reqwest::Response>,
    S::Error: fmt::Display + 'static,
{
    type Response = reqwest::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, Sending>;

    fn poll_ready(&mut self, cx: &mut Task<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: reqwest::Request) -> Self::Future {
        self.send(request)
    }
}
