//! Which spans a layer's tracer starts, with which provider.

use opentelemetry::trace::noop::NoopTracerProvider;
use opentelemetry::trace::{
    SpanBuilder, SpanContext, TraceContextExt, TraceFlags, TraceState, Tracer, TracerProvider,
};
use opentelemetry::{Context, InstrumentationScope};
use opentelemetry_sdk::trace::Sampler;
use throughline_test_support::Recorder;

use super::{LazyInstruments, LazyTracer, is_off};

fn scope() -> InstrumentationScope {
    InstrumentationScope::builder("test").build()
}

#[test]
fn noop_provider_is_looked_up_once() {
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
    assert_eq!(names, ["x", "x"], "a lookup leaves no span");
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
    let recorder = Recorder::with_sampler(Sampler::AlwaysOff);
    let tracer = LazyTracer::global(scope()).with_provider(recorder.tracer_provider());
    for _ in 0..2 {
        let span = tracer.start(&Context::new(), || SpanBuilder::from_name("x"));
        assert!(
            span.is_some_and(|span| !span.is_recording),
            "sampled out, yet with a context to pass on"
        );
    }
}

/// Every exchange used to be observed that began while the ones before had not ended, since only their ends
/// looked for a provider of instruments.
#[test]
fn exchange_is_not_observed_to_find_a_provider() {
    let tracer = LazyTracer::following(scope());
    let instruments = LazyInstruments::global(scope(), |meter| meter.u64_counter("test").build());
    let is_off = || is_off(Some(&tracer), Some(&instruments));
    assert!(!is_off(), "no provider was looked for");
    assert!(
        tracer
            .start(&Context::new(), || SpanBuilder::from_name("x"))
            .is_none(),
        "no provider"
    );
    assert!(instruments.in_context(&Context::new()).is_none(), "no provider");
    // The first lookups are done at every use, and each of these exchanges is one.
    for _ in 0..3 {
        assert!(is_off(), "the lookup found none");
    }
}

#[test]
fn a_span_is_in_the_context_that_is_returned() {
    let recorder = Recorder::with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOn)));
    let tracer = LazyTracer::global(scope()).with_provider(recorder.tracer_provider());
    let remote = |flags| {
        let ids = SpanContext::new(1_u128.into(), 2_u64.into(), flags, true, TraceState::NONE);
        Context::new().with_remote_span_context(ids).with_value("a value")
    };
    for (flags, is_sampled) in [(TraceFlags::SAMPLED, true), (TraceFlags::NOT_SAMPLED, false)] {
        let started = tracer.start(&remote(flags), || SpanBuilder::from_name("x"));
        let started = started.expect("a provider");
        assert_eq!(started.is_recording, is_sampled, "{flags:?}: recording");
        let span = started.context.span();
        assert_eq!(
            span.is_recording(),
            is_sampled,
            "{flags:?}: recording, as its context says"
        );
        let ids = span.span_context();
        assert_eq!(
            ids.trace_id(),
            1_u128.into(),
            "{flags:?}: the trace of its parent"
        );
        assert!(
            ids.span_id() != 2_u64.into() && !ids.is_remote(),
            "{flags:?}: {ids:?} is its own"
        );
        assert_eq!(ids.is_sampled(), is_sampled, "{flags:?}: sampled");
        assert_eq!(
            started.context.get(),
            Some(&"a value"),
            "{flags:?}: all else of the context"
        );
        drop(started);
    }
    assert_eq!(recorder.spans().len(), 1, "the one that is sampled");
}
