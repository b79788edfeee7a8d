//! The instruments of a layer.

use std::fmt;
use std::sync::{Arc, OnceLock};

use opentelemetry::metrics::{Meter, MeterProvider};
use opentelemetry::{Context, InstrumentationScope};

use super::asking::Asking;
use super::noop;
use super::shared;
use super::source::{MeterSource, Source};

/// A layer's instruments, built at the first measurement. Clones share them, and so does whatever builds instruments of the
/// same meter by the same function: their series are one set, which [`limits`](crate::limits) bounds.
pub struct LazyInstruments<I> {
    inner: Arc<Inner<I>>,
}

struct Inner<I> {
    source: MeterSource,
    /// When to look for a provider again. Without it the first is taken for good.
    asking: Option<Asking>,
    build: fn(&Meter) -> I,
    built: OnceLock<Arc<I>>,
}

impl<I: Send + Sync + 'static> LazyInstruments<I> {
    /// Instruments of the provider that is global at the first measurement.
    #[must_use]
    pub fn global(scope: InstrumentationScope, build: fn(&Meter) -> I) -> Self {
        Self::new(Source::global(scope), None, build)
    }

    /// Instruments of the global provider that ask again for as long as that is a no-op, as a
    /// [tracer](super::LazyTracer::following) does; so they may be used before the provider is set. There are none until then.
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
        Self::new(Source::global(scope), Some(Asking::default()), build)
    }

    /// Instruments of this provider, for the same scope.
    #[must_use]
    pub fn with_provider(&self, provider: impl MeterProvider + Send + Sync + 'static) -> Self {
        let source = self.inner.source.with_provider(Arc::new(provider));
        Self::new(source, None, self.inner.build)
    }

    fn new(source: MeterSource, asking: Option<Asking>, build: fn(&Meter) -> I) -> Self {
        Self {
            inner: Arc::new(Inner {
                source,
                asking,
                build,
                built: OnceLock::new(),
            }),
        }
    }

    /// The instruments, or `None` where telemetry is suppressed in `cx`, or, of instruments that
    /// [follow](Self::following), while there is no provider.
    #[must_use]
    pub fn in_context(&self, cx: &Context) -> Option<&I> {
        if cx.is_telemetry_suppressed() {
            return None;
        }
        match &self.inner.asking {
            Some(asking) => self.built_or_ask(asking),
            None => Some(self.built_of(|| self.inner.source.meter())),
        }
    }

    fn built_or_ask(&self, asking: &Asking) -> Option<&I> {
        if let Some(built) = self.inner.built.get() {
            return Some(built);
        }
        if !asking.is_due() {
            return None;
        }
        let meter = self.inner.source.meter();
        if noop::is_noop_meter(&meter) {
            asking.in_vain();
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
