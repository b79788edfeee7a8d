//! The layer, its service and its future.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context as Task, Poll};

use http_body::Body;
use opentelemetry::Context;
use pin_project_lite::pin_project;
use throughline_tracing_layer::message::{HttpRequest, HttpResponse, WrapBody};
use tower_layer::Layer;
use tower_service::Service;

use super::BudgetBody;
use super::refusal::Refusal;

/// A layer that refuses model calls of scopes whose token budget is exhausted. See [the module](super).
#[derive(Debug, Clone, Copy, Default)]
pub struct TokenBudgetLayer {
    _private: (),
}

impl TokenBudgetLayer {
    /// Creates the layer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl WrapBody for TokenBudgetLayer {
    type Body<B: Body> = BudgetBody<B>;
}

impl<S> Layer<S> for TokenBudgetLayer {
    type Service = TokenBudgetService<S>;

    fn layer(&self, inner: S) -> TokenBudgetService<S> {
        TokenBudgetService { inner }
    }
}

/// Refuses model calls of scopes whose token budget is exhausted, and passes all other requests. See [the
/// module](super).
#[derive(Debug, Clone)]
pub struct TokenBudgetService<S> {
    inner: S,
}

impl<S, R> Service<R> for TokenBudgetService<S>
where
    R: HttpRequest,
    S: Service<R, Response: HttpResponse<TokenBudgetLayer>>,
{
    type Response = <S::Response as HttpResponse<TokenBudgetLayer>>::Output;
    type Error = S::Error;
    type Future = BudgetFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Task<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> BudgetFuture<S::Future> {
        match Context::map_current(Refusal::for_call) {
            Some(budget) => BudgetFuture {
                inner: None,
                refusal: Some(Refusal {
                    budget,
                    extensions: request.response_extensions(),
                }),
            },
            None => BudgetFuture {
                inner: Some(self.inner.call(request)),
                refusal: None,
            },
        }
    }
}

pin_project! {
    /// Resolves to the inner service's response, or to a refusal.
    #[must_use = "futures do nothing unless polled"]
    pub struct BudgetFuture<F> {
        #[pin]
        inner: Option<F>,
        refusal: Option<Refusal>,
    }
}

impl<F, R, E> Future for BudgetFuture<F>
where
    F: Future<Output = Result<R, E>>,
    R: HttpResponse<TokenBudgetLayer>,
{
    type Output = Result<R::Output, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Task<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Some(inner) = this.inner.as_pin_mut() {
            return inner
                .poll(cx)
                .map_ok(|response| response.unchanged(BudgetBody::passed));
        }
        match this.refusal.take() {
            Some(refusal) => Poll::Ready(Ok(R::from_bytes(refusal.response(), BudgetBody::refused))),
            None => Poll::Pending,
        }
    }
}

impl<F> fmt::Debug for BudgetFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BudgetFuture")
            .field("refusal", &self.refusal)
            .finish_non_exhaustive()
    }
}
