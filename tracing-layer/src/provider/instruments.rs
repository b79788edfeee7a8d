//! The instruments of a layer.

use std::fmt;
use std::sync::{Arc, OnceLock};

use opentelemetry::metrics::{Meter, MeterProvider};
use opentelemetry::{Context, InstrumentationScope};

use super::lookups::Lookups;
use super::noop;
use super::shared;
use super::source::{MeterSource, Source};

/// The instruments of a layer, built at the first measurement. Clones share them, and so do all layers that
/// build instruments of the same meter with the same function: their series are one set, which
/// [`limits`](crate::limits) bounds.
pub struct LazyInstruments<I> {
    inner: Arc<Inner<I>>,
}

struct Inner<I> {
    source: MeterSource,
    /// When to look for a provider again. `None` if the first one is final.
    lookups: Option<Lookups>,
    build: fn(&Meter) -> I,
    built: OnceLock<Arc<I>>,
}

impl<I: Send + Sync + 'static> LazyInstruments<I> {
    /// Creates instruments of the provider that is global at the first measurement.
    #[must_use]
    pub fn global(scope: InstrumentationScope, build: fn(&Meter) -> I) -> Self {
        Self::new(Source::global(scope), None, build)
    }

    /// Creates instruments of the global provider that look it up again as long as it is a no-op, like a
    /// [tracer](super::LazyTracer::following). They may be used before the provider is installed; until then,
    /// there are none.
    ///
    /// ```standalone_crate
    /// use opentelemetry::metrics::Meter;
    /// use opentelemetry::{Context, InstrumentationScope, global};
    /// use opentelemetry_sdk::metrics::SdkMeterProvider;
    /// use throughline_tracing_layer::provider::LazyInstruments;
    ///
    /// let scope = InstrumentationScope::builder("early").build();
    /// let counter = LazyInstruments::following(scope, |meter: &Meter| meter.u64_counter("counter").build());
    /// assert!(counter.in_context(&Context::new()).is_none());
    ///
    /// global::set_meter_provider(SdkMeterProvider::default());
    /// assert!(counter.in_context(&Context::new()).is_some());
    /// ```
    #[must_use]
    pub fn following(scope: InstrumentationScope, build: fn(&Meter) -> I) -> Self {
        Self::new(Source::global(scope), Some(Lookups::default()), build)
    }

    /// Sets the provider, for the same scope.
    #[must_use]
    pub fn with_provider(&self, provider: impl MeterProvider + Send + Sync + 'static) -> Self {
        let source = self.inner.source.with_provider(Arc::new(provider));
        Self::new(source, None, self.inner.build)
    }

    fn new(source: MeterSource, lookups: Option<Lookups>, build: fn(&Meter) -> I) -> Self {
        Self {
            inner: Arc::new(Inner {
                source,
                lookups,
                build,
                built: OnceLock::new(),
            }),
        }
    }

    /// Returns the instruments, or `None` if telemetry is suppressed in `cx`, or if they
    /// [follow](Self::following) the global provider and there is none.
    #[must_use]
    pub fn in_context(&self, cx: &Context) -> Option<&I> {
        if cx.is_telemetry_suppressed() {
            return None;
        }
        match &self.inner.lookups {
            Some(lookups) => self.built_or_look_up(lookups),
            None => Some(self.built_of(|| self.inner.source.meter())),
        }
    }

    fn built_or_look_up(&self, lookups: &Lookups) -> Option<&I> {
        if let Some(built) = self.inner.built.get() {
            return Some(built);
        }
        if !lookups.is_due() {
            return None;
        }
        let meter = self.inner.source.meter();
        if noop::is_noop_meter(&meter) {
            lookups.failed();
            return None;
        }
        Some(self.built_of(|| meter))
    }

    fn built_of(&self, meter: impl FnOnce() -> Meter) -> &I {
        let built = || shared::instruments(meter(), self.inner.build);
        self.inner.built.get_or_init(built)
    }
}

impl<I> Clone for LazyInstruments<I> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<I> fmt::Debug for LazyInstruments<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LazyInstruments")
            .field(&self.inner.source)
            .finish()
    }
}
