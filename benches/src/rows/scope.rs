//! Nested scopes of agents and tools, without work in the innermost scope.

use std::hint::black_box;
use std::time::Instant;

use opentelemetry::global::{BoxedTracer, ObjectSafeTracerProvider};
use opentelemetry::metrics::noop::NoopMeterProvider;
use opentelemetry::metrics::{Histogram, MeterProvider};
use opentelemetry::trace::noop::NoopTracerProvider;
use opentelemetry::trace::{SpanBuilder, TraceContextExt, Tracer};
use opentelemetry::{Context, InstrumentationScope, KeyValue};
use throughline_agents::scope::{Scope, request};
use throughline_agents::{agent, tool};

use super::client::caller;
use super::{Row, Section};
use crate::telemetry::Sdk;
use throughline_bench_workload::{Exercise, Repeated};

pub(super) fn sections(sdk: &Sdk) -> Vec<Section> {
    let one = Section {
        title: "A scope, sampled",
        rows: vec![
            Row::new("raw API, span + metrics", floor(sdk, 1)),
            Row::new("agent, span + metrics", nested(|| agent("Planner"), 1)),
            Row::new("agent, span only", nested(without_metrics(agent("Planner")), 1)),
            Row::new("tool, span + metrics", nested(|| tool("search"), 1)),
            Row::new("request", nested(request, 1)),
        ],
    };
    let deep = |title, depth| Section {
        title,
        rows: vec![
            Row::new("raw API, span + metrics", floor(sdk, depth)),
            Row::new("agents, span + metrics", nested(|| agent("Planner"), depth)),
        ],
    };
    vec![
        off(),
        sampled_out(sdk),
        one,
        deep("3 scopes, sampled", 3),
        deep("8 scopes, sampled", 8),
    ]
    .into_iter()
    .map(|section| Section {
        rows: section.rows.into_iter().map(in_caller).collect(),
        ..section
    })
    .collect()
}

fn in_caller(row: Row) -> Row {
    row.in_context(caller())
}

fn off() -> Section {
    let noop = without_metrics(agent("Planner").with_tracer_provider(NoopTracerProvider::new()));
    let deep = noop.clone();
    Section {
        title: "Scopes, no SDK",
        rows: vec![
            Row::new("a context with a value, attached", Repeated::new(value)),
            Row::new("agent", nested(noop, 1)),
            Row::new("agents, 8 deep", nested(deep, 8)),
        ],
    }
}

fn sampled_out(sdk: &Sdk) -> Section {
    Section {
        title: "A scope, sampled out",
        rows: vec![
            Row::new("raw API, span + metrics", floor(sdk, 1)).sampled_out(),
            Row::new("agent, span + metrics", nested(|| agent("Planner"), 1)).sampled_out(),
        ],
    }
}

fn without_metrics(scope: Scope) -> impl Fn() -> Scope + Clone + 'static {
    let scope = scope.with_meter_provider(NoopMeterProvider::new());
    move || scope.clone()
}

fn nested(scope: impl Fn() -> Scope + 'static, depth: usize) -> impl Exercise {
    fn enter(scope: &impl Fn() -> Scope, depth: usize) {
        if depth > 0 {
            let running = scope().start();
            let attached = running.attach();
            enter(scope, depth - 1);
            drop(attached);
        }
    }
    Repeated::new(move || enter(&scope, black_box(depth)))
}

/// The cost of a value in the context, which every scope needs.
fn value() {
    struct Value;
    drop(black_box(Context::current_with_value(Value)).attach());
}

/// The same spans and metrics in straight-line code.
fn floor(sdk: &Sdk, depth: usize) -> impl Exercise + use<> {
    let floor = Floor::new(sdk);
    Repeated::new(move || floor.enter(black_box(depth)))
}

struct Floor {
    tracer: BoxedTracer,
    duration: Histogram<f64>,
    calls: [Histogram<u64>; 2],
}

impl Floor {
    fn new(sdk: &Sdk) -> Self {
        let scope = InstrumentationScope::builder("floor").build();
        let meter = sdk.meters.meter_with_scope(scope.clone());
        Self {
            tracer: BoxedTracer::new(sdk.tracers.boxed_tracer(scope)),
            duration: meter.f64_histogram("agent.duration").build(),
            calls: ["agent.calls", "agent.tools"].map(|name| meter.u64_histogram(name).build()),
        }
    }

    fn enter(&self, depth: usize) {
        if depth == 0 {
            return;
        }
        let began = Instant::now();
        let name = [KeyValue::new("gen_ai.agent.name", "Planner")];
        let operation = KeyValue::new("gen_ai.operation.name", "invoke_agent");
        let builder =
            SpanBuilder::from_name("invoke_agent Planner").with_attributes([name[0].clone(), operation]);
        let parent = Context::current();
        let context = parent.with_span(self.tracer.build_with_context(builder, &parent));
        let attached = context.clone().attach();
        self.enter(depth - 1);
        drop(attached);
        self.duration.record(began.elapsed().as_secs_f64(), &name);
        for calls in &self.calls {
            calls.record(0, &name);
        }
        context.span().end();
    }
}
