//! Runs each row 1000 times inside [`measured`], and prints its name and its allocations. The script `guard`
//! runs it under callgrind and compares the numbers with the recorded ones.

use std::hint::black_box;

use opentelemetry::Context;
use opentelemetry::metrics::noop::NoopMeterProvider;
use opentelemetry::trace::TraceContextExt;
use opentelemetry::trace::noop::NoopTracerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use throughline_bench_workload::{
    Allocated, Exercise, Nothing, Nowhere, Provider, TRACEPARENT, Trivial, browsers, calls, incoming,
    model_call, outgoing, random, with_tracestate, without_traceparent,
};
use throughline_llm_layer::LlmLayer;
use throughline_propagation::{TraceParent, W3cPropagator};
use throughline_tracing_layer::provider::BoundInstruments;
use throughline_tracing_layer::{ClientLayer, ServerLayer};
use tower_layer::Layer;

fn main() {
    let meters = SdkMeterProvider::builder().with_reader(Nowhere::reader()).build();
    let _bound = BoundInstruments::report(meters.clone());
    let parent = TraceParent::parse(TRACEPARENT.as_bytes()).expect("a valid header");
    let cx = Context::new().with_remote_span_context(parent.into());
    for (name, mut exercise) in rows(&meters) {
        let _entered = name.starts_with("client").then(|| cx.clone().attach());
        // First uses fill caches.
        for warm in [true, false] {
            exercise.prepare(TIMES);
            let before = Allocated::so_far();
            if warm {
                exercise.exercise();
            } else {
                measured(black_box(&mut *exercise));
                let allocated = Allocated::so_far() - before;
                println!("{name}\t{:.1}", allocated.blocks as f64 / TIMES as f64);
            }
        }
    }
}

/// The measured code runs in this function. The script refers to its name.
#[inline(never)]
fn measured(exercise: &mut dyn Exercise) {
    exercise.exercise();
    // Prevents a tail call, whose return the tool would not see.
    black_box(());
}

fn rows(meters: &SdkMeterProvider) -> Vec<(&'static str, Box<dyn Exercise>)> {
    let server = || ServerLayer::new().with_propagator(W3cPropagator::new());
    let client = || ClientLayer::new().with_propagator(W3cPropagator::new());
    let off = || {
        server()
            .with_tracer_provider(NoopTracerProvider::new())
            .with_meter_provider(NoopMeterProvider::new())
            .layer(Trivial)
    };
    let out = server()
        .with_tracer_provider(tracers(Sampler::AlwaysOff))
        .with_meter_provider(meters.clone());
    let spans = || server().with_tracer_provider(tracers(Sampler::AlwaysOn));
    let both = || spans().with_meter_provider(meters.clone());
    let only_spans = spans().with_meter_provider(NoopMeterProvider::new());
    let client_off = client()
        .with_tracer_provider(NoopTracerProvider::new())
        .with_meter_provider(NoopMeterProvider::new());
    let client_on = client()
        .with_tracer_provider(tracers(Sampler::AlwaysOn))
        .with_meter_provider(meters.clone());
    let model_off = LlmLayer::new()
        .with_tracer_provider(NoopTracerProvider::new())
        .with_meter_provider(NoopMeterProvider::new());
    let model_on = LlmLayer::new()
        .with_tracer_provider(tracers(Sampler::AlwaysOn))
        .with_meter_provider(meters.clone());
    vec![
        (
            "server off",
            Box::new(calls(off(), without_traceparent::<Nothing>)),
        ),
        (
            "server off, traceparent",
            Box::new(calls(off(), incoming::<Nothing>)),
        ),
        (
            "server sampled out",
            Box::new(calls(out.layer(Trivial), incoming::<Nothing>)),
        ),
        (
            "server, span",
            Box::new(calls(only_spans.layer(Trivial), incoming::<Nothing>)),
        ),
        (
            "server, span and metrics",
            Box::new(calls(both().layer(Trivial), incoming::<Nothing>)),
        ),
        (
            "server, span, metrics and body sizes",
            Box::new(calls(
                both().with_body_sizes(true).layer(Trivial),
                incoming::<Nothing>,
            )),
        ),
        (
            "server, random flag",
            Box::new(calls(both().layer(Trivial), random)),
        ),
        (
            "server behind a proxy",
            Box::new(calls(both().layer(Trivial), browsers)),
        ),
        (
            "server, random flag and tracestate",
            Box::new(calls(both().layer(Trivial), with_tracestate)),
        ),
        (
            "client off",
            Box::new(calls(client_off.clone().layer(Trivial), outgoing)),
        ),
        (
            "client, span and metrics",
            Box::new(calls(client_on.clone().layer(Trivial), outgoing)),
        ),
        (
            "model call off",
            Box::new(calls(model_off.layer(client_off.layer(Provider)), model_call)),
        ),
        (
            "model call, span and metrics",
            Box::new(calls(model_on.layer(client_on.layer(Provider)), model_call)),
        ),
    ]
}

fn tracers(sampler: Sampler) -> SdkTracerProvider {
    SdkTracerProvider::builder()
        .with_sampler(sampler)
        .with_span_processor(Nowhere)
        .build()
}

const TIMES: usize = 1000;
