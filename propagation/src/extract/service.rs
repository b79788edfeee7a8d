//! The service.

use std::task::{self, Poll};

use http::Request;
use opentelemetry::Context;
use tower_service::Service;

use super::settings::Settings;
use crate::in_context::InContext;
use crate::trust::Head;

/// Makes the context of each request current. See the [module](super).
#[derive(Debug, Clone)]
pub struct Extract<S> {
    inner: S,
    settings: Settings,
}

impl<S> Extract<S> {
    pub(super) const fn new(inner: S, settings: Settings) -> Self {
        Self { inner, settings }
    }
}

impl<S, B> Service<Request<B>> for Extract<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = InContext<S::Future>;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let extracted = self.settings.extract(&Head::new(&request), &Context::current());
        let context = extracted.context.clone();
        request.extensions_mut().insert(context.clone());
        if extracted.link.is_some() {
            request.extensions_mut().insert(extracted);
        }
        InContext::start(context, || self.inner.call(request))
    }
}
