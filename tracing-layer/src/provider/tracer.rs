//! The tracer of a layer.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use opentelemetry::global::{BoxedSpan, BoxedTracer};
use opentelemetry::trace::{Span, SpanBuilder, Tracer, TracerProvider};
use opentelemetry::{Context, InstrumentationScope, otel_warn};

use super::asking::Asking;
use super::noop;
use super::source::{Source, TracerSource};

/// The tracer of a layer, resolved at the first span. Clones share it.
#[derive(Clone)]
pub struct LazyTracer {
    inner: Arc<Inner>,
}

struct Inner {
    source: TracerSource,
    /// When to look for a provider again. Without it the first is taken for good.
    asking: Option<Asking>,
    tracer: OnceLock<BoxedTracer>,
    /// Whether the tracer that is tracer starts nothing: it is a no-op, or has been shut down.
    useless: AtomicBool,
}

impl LazyTracer {
    /// A tracer of the provider that is global when the first span is started.
    #[must_use]
    pub fn global(scope: InstrumentationScope) -> Self {
        Self::new(Source::global(scope), None)
    }

    /// A tracer of the global provider that asks again for as long as that is a no-op, and once more when it has been
    /// shut down; so it may be used before the provider is set.
    ///
    /// A provider that records is tracer until it is shut down; the first span after that is lost in finding out. While
    /// there is none, it is looked for at each of the first 1,000 spans, then once a millisecond: a span costs a look at
    /// the clock, and one in a millisecond an allocation.
    ///
    /// ```standalone_crate
    /// use opentelemetry::trace::SpanBuilder;
    /// use opentelemetry::{Context, InstrumentationScope, global};
    /// use opentelemetry_sdk::trace::SdkTracerProvider;
    /// use throughline_tracing_layer::provider::LazyTracer;
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
        Self::new(Source::global(scope), Some(Asking::default()))
    }

    /// A tracer of this provider, for the same scope.
    #[must_use]
    pub fn with_provider<P, T, S>(&self, provider: P) -> Self
    where
        P: TracerProvider<Tracer = T> + Send + Sync + 'static,
        T: Tracer<Span = S> + Send + Sync + 'static,
        S: Span + Send + Sync + 'static,
    {
        Self::new(self.inner.source.with_provider(Arc::new(provider)), None)
    }

    fn new(source: TracerSource, asking: Option<Asking>) -> Self {
        Self {
            inner: Arc::new(Inner {
                source,
                asking,
                tracer: OnceLock::new(),
                useless: AtomicBool::new(false),
            }),
        }
    }

    /// Starts a span under `parent`, or `None` where nothing would come of it: telemetry is suppressed in `parent`, or
    /// the provider is a no-op. Once that is known, `builder` is not called.
    ///
    /// The span of `Some` may still be sampled out: ask `is_recording`.
    #[inline]
    pub fn start(&self, parent: &Context, builder: impl FnOnce() -> SpanBuilder) -> Option<BoxedSpan> {
        if parent.is_telemetry_suppressed() {
            return None;
        }
        let Some(tracer) = self.current().filter(|_| !self.is_useless()) else {
            return self.start_elsewhere(parent, builder);
        };
        let span = noop::start(tracer, parent, builder);
        if span.is_none() {
            self.found_useless();
        }
        span
    }

    /// Whether no provider would get the next span. A provider that was shut down counts until a span has found it out.
    ///
    /// Until a first span has found a provider, it is asked with a span that none records: a few allocations.
    #[must_use]
    pub fn is_noop(&self) -> bool {
        match (self.inner.tracer.get(), &self.inner.asking) {
            (None, _) => noop::is_noop_tracer(&self.inner.source.tracer()),
            (Some(_), None) => self.is_useless(),
            (Some(_), Some(asking)) => self.is_useless() && asking.was_in_vain(),
        }
    }

    fn current(&self) -> Option<&BoxedTracer> {
        let Inner {
            source,
            asking,
            tracer,
            ..
        } = &*self.inner;
        match asking {
            Some(_) => tracer.get(),
            None => Some(tracer.get_or_init(|| source.tracer())),
        }
    }

    fn is_useless(&self) -> bool {
        self.inner.useless.load(Ordering::Relaxed)
    }

    /// Looks for a provider that starts the span, if it is time to.
    fn start_elsewhere(&self, parent: &Context, builder: impl FnOnce() -> SpanBuilder) -> Option<BoxedSpan> {
        let asking = self.inner.asking.as_ref().filter(|asking| asking.is_due())?;
        let tracer = self.inner.source.tracer();
        let span = noop::start(&tracer, parent, builder);
        if span.is_some() {
            asking.found();
            let _ = self.inner.tracer.set(tracer);
        } else {
            asking.in_vain();
        }
        span
    }

    fn found_useless(&self) {
        let was_useless = self.inner.useless.swap(true, Ordering::Relaxed);
        match &self.inner.asking {
            Some(asking) => asking.in_vain(),
            None if was_useless => {}
            None => warn_of_noop(self.inner.source.scope()),
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
