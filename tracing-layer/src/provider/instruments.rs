//! The instruments of a layer.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use opentelemetry::metrics::{Meter, MeterProvider};
use opentelemetry::{Context, InstrumentationScope};

use super::binding;
use super::lookups::{Lookups, Receiver};
use super::noop;
use super::shared;
use super::source::{MeterSource, Source};
use super::waiting::{self, Waiting};

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
    /// Whether the last lookup found no provider.
    missing: AtomicBool,
    /// Whether the provider is known to support bound instruments. Set before `built`.
    binds: AtomicBool,
}

impl<I: Send + Sync + 'static> LazyInstruments<I> {
    /// Creates instruments of the global provider that look it up again as long as it is a no-op, like a
    /// [tracer](super::LazyTracer::global). They may be used before the provider is installed; until then,
    /// there are none.
    ///
    /// ```standalone_crate
    /// # use throughline_tracing_layer as throughline;
    /// use opentelemetry::metrics::Meter;
    /// use opentelemetry::{Context, InstrumentationScope, global};
    /// use opentelemetry_sdk::metrics::SdkMeterProvider;
    /// use throughline::provider::LazyInstruments;
    ///
    /// let scope = InstrumentationScope::builder("early").build();
    /// let counter = LazyInstruments::global(scope, |meter: &Meter| meter.u64_counter("counter").build());
    /// assert!(counter.in_context(&Context::new()).is_none());
    ///
    /// global::set_meter_provider(SdkMeterProvider::default());
    /// assert!(counter.in_context(&Context::new()).is_some());
    /// ```
    #[must_use]
    pub fn global(scope: InstrumentationScope, build: fn(&Meter) -> I) -> Self {
        Self::new(Source::global(scope), Some(Lookups::default()), build)
    }

    /// Sets the instrumentation scope, for the same provider.
    #[must_use]
    pub fn with_scope(&self, scope: InstrumentationScope) -> Self {
        Self::new(
            self.inner.source.with_scope(scope),
            self.inner.lookups.as_ref().map(|_| Lookups::default()),
            self.inner.build,
        )
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
                missing: AtomicBool::new(false),
                binds: AtomicBool::new(false),
            }),
        }
    }

    /// Returns the instruments, or `None` if telemetry is suppressed in `cx`, or if the provider is a no-op.
    #[must_use]
    #[inline]
    pub fn in_context(&self, cx: &Context) -> Option<&I> {
        if cx.is_telemetry_suppressed() {
            return None;
        }
        self.inner.get()
    }

    /// Creates the instruments, if there is a provider, and otherwise as soon as one is
    /// [reported](super::report_installed). Use it for instruments that record their first value when they are
    /// created: a counter that starts at 0 before the first event.
    pub fn prepare(&self) {
        if self.inner.get().is_none() && self.inner.lookups.is_some() {
            waiting::wait(&self.inner);
            // A provider that was reported in between is not reported again.
            self.inner.create();
        }
    }

    /// Returns whether the instruments are of a provider that is known to support
    /// [bound instruments](super::BoundInstruments).
    #[must_use]
    #[inline]
    pub fn binds(&self) -> bool {
        self.inner.binds.load(Ordering::Relaxed)
    }

    /// Looks for a provider, if it is time to. Returns whether there is one.
    pub(super) fn is_found(&self) -> bool {
        self.inner.built.get().is_some() || self.inner.look_up().is_some()
    }

    /// Returns whether a provider received the last measurement.
    pub(super) fn receiver(&self) -> Receiver<'_> {
        if self.inner.built.get().is_some() || !self.inner.missing.load(Ordering::Relaxed) {
            return Receiver::Present;
        }
        self.inner
            .lookups
            .as_ref()
            .map_or(Receiver::None, Receiver::Missing)
    }
}

impl<I: Send + Sync + 'static> Inner<I> {
    #[inline]
    fn get(&self) -> Option<&I> {
        match self.built.get() {
            Some(built) => Some(built),
            None => self.look_up(),
        }
    }

    fn look_up(&self) -> Option<&I> {
        let Self {
            source,
            lookups,
            build,
            built,
            missing,
            binds,
        } = self;
        let lookup = match lookups {
            Some(lookups) => Some((lookups, lookups.begin_due()?)),
            None if missing.load(Ordering::Relaxed) => return None,
            None => None,
        };
        let meter = source.meter();
        if noop::is_noop_meter(&meter) {
            missing.store(true, Ordering::Relaxed);
            if let Some((lookups, lookup)) = lookup {
                lookups.failed(lookup);
            }
            return None;
        }
        Some(built.get_or_init(|| {
            binds.store(binding::is_reported(&meter, source.scope()), Ordering::Relaxed);
            shared::instruments(meter, *build)
        }))
    }
}

impl<I: Send + Sync + 'static> Waiting for Inner<I> {
    fn create(&self) {
        let _ = self.get();
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
