//! The tracer of a layer.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use opentelemetry::trace::{Span, SpanBuilder, Tracer, TracerProvider};
use opentelemetry::{Context, InstrumentationScope, otel_warn};

use super::lookups::{Lookup, Lookups, Receiver, is_off_on_purpose};
use super::source::{Source, TracerSource};
use super::tracers::{AnyTracer, SpanInContext};

/// The tracer of a layer, resolved at the first span. Clones share it.
#[derive(Clone)]
pub struct LazyTracer {
    inner: Arc<Inner>,
}

struct Inner {
    source: TracerSource,
    /// When to look for a provider again. `None` if the first one is final.
    lookups: Option<Lookups>,
    tracer: OnceLock<Box<dyn AnyTracer>>,
    /// Whether the tracer starts nothing: it is a no-op, or was shut down.
    useless: AtomicBool,
    /// Whether a missing provider is no longer warned of.
    silent: AtomicBool,
}

impl LazyTracer {
    /// Creates a tracer of the global provider for a layer. It is like [`following`](Self::following), and
    /// warns once if it finds no provider, since a layer is usually built after the provider.
    #[must_use]
    pub fn global(scope: InstrumentationScope) -> Self {
        Self::new(Source::global(scope), Some(Lookups::default()), true)
    }

    /// Creates a tracer of the global provider that looks it up again as long as it is a no-op, and once more
    /// when it was shut down. It may be used before the provider is installed.
    ///
    /// A provider that records is used until it is shut down; the first span after that is lost, since it
    /// detects the shutdown. While there is no provider, it is looked up at each of the first 1,000 spans,
    /// then once per millisecond, and when it is [reported](super::report_installed). Each span reads the
    /// clock, and one per millisecond allocates.
    ///
    /// ```standalone_crate
    /// # use throughline_tracing_layer as throughline;
    /// use opentelemetry::trace::SpanBuilder;
    /// use opentelemetry::{Context, InstrumentationScope, global};
    /// use opentelemetry_sdk::trace::SdkTracerProvider;
    /// use throughline::provider::LazyTracer;
    ///
    /// let tracer = LazyTracer::following(InstrumentationScope::builder("early").build());
    /// let start = || tracer.start(&Context::new(), || SpanBuilder::from_name("span"));
    /// assert!(start().is_none() && tracer.is_noop());
    ///
    /// let provider = SdkTracerProvider::default();
    /// global::set_tracer_provider(provider.clone());
    /// assert!(!tracer.is_noop() && start().is_some());
    ///
    /// provider.shutdown()?;
    /// assert!(start().is_none() && tracer.is_noop());
    ///
    /// global::set_tracer_provider(SdkTracerProvider::default());
    /// assert!(start().is_some() && !tracer.is_noop());
    /// # Ok::<(), opentelemetry_sdk::error::OTelSdkError>(())
    /// ```
    #[must_use]
    pub fn following(scope: InstrumentationScope) -> Self {
        Self::new(Source::global(scope), Some(Lookups::default()), false)
    }

    /// Sets the instrumentation scope, for the same provider.
    #[must_use]
    pub fn with_scope(&self, scope: InstrumentationScope) -> Self {
        Self::new(
            self.inner.source.with_scope(scope),
            self.inner.lookups.as_ref().map(|_| Lookups::default()),
            !self.inner.silent.load(Ordering::Relaxed),
        )
    }

    /// Sets the provider, for the same scope.
    #[must_use]
    pub fn with_provider<P, T, S>(&self, provider: P) -> Self
    where
        P: TracerProvider<Tracer = T> + Send + Sync + 'static,
        T: Tracer<Span = S> + Send + Sync + 'static,
        S: Span + Send + Sync + 'static,
    {
        Self::new(self.inner.source.with_provider(Arc::new(provider)), None, true)
    }

    fn new(source: TracerSource, lookups: Option<Lookups>, warns: bool) -> Self {
        Self {
            inner: Arc::new(Inner {
                source,
                lookups,
                tracer: OnceLock::new(),
                useless: AtomicBool::new(false),
                silent: AtomicBool::new(!warns),
            }),
        }
    }

    /// Starts a span under `parent`, and puts it into the context of `parent`. Returns `None` if nothing would
    /// be recorded: telemetry is suppressed in `parent`, or the provider is a no-op. In these cases `builder` is
    /// not called.
    ///
    /// A span that is returned may still be sampled out: see [`SpanInContext::is_recording`].
    #[inline]
    pub fn start(&self, parent: &Context, builder: impl FnOnce() -> SpanBuilder) -> Option<SpanInContext> {
        if parent.is_telemetry_suppressed() {
            return None;
        }
        let Some(tracer) = self.current().filter(|_| !self.is_useless()) else {
            return self.start_elsewhere(parent, builder);
        };
        let span = tracer.start(parent, builder());
        if span.is_none() {
            self.found_useless();
        }
        span
    }

    /// Returns whether no provider would receive the next span. A provider that was shut down counts until a
    /// span has detected it.
    ///
    /// Until a first span has found a provider, this starts a span that is never recorded: a few allocations.
    #[must_use]
    pub fn is_noop(&self) -> bool {
        match (self.inner.tracer.get(), &self.inner.lookups) {
            (None, _) => self.inner.source.tracer().is_noop(),
            (Some(_), None) => self.is_useless(),
            (Some(_), Some(lookups)) => self.is_useless() && lookups.has_failed(),
        }
    }

    /// Returns whether a provider received the last span.
    pub(super) fn receiver(&self) -> Receiver<'_> {
        match &self.inner.lookups {
            None if self.is_useless() => Receiver::None,
            Some(lookups) if lookups.has_failed() => Receiver::Missing(lookups),
            _ => Receiver::Present,
        }
    }

    /// Looks for a provider, if it is time to. Returns whether there is one that may record.
    pub(super) fn look_up(&self) -> bool {
        let Some(lookups) = &self.inner.lookups else {
            return !self.is_useless();
        };
        let Some(lookup) = lookups.begin_due() else {
            return !lookups.has_failed();
        };
        let is_found = !self.inner.source.tracer().is_noop();
        if !is_found {
            lookups.failed(lookup);
        }
        is_found
    }

    fn current(&self) -> Option<&dyn AnyTracer> {
        let Inner {
            source,
            lookups,
            tracer,
            ..
        } = &*self.inner;
        match lookups {
            Some(_) => tracer.get().map(|tracer| &**tracer),
            None => Some(&**tracer.get_or_init(|| source.tracer())),
        }
    }

    fn is_useless(&self) -> bool {
        self.inner.useless.load(Ordering::Relaxed)
    }

    /// Looks for a provider that starts the span, if it is time to.
    fn start_elsewhere(
        &self,
        parent: &Context,
        builder: impl FnOnce() -> SpanBuilder,
    ) -> Option<SpanInContext> {
        let lookups = self.inner.lookups.as_ref()?;
        let lookup = lookups.begin_due()?;
        let tracer = self.inner.source.tracer();
        let span = tracer.start(parent, builder());
        if span.is_some() {
            lookups.succeeded();
            let _ = self.inner.tracer.set(tracer);
        } else {
            lookups.failed(lookup);
            self.warn();
        }
        span
    }

    fn found_useless(&self) {
        self.inner.useless.store(true, Ordering::Relaxed);
        if let Some(lookups) = &self.inner.lookups {
            lookups.failed(Lookup::begin());
        }
        self.warn();
    }

    /// Warns, once, that there is no provider.
    fn warn(&self) {
        let silent = &self.inner.silent;
        if !silent.load(Ordering::Relaxed) && !is_off_on_purpose() && !silent.swap(true, Ordering::Relaxed) {
            warn_of_noop(self.inner.source.scope());
        }
    }
}

impl fmt::Debug for LazyTracer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LazyTracer").field(&self.inner.source).finish()
    }
}

fn warn_of_noop(scope: &InstrumentationScope) {
    otel_warn!(
        name: "throughline.noop_tracer",
        scope = scope.name().to_owned(),
        message = "This layer's tracer provider is a no-op, so it records no spans. Call \
                   throughline::telemetry::init or opentelemetry::global::set_tracer_provider before the \
                   first request, or give the layer a provider."
    );
}
