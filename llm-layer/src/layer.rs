//! The layer and its service.

use std::fmt;
use std::task::{Context, Poll};

use opentelemetry::metrics::MeterProvider;
use opentelemetry::trace::{Span, Tracer, TracerProvider};
use throughline_tracing_layer::observe::Observed;
use throughline_tracing_layer::provider::{LazyInstruments, LazyTracer};
use tower_layer::Layer;
use tower_service::Service;

use crate::call::{CallFuture, Instruments, LlmRequest, Shared, Watch};

/// Puts a [`Llm`] around a service. Its clones share tracer and instruments.
#[derive(Debug, Clone)]
pub struct LlmLayer {
    shared: Shared,
}

impl Default for LlmLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl LlmLayer {
    /// A layer that uses the global providers and reads request bodies of up to 4 MiB.
    #[must_use]
    pub fn new() -> Self {
        let scope = crate::scope_of_instrumentation();
        Self {
            shared: Shared {
                tracer: LazyTracer::global(scope.clone()),
                instruments: LazyInstruments::global(scope, Instruments::new),
                limit: REQUEST_LIMIT,
            },
        }
    }

    /// The provider of the spans; by default the global one when the first call is made.
    #[must_use]
    pub fn with_tracer_provider<P, T, S>(mut self, provider: P) -> Self
    where
        P: TracerProvider<Tracer = T> + Send + Sync + 'static,
        T: Tracer<Span = S> + Send + Sync + 'static,
        S: Span + Send + Sync + 'static,
    {
        self.shared.tracer = self.shared.tracer.with_provider(provider);
        self
    }

    /// The provider of the metrics; by default the global one when the first call ends.
    #[must_use]
    pub fn with_meter_provider(mut self, provider: impl MeterProvider + Send + Sync + 'static) -> Self {
        self.shared.instruments = self.shared.instruments.with_provider(provider);
        self
    }

    /// The most bytes of a request body that are read before it is sent; by default 4 MiB.
    ///
    /// A longer one is sent as it comes, and the span says `throughline.request.unseen` = `too_large`. A body that is
    /// in memory, as reqwest's mostly are, is read where it is, whatever its length.
    #[must_use]
    pub fn with_request_limit(mut self, bytes: usize) -> Self {
        self.shared.limit = bytes;
        self
    }
}

impl<S> Layer<S> for LlmLayer {
    type Service = Llm<S>;

    fn layer(&self, inner: S) -> Llm<S> {
        Llm {
            inner,
            shared: self.shared.clone(),
        }
    }
}

/// Observes the model calls that pass through a service.
///
/// The inner service is cloned for each model call whose request body must be read first, and must then be cheap to
/// clone, as every client is.
#[derive(Debug, Clone)]
pub struct Llm<S> {
    inner: S,
    shared: Shared,
}

impl<S, R> Service<R> for Llm<S>
where
    R: LlmRequest,
    S: Service<R::Sent, Response: Observed<Watch>, Error: fmt::Display + 'static> + Clone,
{
    type Response = <S::Response as Observed<Watch>>::Output;
    type Error = S::Error;
    type Future = CallFuture<S, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> CallFuture<S, R> {
        CallFuture::new(&mut self.inner, request, &self.shared)
    }
}

const REQUEST_LIMIT: usize = 4 * 1024 * 1024;
