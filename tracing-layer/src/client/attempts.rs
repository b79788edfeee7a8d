//! What the caller knows of a request and its client cannot: how often it was sent, and its URL's template.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context as Task, Poll};

use opentelemetry::Context;
use throughline_propagation::InContext;
use tower_layer::Layer;
use tower_service::Service;

/// Counts the attempts of one logical request. Clones count together.
///
/// Every [`Client`](super::Client) that finds one among the request's extensions, or in the current
/// [`Context`], counts an attempt; from the second on, the span has `http.request.resend_count`. For a retry layer,
/// [`AttemptsLayer`] outside does all of it.
#[derive(Debug, Clone, Default)]
pub struct Attempts(Arc<AtomicU32>);

impl Attempts {
    /// No attempt so far.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts an attempt, and returns how many were before.
    pub(crate) fn count(&self) -> u32 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

/// The template of a request's URL, such as `/users/{id}`, for the span's name, `url.template`, and metrics.
///
/// Put it among the request's extensions, or into the current [`Context`] where a request has none to reach, as
/// reqwest's. It must be of few values.
#[derive(Debug, Clone)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a name for a text, to put in and to take out"
)]
pub struct UrlTemplate(pub Cow<'static, str>);

/// Puts fresh [`Attempts`] into the context of each request. It goes outside of what retries.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct AttemptsLayer;

/// A service whose attempts are counted: see [`AttemptsLayer`].
#[derive(Debug, Clone)]
pub struct Counted<S>(S);

impl AttemptsLayer {
    /// The layer; there is nothing to set.
    #[must_use]
    pub fn new() -> Self {
        Self
    }
}

impl<S> Layer<S> for AttemptsLayer {
    type Service = Counted<S>;

    fn layer(&self, inner: S) -> Counted<S> {
        Counted(inner)
    }
}

impl<S, R> Service<R> for Counted<S>
where
    S: Service<R>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = InContext<S::Future>;

    fn poll_ready(&mut self, cx: &mut Task<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let context = Context::current_with_value(Attempts::new());
        InContext::start(context, || self.0.call(request))
    }
}
