//! Server layers over a trivial service.

use http::{Request, Response};
use http_body::Body;
use opentelemetry::Context;
use opentelemetry::metrics::MeterProvider;
use opentelemetry::metrics::noop::NoopMeterProvider;
use opentelemetry::trace::noop::NoopTracerProvider;
use opentelemetry_instrumentation_tower::http::server::{self, LayerBuilder};
use throughline_propagation::W3cPropagator;
use throughline_tracing_layer::ServerLayer;
use tower_http::classify::{ServerErrorsAsFailures, SharedClassifier};
use tower_http::trace::{DefaultMakeSpan, TraceLayer};
use tower_layer::Layer;
use tower_otel::{metrics, trace};
use tower_service::Service;
use tracing::{Dispatch, Level};

use super::{Row, Section};
use crate::floor::{Extent, Floor};
use crate::telemetry::Sdk;
use crate::workload::{Calls, Exercise, Nothing, Trivial, calls, incoming, without_traceparent};

pub(super) fn sections(sdk: &Sdk) -> Vec<Section> {
    vec![off(), sampled_out(sdk), spans(sdk), spans_and_metrics(sdk)]
}

fn off() -> Section {
    let ours = || ServerLayer::new().with_propagator(W3cPropagator::new());
    let noop = || {
        ours()
            .with_tracer_provider(NoopTracerProvider::new())
            .with_meter_provider(NoopMeterProvider::new())
    };
    let contrib = LayerBuilder::builder().with_tracing(false).with_metrics(false);
    let suppressed = Context::new().with_telemetry_suppressed();
    let none = Dispatch::none;
    Section {
        title: "Server, telemetry off",
        rows: vec![
            Row::new("the service alone", calls(Trivial, incoming::<Nothing>)),
            Row::new("ServerLayer, suppressed", over(&ours())).in_context(suppressed),
            Row::new(
                "ServerLayer, no-op providers, no traceparent",
                calls(noop().layer(Trivial), without_traceparent::<Nothing>),
            ),
            Row::new("ServerLayer, no-op providers", over(&noop())),
            Row::new(
                "instrumentation-tower, no-op providers",
                over(&contrib.build().expect("a layer")),
            ),
            Row::new("axum-tracing-opentelemetry, no subscriber", over(&bridged())).with_dispatch(none()),
            Row::new("tower-otel trace, no subscriber", over(&tower_otel())).with_dispatch(none()),
            Row::new("tower-http trace, no subscriber", over(&tower_http())).with_dispatch(none()),
        ],
    }
}

fn sampled_out(sdk: &Sdk) -> Section {
    let rows = vec![
        Row::new("raw API, span + metrics", floor(sdk, Extent::SpanAndMetrics)),
        Row::new("ServerLayer, span + metrics", over(&ours(sdk))),
        Row::new(
            "ServerLayer, span only",
            over(&ours(sdk).with_meter_provider(NoopMeterProvider::new())),
        ),
        Row::new("instrumentation-tower, span + metrics", over(&contrib(true))),
        Row::new("instrumentation-tower, span only", over(&contrib(false))),
        Row::new("axum-tracing-opentelemetry, span only", over(&bridged())),
        Row::new(
            "tower-otel, span + metrics",
            over(&(tower_otel(), tower_otel_metrics(sdk))),
        ),
        Row::new("tower-otel, span only", over(&tower_otel())),
        Row::new("tower-http trace, span only", over(&tower_http())),
    ];
    Section {
        title: "Server, sampled out",
        rows: rows.into_iter().map(Row::sampled_out).collect(),
    }
}

fn spans(sdk: &Sdk) -> Section {
    Section {
        title: "Server, sampled, span only",
        rows: vec![
            Row::new("raw API", floor(sdk, Extent::Span)),
            Row::new(
                "ServerLayer",
                over(&ours(sdk).with_meter_provider(NoopMeterProvider::new())),
            ),
            Row::new("instrumentation-tower", over(&contrib(false))),
            Row::new("axum-tracing-opentelemetry", over(&bridged())),
            Row::new("tower-otel", over(&tower_otel())),
            Row::new("tower-otel, with the body", over(&tower_otel().trace_body())),
            Row::new("tower-http trace", over(&tower_http())),
        ],
    }
}

fn spans_and_metrics(sdk: &Sdk) -> Section {
    Section {
        title: "Server, sampled, span + metrics",
        rows: vec![
            Row::new("raw API", floor(sdk, Extent::SpanAndMetrics)),
            Row::new(
                "raw API, all that ServerLayer can record",
                floor(sdk, Extent::Same),
            ),
            Row::new("ServerLayer", over(&ours(sdk))),
            Row::new(
                "ServerLayer, with body sizes",
                over(&ours(sdk).with_body_sizes(true)),
            ),
            Row::new("instrumentation-tower", over(&contrib(true))),
            Row::new("tower-otel", over(&(tower_otel(), tower_otel_metrics(sdk)))),
        ],
    }
}

fn floor(sdk: &Sdk, extent: Extent) -> impl Exercise + use<> {
    let floor = Floor::new(sdk, extent);
    Calls::new(move |request| floor.serve(request), incoming::<Nothing>)
}

/// Wraps the trivial service in the layer.
fn over<L, B>(layer: &L) -> impl Exercise + use<L, B>
where
    L: Layer<Trivial, Service: Service<Request<Nothing>, Response = Response<B>>>,
    B: Body,
{
    calls(layer.layer(Trivial), incoming::<Nothing>)
}

pub(super) fn ours(sdk: &Sdk) -> ServerLayer {
    ServerLayer::new()
        .with_propagator(W3cPropagator::new())
        .with_tracer_provider(sdk.tracers.clone())
        .with_meter_provider(sdk.meters.clone())
}

pub(super) fn contrib(metrics: bool) -> server::Layer {
    LayerBuilder::builder()
        .with_metrics(metrics)
        .build()
        .expect("a layer")
}

pub(super) fn bridged() -> axum_tracing_opentelemetry::middleware::OtelAxumLayer {
    axum_tracing_opentelemetry::middleware::OtelAxumLayer::default()
}

pub(super) fn tower_otel() -> trace::HttpLayer {
    trace::HttpLayer::server(Level::INFO)
}

pub(super) fn tower_otel_metrics(sdk: &Sdk) -> metrics::HttpLayer {
    metrics::HttpLayer::server(&sdk.meters.meter("tower-otel"))
}

pub(super) fn tower_http() -> TraceLayer<SharedClassifier<ServerErrorsAsFailures>> {
    TraceLayer::new_for_http().make_span_with(DefaultMakeSpan::new().level(Level::INFO))
}
