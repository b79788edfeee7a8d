//! The W3C headers, without layers.

use std::hint::black_box;

use http::HeaderMap;
use opentelemetry::Context;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry_http::{HeaderExtractor, HeaderInjector};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use throughline_propagation::{Propagator, W3cPropagator};

use super::client::caller;
use super::{Row, Section};
use throughline_bench_workload::{Exercise, Nothing, Repeated, incoming};

pub(super) fn sections() -> [Section; 2] {
    let ours = Propagator::from(W3cPropagator::new().with_baggage(false));
    let injecting = ours.clone();
    [
        Section {
            title: "Extract traceparent",
            rows: vec![
                Row::new("SDK's propagator", extract(TraceContextPropagator::new())),
                Row::new(
                    "W3cPropagator, same carrier",
                    extract(W3cPropagator::new().with_baggage(false)),
                ),
                Row::new(
                    "W3cPropagator, our carrier",
                    extracting(move |headers, cx| ours.extract(headers, cx)),
                ),
            ],
        },
        Section {
            title: "Inject traceparent",
            rows: vec![
                Row::new("SDK's propagator", inject(TraceContextPropagator::new())),
                Row::new(
                    "W3cPropagator, same carrier",
                    inject(W3cPropagator::new().with_baggage(false)),
                ),
                Row::new(
                    "W3cPropagator, our carrier",
                    injecting_into(move |cx, headers| injecting.inject(cx, headers)),
                ),
            ],
        },
    ]
}

fn extract(propagator: impl TextMapPropagator + 'static) -> impl Exercise {
    extracting(move |headers, cx| propagator.extract_with_context(cx, &HeaderExtractor(headers)))
}

fn extracting(extract: impl Fn(&HeaderMap, &Context) -> Context) -> impl Exercise {
    let request = incoming::<Nothing>(0);
    let empty = Context::new();
    Repeated::new(move || {
        black_box(extract(black_box(request.headers()), &empty));
    })
}

fn inject(propagator: impl TextMapPropagator + 'static) -> impl Exercise {
    injecting_into(move |cx, headers| propagator.inject_context(cx, &mut HeaderInjector(headers)))
}

fn injecting_into(inject: impl Fn(&Context, &mut HeaderMap)) -> impl Exercise {
    let mut headers = incoming::<Nothing>(0).headers().clone();
    let context = caller();
    Repeated::new(move || inject(black_box(&context), black_box(&mut headers)))
}
