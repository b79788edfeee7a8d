//! Client layers over a trivial service.

use http::{Request, Response};
use http_body::Body;
use opentelemetry::Context;
use opentelemetry::metrics::MeterProvider;
use opentelemetry::metrics::noop::NoopMeterProvider;
use opentelemetry::trace::TraceContextExt;
use opentelemetry::trace::noop::NoopTracerProvider;
use throughline_propagation::{TraceParent, W3cPropagator};
use throughline_tracing_layer::ClientLayer;
use tower_layer::Layer;
use tower_otel::{metrics, trace};
use tower_service::Service;
use tracing::Level;

use super::{Row, Section};
use crate::floor::{Extent, Floor};
use crate::telemetry::Sdk;
use throughline_bench_workload::{Calls, Exercise, Nothing, TRACEPARENT, Trivial, calls, outgoing};

pub(super) fn sections(sdk: &Sdk) -> Vec<Section> {
    vec![off(), sampled_out(sdk), sampled(sdk)]
}

fn off() -> Section {
    let ours = || ClientLayer::new().with_propagator(W3cPropagator::new());
    let noop = ours()
        .with_tracer_provider(NoopTracerProvider::new())
        .with_meter_provider(NoopMeterProvider::new());
    Section {
        title: "Client, telemetry off",
        rows: vec![
            Row::new("the service alone", calls(Trivial, outgoing)),
            Row::new("ClientLayer, suppressed", over(&ours()))
                .in_context(Context::new().with_telemetry_suppressed()),
            Row::new("ClientLayer, no-op providers, no trace", over(&noop)),
            Row::new("ClientLayer, no-op providers", over(&noop)).in_context(caller()),
        ],
    }
}

fn sampled_out(sdk: &Sdk) -> Section {
    let rows = vec![
        Row::new("raw API, span + metrics", floor(sdk, Extent::SpanAndMetrics)),
        Row::new("ClientLayer, span + metrics", over(&ours(sdk))),
        Row::new(
            "tower-otel, span + metrics",
            over(&(tower_otel(), tower_otel_metrics(sdk))),
        ),
        Row::new("tower-otel, span only", over(&tower_otel())),
    ];
    Section {
        title: "Client, sampled out",
        rows: rows
            .into_iter()
            .map(|row| row.sampled_out().in_context(caller()))
            .collect(),
    }
}

fn sampled(sdk: &Sdk) -> Section {
    let rows = vec![
        Row::new("raw API, span + metrics", floor(sdk, Extent::SpanAndMetrics)),
        Row::new("ClientLayer, span + metrics", over(&ours(sdk))),
        Row::new(
            "ClientLayer, with body sizes",
            over(&ours(sdk).with_body_sizes(true)),
        ),
        Row::new(
            "ClientLayer, span only",
            over(&ours(sdk).with_meter_provider(NoopMeterProvider::new())),
        ),
        Row::new(
            "tower-otel, span + metrics",
            over(&(tower_otel(), tower_otel_metrics(sdk))),
        ),
        Row::new("tower-otel, span only", over(&tower_otel())),
    ];
    Section {
        title: "Client, sampled",
        rows: rows.into_iter().map(|row| row.in_context(caller())).collect(),
    }
}

fn floor(sdk: &Sdk, extent: Extent) -> impl Exercise + use<> {
    let floor = Floor::new(sdk, extent);
    Calls::new(move |request| floor.send(request), outgoing)
}

/// Wraps the trivial service in the layer.
fn over<L, B>(layer: &L) -> impl Exercise + use<L, B>
where
    L: Layer<Trivial, Service: Service<Request<Nothing>, Response = Response<B>>>,
    B: Body,
{
    calls(layer.layer(Trivial), outgoing)
}

pub(super) fn ours(sdk: &Sdk) -> ClientLayer {
    ClientLayer::new()
        .with_propagator(W3cPropagator::new())
        .with_tracer_provider(sdk.tracers.clone())
        .with_meter_provider(sdk.meters.clone())
}

pub(super) fn tower_otel() -> trace::HttpLayer {
    trace::HttpLayer::client(Level::INFO)
}

fn tower_otel_metrics(sdk: &Sdk) -> metrics::HttpLayer {
    metrics::HttpLayer::client(&sdk.meters.meter("tower-otel"))
}

/// The context in which requests are sent, that of a request in progress.
pub(super) fn caller() -> Context {
    let parent = TraceParent::parse(TRACEPARENT.as_bytes()).expect("valid");
    Context::new().with_remote_span_context(parent.into())
}
