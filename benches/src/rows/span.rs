//! Manual spans, with the helpers and with the raw API.

use std::hint::black_box;

use opentelemetry::trace::{SpanBuilder, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, KeyValue};
use throughline_tracing_layer::span::{record_span_event, set_span_attribute, trace_span};

use super::client::caller;
use super::{Row, Section};
use crate::telemetry::Sdk;
use throughline_bench_workload::{Exercise, Repeated};

pub(super) fn sections(sdk: &Sdk) -> [Section; 2] {
    [
        Section {
            title: "A span with three attributes",
            rows: vec![
                Row::new("raw API, made current", raw(sdk)).in_context(caller()),
                Row::new("trace_span", helper()).in_context(caller()),
                Row::new("trace_span, sampled out", helper())
                    .sampled_out()
                    .in_context(caller()),
            ],
        },
        Section {
            title: "A helper call",
            rows: vec![
                Row::new("set_span_attribute, no span", attribute()),
                Row::new("record_span_event, no span", event()),
                Row::new("set_span_attribute, a remote span", attribute()).in_context(caller()),
            ],
        },
    ]
}

fn attributes() -> [KeyValue; 3] {
    [
        KeyValue::new("node.id", 42),
        KeyValue::new("node.kind", "model"),
        KeyValue::new("node.share", 0.5),
    ]
}

fn raw(sdk: &Sdk) -> impl Exercise + use<> {
    let tracer = sdk.tracers.tracer("floor");
    Repeated::new(move || {
        let span = SpanBuilder::from_name("node").with_attributes(attributes());
        let span = tracer.build_with_context(span, &Context::current());
        let _current = Context::current_with_span(span).attach();
    })
}

fn helper() -> impl Exercise {
    Repeated::new(|| drop(black_box(trace_span("node", attributes()))))
}

fn attribute() -> impl Exercise {
    Repeated::new(|| set_span_attribute("node.id", black_box(42)))
}

fn event() -> impl Exercise {
    Repeated::new(|| record_span_event("happened", [KeyValue::new("node.id", black_box(42))]))
}
