//! The tracer of a layer.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use opentelemetry::global::{self, BoxedSpan, BoxedTracer, ObjectSafeTracerProvider};
use opentelemetry::trace::{
    Span, SpanBuilder, SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer,
    TracerProvider,
};
use opentelemetry::{Context, InstrumentationScope, otel_warn};

use crate::asking::Asking;

type SharedTracerProvider = Arc<dyn ObjectSafeTracerProvider + Send + Sync>;

/// The tracer of a layer, resolved at the first span. Clones share it.
#[derive(Clone)]
pub struct LazyTracer {
    inner: Arc<TracerInner>,
}

struct TracerInner {
    scope: InstrumentationScope,
    given: Option<SharedTracerProvider>,
    asking: Option<Asking>,
    tracer: OnceLock<BoxedTracer>,
    noop: AtomicBool,
}

impl LazyTracer {
    /// A tracer of the provider that is global when the first span is started.
    #[must_use]
    pub fn global(scope: InstrumentationScope) -> Self {
        Self::new(scope, None, None)
    }

    /// A tracer of the global provider that asks again for as long as that is a no-op, and once more when it has been
    /// shut down; so it may be used before the provider is set.
    ///
    /// A provider that records is kept until it is shut down; the first span after that is lost in finding out. While
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
        Self::new(scope, None, Some(Asking::default()))
    }

    /// A tracer of this provider, for the same scope.
    #[must_use]
    pub fn with_provider<P, T, S>(&self, provider: P) -> Self
    where
        P: TracerProvider<Tracer = T> + Send + Sync + 'static,
        T: Tracer<Span = S> + Send + Sync + 'static,
        S: Span + Send + Sync + 'static,
    {
        Self::new(self.inner.scope.clone(), Some(Arc::new(provider)), None)
    }

    fn new(scope: InstrumentationScope, given: Option<SharedTracerProvider>, asking: Option<Asking>) -> Self {
        let inner = TracerInner {
            scope,
            given,
            asking,
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
        if parent.is_telemetry_suppressed() {
            return None;
        }
        if let Some(asking) = &self.inner.asking {
            return self.start_or_ask(asking, parent, builder);
        }
        if self.inner.noop.load(Ordering::Relaxed) {
            return None;
        }
        let span = started(self.tracer(), parent, builder);
        if span.is_none() {
            self.found_noop();
        }
        span
    }

    /// Whether no provider would get the next span. A provider that was shut down counts until a span has found it out.
    ///
    /// Until a first span has found a provider, it is asked with a span that none records: a few allocations.
    #[must_use]
    pub fn is_noop(&self) -> bool {
        let known = self.inner.noop.load(Ordering::Relaxed);
        match (self.inner.tracer.get(), &self.inner.asking) {
            (None, _) => echoes(&self.resolve()),
            (Some(_), None) => known,
            (Some(_), Some(asking)) => known && asking.was_in_vain(),
        }
    }

    /// Here `noop` says that the tracer that was kept has been shut down.
    fn start_or_ask(
        &self,
        asking: &Asking,
        parent: &Context,
        builder: impl FnOnce() -> SpanBuilder,
    ) -> Option<BoxedSpan> {
        if let Some(kept) = self
            .inner
            .tracer
            .get()
            .filter(|_| !self.inner.noop.load(Ordering::Relaxed))
        {
            let span = started(kept, parent, builder);
            if span.is_none() {
                self.inner.noop.store(true, Ordering::Relaxed);
                asking.in_vain();
            }
            return span;
        }
        if !asking.is_due() {
            return None;
        }
        let tracer = self.resolve();
        let span = started(&tracer, parent, builder);
        if span.is_some() {
            asking.found();
            let _ = self.inner.tracer.set(tracer);
        } else {
            asking.in_vain();
        }
        span
    }

    fn resolve(&self) -> BoxedTracer {
        match &self.inner.given {
            Some(provider) => BoxedTracer::new(provider.boxed_tracer(self.inner.scope.clone())),
            None => global::tracer_with_scope(self.inner.scope.clone()),
        }
    }

    fn tracer(&self) -> &BoxedTracer {
        self.inner.tracer.get_or_init(|| self.resolve())
    }

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

/// A no-op tracer hands its parent's ids on, and one that is shut down has none; every other makes an id of its own, also
/// for a span sampled out.
fn started(
    tracer: &BoxedTracer,
    parent: &Context,
    builder: impl FnOnce() -> SpanBuilder,
) -> Option<BoxedSpan> {
    let span = tracer.build_with_context(builder(), parent);
    let started = span.span_context();
    let own = started.is_valid() && started.span_id() != parent.span().span_context().span_id();
    own.then_some(span)
}

/// Whether the tracer is a no-op: that hands on the ids even of a context in which the others start nothing.
fn echoes(tracer: &BoxedTracer) -> bool {
    let ids = SpanContext::new(
        TraceId::from(1),
        SpanId::from(1),
        TraceFlags::NOT_SAMPLED,
        true,
        TraceState::NONE,
    );
    let parent = Context::new()
        .with_remote_span_context(ids)
        .with_telemetry_suppressed();
    let span = tracer.build_with_context(SpanBuilder::from_name("probe"), &parent);
    span.span_context().span_id() == parent.span().span_context().span_id()
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
    fn noop_is_known_before_and_after_the_first_span() {
        let recorder = Recorder::new();
        let noop = LazyTracer::global(scope()).with_provider(NoopTracerProvider::new());
        let real = LazyTracer::global(scope()).with_provider(recorder.tracer_provider());
        for _ in 0..2 {
            assert!(noop.is_noop(), "a no-op provider");
            assert!(!real.is_noop(), "a real provider");
            for tracer in [&noop, &real] {
                drop(tracer.start(&Context::new(), || SpanBuilder::from_name("x")));
            }
        }
        let names: Vec<_> = recorder.spans().into_iter().map(|span| span.name).collect();
        assert_eq!(names, ["x", "x"], "asking leaves no span");
    }

    #[test]
    fn provider_that_is_shut_down_starts_nothing() {
        let recorder = Recorder::new();
        let parent = recorder.tracer_provider().tracer("parent").start("parent");
        let parent = Context::new().with_span(parent);
        let tracer = LazyTracer::global(scope()).with_provider(recorder.tracer_provider());
        assert!(recorder.tracer_provider().shutdown().is_ok(), "shut down");
        let span = tracer.start(&parent, || SpanBuilder::from_name("x"));
        assert!(span.is_none(), "its span has no ids to pass on");
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
