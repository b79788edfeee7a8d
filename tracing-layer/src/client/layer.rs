//! The layer, and what can be set on it.

use std::sync::Arc;

use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;
use opentelemetry::trace::{Span, Tracer, TracerProvider};
use throughline_propagation::{Outgoing, Propagator};
use tower_layer::Layer;

use super::settings::{Parts, Settings};
use super::{Attempt, Client};
use crate::headers::Captured;
use crate::hook::Hook;
use crate::method::Methods;
use crate::observe::{EndAt, Head};
use crate::semconv;

/// Wraps each request in a span and its metrics, and injects the span's context.
///
/// Put it innermost, next to the transport, so that each attempt of a retry is a span of its own. What is recorded, and when, is in the [module's documentation](super).
#[derive(Debug, Clone)]
pub struct ClientLayer {
    settings: Arc<Settings>,
}

impl ClientLayer {
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

    /// Injects with this propagator. Default: the global one.
    #[must_use]
    pub fn with_propagator(self, propagator: impl Into<Propagator>) -> Self {
        self.with(|settings| settings.propagator = propagator.into())
    }

    /// Shows the context to these hosts. Default: [`Outgoing::new`]: trace context to all, **baggage to none**.
    #[must_use]
    pub fn with_outgoing(self, outgoing: Outgoing) -> Self {
        self.with(|settings| settings.outgoing = outgoing)
    }

    /// Ends span and duration there. Default: [`EndAt::Headers`].
    ///
    /// With [`EndAt::Body`] the span of a response that nobody reads lasts until it is dropped.
    #[must_use]
    pub fn with_end_at(self, end_at: EndAt) -> Self {
        self.with(|settings| settings.end_at = end_at)
    }

    /// Whether to measure the bytes of the bodies too. Default: `false`: the conventions leave these metrics to choice,
    /// and two more histograms double what metrics cost.
    ///
    /// With them, a response of reqwest is taken apart and put together again around a body that counts.
    #[must_use]
    pub fn with_body_sizes(self, measured: bool) -> Self {
        self.with(|settings| settings.body_sizes = measured)
    }

    /// Names these methods, and any other `_OTHER`. Default: those of the environment variable
    /// `OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS` when the layer is made, otherwise the convention's.
    #[must_use]
    pub fn with_known_methods<'a>(self, methods: impl IntoIterator<Item = &'a str>) -> Self {
        self.with(|settings| settings.methods = Methods::new(methods))
    }

    /// Also redacts the values of these query keys, whatever their case. The convention's keys stay.
    #[must_use]
    pub fn with_redacted_query_keys<'a>(self, keys: impl IntoIterator<Item = &'a str>) -> Self {
        self.with(|settings| settings.redaction = settings.redaction.with_keys(keys))
    }

    /// Records these request headers on spans. Default: none. Those of [`semconv::SECRET_HEADERS`], and values marked
    /// as sensitive, never are.
    #[must_use]
    pub fn with_request_headers<'a>(self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.with(|settings| {
            settings.request_headers = Captured::new(semconv::HTTP_REQUEST_HEADER, names);
        })
    }

    /// Records these response headers on spans. Default: none. Those of [`semconv::SECRET_HEADERS`], and values marked
    /// as sensitive, never are.
    #[must_use]
    pub fn with_response_headers<'a>(self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.with(|settings| {
            settings.response_headers = Captured::new(semconv::HTTP_RESPONSE_HEADER, names);
        })
    }

    /// Traces and measures only the requests for which `filter` is true. Default: all.
    ///
    /// The current context is injected into the others too. Of a `filter` that panics, all are recorded.
    #[must_use]
    pub fn with_filter(self, filter: impl Fn(&Attempt<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.with(|settings| settings.filter = Hook::new(Arc::new(filter)))
    }

    /// Adds attributes to each recorded span when its request comes.
    #[must_use]
    pub fn with_request_attributes(
        self,
        add: impl Fn(&Attempt<'_>, &mut Vec<KeyValue>) + Send + Sync + 'static,
    ) -> Self {
        self.with(|settings| settings.request_attributes = Hook::new(Arc::new(add)))
    }

    /// Adds attributes to each recorded span when its response's head is there.
    #[must_use]
    pub fn with_response_attributes(
        self,
        add: impl Fn(&Head<'_>, &mut Vec<KeyValue>) + Send + Sync + 'static,
    ) -> Self {
        self.with(|settings| settings.response_attributes = Hook::new(Arc::new(add)))
    }

    #[cfg(feature = "reqwest-middleware")]
    pub(super) fn settings(&self) -> &Arc<Settings> {
        &self.settings
    }

    /// Does only these parts.
    pub(super) fn only(self, parts: Parts) -> Self {
        self.with(|settings| settings.parts = parts)
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.settings));
        self
    }
}

impl Default for ClientLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for ClientLayer {
    type Service = Client<S>;

    fn layer(&self, inner: S) -> Client<S> {
        Client::new(inner, Arc::clone(&self.settings))
    }
}
