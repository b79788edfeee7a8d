//! The instruments of a layer.

use std::fmt;
use std::sync::{Arc, OnceLock};

use opentelemetry::global;
use opentelemetry::metrics::{Meter, MeterProvider};
use opentelemetry::{Context, InstrumentationScope};

use crate::asking::Asking;

type SharedMeterProvider = Arc<dyn MeterProvider + Send + Sync>;

/// A layer's instruments, built at the first measurement. Clones share them.
pub struct LazyInstruments<I> {
    inner: Arc<InstrumentsInner<I>>,
}

struct InstrumentsInner<I> {
    scope: InstrumentationScope,
    given: Option<SharedMeterProvider>,
    asking: Option<Asking>,
    build: fn(&Meter) -> I,
    built: OnceLock<I>,
}

impl<I> LazyInstruments<I> {
    /// Instruments of the provider that is global at the first measurement.
    #[must_use]
    pub fn global(scope: InstrumentationScope, build: fn(&Meter) -> I) -> Self {
        Self::new(scope, None, None, build)
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
        Self::new(scope, None, Some(Asking::default()), build)
    }

    /// Instruments of this provider, for the same scope.
    #[must_use]
    pub fn with_provider(&self, provider: impl MeterProvider + Send + Sync + 'static) -> Self {
        Self::new(
            self.inner.scope.clone(),
            Some(Arc::new(provider)),
            None,
            self.inner.build,
        )
    }

    fn new(
        scope: InstrumentationScope,
        given: Option<SharedMeterProvider>,
        asking: Option<Asking>,
        build: fn(&Meter) -> I,
    ) -> Self {
        Self {
            inner: Arc::new(InstrumentsInner {
                scope,
                given,
                asking,
                build,
                built: OnceLock::new(),
            }),
        }
    }

    /// The instruments, or `None` where telemetry is suppressed in `cx`.
    #[must_use]
    pub fn in_context(&self, cx: &Context) -> Option<&I> {
        if cx.is_telemetry_suppressed() {
            return None;
        }
        match &self.inner.asking {
            Some(asking) => self.built_or_ask(asking),
            None => Some(self.built_of(|| self.meter())),
        }
    }

    fn built_or_ask(&self, asking: &Asking) -> Option<&I> {
        if let Some(built) = self.inner.built.get() {
            return Some(built);
        }
        if !asking.is_due() {
            return None;
        }
        let meter = self.meter();
        if is_noop(&meter) {
            asking.in_vain();
            return None;
        }
        Some(self.built_of(|| meter))
    }

    fn built_of(&self, meter: impl FnOnce() -> Meter) -> &I {
        self.inner.built.get_or_init(|| (self.inner.build)(&meter()))
    }

    fn meter(&self) -> Meter {
        let scope = self.inner.scope.clone();
        match &self.inner.given {
            Some(provider) => provider.meter_with_scope(scope),
            None => global::meter_provider().meter_with_scope(scope),
        }
    }
}

/// Whether a meter has nothing to keep a measurement in, as the API's no-op.
fn is_noop(meter: &Meter) -> bool {
    size_of_val(meter.u64_counter("").instrument_provider) == 0
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
        let provider = if self.inner.given.is_some() {
            "given"
        } else {
            "global"
        };
        f.debug_struct("LazyInstruments")
            .field("scope", &self.inner.scope.name())
            .field("provider", &provider)
            .finish_non_exhaustive()
    }
}
