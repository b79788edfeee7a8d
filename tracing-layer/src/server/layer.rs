//! The layer, and what can be set on it.

use std::sync::Arc;

use opentelemetry::metrics::MeterProvider;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{Span, Tracer, TracerProvider};
use tower_layer::Layer;

use super::Server;
use super::settings::Settings;
use crate::observe::EndAt;
use crate::propagate::Propagation;

/// Extracts the caller's context, and wraps each request in a span and its metrics.
///
/// Put it outermost, with only a layer that catches panics outside.
#[derive(Debug, Clone)]
pub struct ServerLayer {
    settings: Arc<Settings>,
}

impl ServerLayer {
    /// A layer that uses the global providers and propagator, resolved at the first request.
    #[must_use]
    pub fn new() -> Self {
        Self {
            settings: Arc::new(Settings::new()),
        }
    }

    /// Takes spans from this provider. Default: the global one.
    #[must_use]
    pub fn with_tracer_provider<P, T, S>(self, provider: P) -> Self
    where
        P: TracerProvider<Tracer = T> + Send + Sync + 'static,
        T: Tracer<Span = S> + Send + Sync + 'static,
        S: Span + Send + Sync + 'static,
    {
        self.with(|settings| settings.tracer = settings.tracer.with_provider(provider))
    }

    /// Takes instruments from this provider. Default: the global one.
    #[must_use]
    pub fn with_meter_provider(self, provider: impl MeterProvider + Send + Sync + 'static) -> Self {
        self.with(|settings| settings.instruments = settings.instruments.with_provider(provider))
    }

    /// Extracts with this propagator. Default: the global one.
    #[must_use]
    pub fn with_propagator(self, propagator: impl TextMapPropagator + Send + Sync + 'static) -> Self {
        self.with(|settings| settings.propagation = Propagation::given(propagator))
    }

    /// Ends span and duration there. Default: [`EndAt::Body`].
    #[must_use]
    pub fn with_end_at(self, end_at: EndAt) -> Self {
        self.with(|settings| settings.end_at = end_at)
    }

    /// Also redacts the values of these query keys, whatever their case. The convention's keys stay.
    #[must_use]
    pub fn with_redacted_query_keys<'a>(self, keys: impl IntoIterator<Item = &'a str>) -> Self {
        self.with(|settings| settings.redaction = settings.redaction.with_keys(keys))
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.settings));
        self
    }
}

impl Default for ServerLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for ServerLayer {
    type Service = Server<S>;

    fn layer(&self, inner: S) -> Server<S> {
        Server::new(inner, Arc::clone(&self.settings))
    }
}
