//! Where a layer's tracer and instruments come from.
//!
//! A layer is given a provider, or takes the global one when it is first used. One that finds the global provider a
//! no-op says so once and then costs nothing: it does not call the tracer again.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use opentelemetry::global::{self, BoxedSpan, BoxedTracer, ObjectSafeTracerProvider};
use opentelemetry::metrics::{Meter, MeterProvider};
use opentelemetry::trace::{Span, SpanBuilder, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, InstrumentationScope, otel_warn};

type SharedTracerProvider = Arc<dyn ObjectSafeTracerProvider + Send + Sync>;
type SharedMeterProvider = Arc<dyn MeterProvider + Send + Sync>;

/// The tracer of a layer, resolved at the first span. Clones share it.
#[derive(Clone)]
pub struct LazyTracer {
    inner: Arc<TracerInner>,
}

struct TracerInner {
    scope: InstrumentationScope,
    given: Option<SharedTracerProvider>,
    tracer: OnceLock<BoxedTracer>,
    noop: AtomicBool,
}

impl LazyTracer {
    /// A tracer of the provider that is global when the first span is started.
    #[must_use]
    pub fn global(scope: InstrumentationScope) -> Self {
        Self::new(scope, None)
    }

    /// A tracer of this provider, for the same scope.
    #[must_use]
    pub fn with_provider<P, T, S>(&self, provider: P) -> Self
    where
        P: TracerProvider<Tracer = T> + Send + Sync + 'static,
        T: Tracer<Span = S> + Send + Sync + 'static,
        S: Span + Send + Sync + 'static,
    {
        Self::new(self.inner.scope.clone(), Some(Arc::new(provider)))
    }

    fn new(scope: InstrumentationScope, given: Option<SharedTracerProvider>) -> Self {
        let inner = TracerInner {
            scope,
            given,
            tracer: OnceLock::new(),
            noop: AtomicBool::new(false),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Starts a span under `parent`, or `None` where nothing would come of it: telemetry is suppressed in `parent`, or
    /// the provider is a no-op. Then `builder` is not called.
    ///
    /// The span of `Some` may still be sampled out: ask `is_recording`.
    pub fn start(&self, parent: &Context, builder: impl FnOnce() -> SpanBuilder) -> Option<BoxedSpan> {
        if parent.is_telemetry_suppressed() || self.inner.noop.load(Ordering::Relaxed) {
            return None;
        }
        let span = self.tracer().build_with_context(builder(), parent);
        let started = span.span_context();
        if !started.is_valid() || started.span_id() == parent.span().span_context().span_id() {
            self.found_noop();
            return None;
        }
        Some(span)
    }

    fn tracer(&self) -> &BoxedTracer {
        self.inner.tracer.get_or_init(|| match &self.inner.given {
            Some(provider) => BoxedTracer::new(provider.boxed_tracer(self.inner.scope.clone())),
            None => global::tracer_with_scope(self.inner.scope.clone()),
        })
    }

    /// A no-op tracer hands its parent's ids on, and one that is shut down has none; every other makes an id of its own,
    /// also for a span sampled out.
    fn found_noop(&self) {
        if !self.inner.noop.swap(true, Ordering::Relaxed) {
            otel_warn!(
                name: "throughline.noop_tracer",
                scope = self.inner.scope.name().to_owned(),
                message = "This layer's tracer provider is a no-op, so it records no spans. Call \
                           throughline::telemetry::init or opentelemetry::global::set_tracer_provider before the \
                           first request, or give the layer a provider."
            );
        }
    }
}

impl fmt::Debug for LazyTracer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let provider = if self.inner.given.is_some() {
            "given"
        } else {
            "global"
        };
        f.debug_struct("LazyTracer")
            .field("scope", &self.inner.scope.name())
            .field("provider", &provider)
            .finish_non_exhaustive()
    }
}

/// A layer's instruments, built at the first measurement. Clones share them.
pub struct LazyInstruments<I> {
    inner: Arc<InstrumentsInner<I>>,
}

struct InstrumentsInner<I> {
    scope: InstrumentationScope,
    given: Option<SharedMeterProvider>,
    build: fn(&Meter) -> I,
    built: OnceLock<I>,
}

impl<I> LazyInstruments<I> {
    /// Instruments of the provider that is global at the first measurement.
    #[must_use]
    pub fn global(scope: InstrumentationScope, build: fn(&Meter) -> I) -> Self {
        Self::new(scope, None, build)
    }

    /// Instruments of this provider, for the same scope.
    #[must_use]
    pub fn with_provider(&self, provider: impl MeterProvider + Send + Sync + 'static) -> Self {
        Self::new(
            self.inner.scope.clone(),
            Some(Arc::new(provider)),
            self.inner.build,
        )
    }

    fn new(scope: InstrumentationScope, given: Option<SharedMeterProvider>, build: fn(&Meter) -> I) -> Self {
        Self {
            inner: Arc::new(InstrumentsInner {
                scope,
                given,
                build,
                built: OnceLock::new(),
            }),
        }
    }

    /// The instruments, or `None` where telemetry is suppressed in `cx`.
    #[must_use]
    pub fn in_context(&self, cx: &Context) -> Option<&I> {
        (!cx.is_telemetry_suppressed()).then(|| self.built())
    }

    fn built(&self) -> &I {
        self.inner.built.get_or_init(|| {
            let scope = self.inner.scope.clone();
            let meter = match &self.inner.given {
                Some(provider) => provider.meter_with_scope(scope),
                None => global::meter_provider().meter_with_scope(scope),
            };
            (self.inner.build)(&meter)
        })
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

#[cfg(test)]
mod tests {
    use opentelemetry::trace::noop::NoopTracerProvider;
    use throughline_test_support::Recorder;

    use super::*;

    fn scope() -> InstrumentationScope {
        InstrumentationScope::builder("test").build()
    }

    #[test]
    fn noop_provider_is_asked_once() {
        let tracer = LazyTracer::global(scope()).with_provider(NoopTracerProvider::new());
        let mut built = 0;
        for _ in 0..3 {
            let span = tracer.start(&Context::new(), || {
                built += 1;
                SpanBuilder::from_name("x")
            });
            assert!(span.is_none(), "a no-op provider gives no span");
        }
        assert_eq!(
            built, 1,
            "once the provider is known to be a no-op, nothing is built for it"
        );
    }

    #[test]
    fn noop_provider_is_known_under_a_parent_too() {
        let recorder = Recorder::new();
        let parent = recorder.tracer_provider().tracer("parent").start("parent");
        let parent = Context::new().with_span(parent);
        let tracer = LazyTracer::global(scope()).with_provider(NoopTracerProvider::new());
        let span = tracer.start(&parent, || SpanBuilder::from_name("x"));
        assert!(
            span.is_none(),
            "a no-op tracer hands its parent's span context on"
        );
    }

    #[test]
    fn suppressed_context_starts_nothing() {
        let recorder = Recorder::new();
        let tracer = LazyTracer::global(scope()).with_provider(recorder.tracer_provider());
        let suppressed = Context::new().with_telemetry_suppressed();
        assert!(
            tracer
                .start(&suppressed, || SpanBuilder::from_name("x"))
                .is_none(),
            "suppressed"
        );
        assert!(
            tracer
                .start(&Context::new(), || SpanBuilder::from_name("x"))
                .is_some(),
            "not suppressed"
        );
    }

    #[test]
    fn provider_that_is_shut_down_hides_no_parent() {
        let provider = Recorder::new().tracer_provider();
        let tracer = LazyTracer::global(scope()).with_provider(provider.clone());
        provider.shutdown().expect("shut down");
        let parent = Recorder::new().tracer_provider().tracer("parent").start("parent");
        let parent = Context::new().with_span(parent);
        let span = tracer.start(&parent, || SpanBuilder::from_name("x"));
        assert!(span.is_none(), "a span without ids would break the trace");
    }

    #[test]
    fn sampled_out_span_is_not_taken_for_a_noop() {
        let recorder = Recorder::with_sampler(opentelemetry_sdk::trace::Sampler::AlwaysOff);
        let tracer = LazyTracer::global(scope()).with_provider(recorder.tracer_provider());
        for _ in 0..2 {
            let span = tracer.start(&Context::new(), || SpanBuilder::from_name("x"));
            assert!(
                span.is_some_and(|span| !span.is_recording()),
                "sampled out, yet with a context to pass on"
            );
        }
    }
}
