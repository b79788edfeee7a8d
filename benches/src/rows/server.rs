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
use throughline_bench_workload::{
    Broken, Calls, Exercise, Nothing, Silent, Trivial, browsers, call, calls, cancelled, incoming,
    over_http2, posted, random, with_tracestate, without_traceparent,
};

pub(super) fn sections(sdk: &Sdk) -> Vec<Section> {
    vec![
        off(),
        sampled_out(sdk),
        spans(sdk),
        spans_and_metrics(sdk),
        behind_a_proxy(sdk),
        trace_contexts(sdk),
        other_exchanges(sdk),
        two_threads(sdk),
    ]
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
                "raw API, with body sizes",
                floor(sdk, Extent::SpanMetricsAndSizes),
            ),
            Row::new("ServerLayer", over(&ours(sdk))),
            Row::new(
                "ServerLayer, with body sizes",
                over(&ours(sdk).with_body_sizes(true)),
            ),
            Row::new(
                "ServerLayer, global providers and propagator",
                over(&ServerLayer::new()),
            ),
            Row::new(
                "ServerLayer, a meter provider that is not reported",
                over(&ours(sdk).with_meter_provider(sdk.unreported_meters.clone())),
            ),
            Row::new("instrumentation-tower, with body sizes", over(&contrib(true))),
            Row::new(
                "tower-otel, with body sizes",
                over(&(tower_otel(), tower_otel_metrics(sdk))),
            ),
        ],
    }
}

fn behind_a_proxy(sdk: &Sdk) -> Section {
    let raw = Floor::new(sdk, Extent::SpanAndMetrics);
    Section {
        title: "Server, a browser's request behind a proxy, sampled",
        rows: vec![
            Row::new(
                "raw API, as above",
                Calls::new(move |request| raw.serve(request), browsers),
            ),
            Row::new("ServerLayer", calls(ours(sdk).layer(Trivial), browsers)),
            Row::new(
                "ServerLayer, with body sizes",
                calls(ours(sdk).with_body_sizes(true).layer(Trivial), browsers),
            ),
            Row::new(
                "instrumentation-tower, with body sizes",
                calls(contrib(true).layer(Trivial), browsers),
            ),
            Row::new(
                "axum-tracing-opentelemetry, span only",
                calls(bridged().layer(Trivial), browsers),
            ),
            Row::new(
                "tower-otel, with body sizes",
                calls((tower_otel(), tower_otel_metrics(sdk)).layer(Trivial), browsers),
            ),
        ],
    }
}

fn trace_contexts(sdk: &Sdk) -> Section {
    let contrib = || contrib(true).layer(Trivial);
    let ours = || ours(sdk).layer(Trivial);
    Section {
        title: "Server, trace contexts, sampled",
        rows: vec![
            Row::new(
                "ServerLayer, no traceparent",
                calls(ours(), without_traceparent::<Nothing>),
            ),
            Row::new("ServerLayer, traceparent", calls(ours(), incoming::<Nothing>)),
            Row::new("ServerLayer, random flag", calls(ours(), random)),
            Row::new(
                "ServerLayer, random flag and tracestate",
                calls(ours(), with_tracestate),
            ),
            Row::new("instrumentation-tower, random flag", calls(contrib(), random)),
            Row::new(
                "instrumentation-tower, random flag and tracestate",
                calls(contrib(), with_tracestate),
            ),
        ],
    }
}

fn other_exchanges(sdk: &Sdk) -> Section {
    let ours = || ours(sdk);
    let contrib = || contrib(true);
    Section {
        title: "Server, other exchanges, sampled",
        rows: vec![
            Row::new("ServerLayer, GET over HTTP/1.1", over(&ours())),
            Row::new(
                "ServerLayer, GET over HTTP/2",
                calls(ours().layer(Trivial), over_http2),
            ),
            Row::new(
                "ServerLayer, POST with a body",
                calls(ours().layer(Trivial), posted),
            ),
            Row::new(
                "ServerLayer, status 500",
                calls(ours().layer(Broken), incoming::<Nothing>),
            ),
            Row::new(
                "ServerLayer, the client leaves",
                cancelled(ours().layer(Silent), incoming::<Nothing>),
            ),
            Row::new(
                "instrumentation-tower, POST with a body",
                calls(contrib().layer(Trivial), posted),
            ),
            Row::new(
                "instrumentation-tower, status 500",
                calls(contrib().layer(Broken), incoming::<Nothing>),
            ),
            Row::new(
                "instrumentation-tower, the client leaves",
                cancelled(contrib().layer(Silent), incoming::<Nothing>),
            ),
        ],
    }
}

/// The same services on two threads at once. Compare the times only, since instructions and allocations are
/// counted on one thread.
fn two_threads(sdk: &Sdk) -> Section {
    Section {
        title: "Server, two threads, sampled",
        rows: vec![
            Row::new("the service alone", TwoThreads::new(Trivial)),
            Row::new("ServerLayer", TwoThreads::new(ours(sdk).layer(Trivial))),
            Row::new(
                "instrumentation-tower",
                TwoThreads::new(contrib(true).layer(Trivial)),
            ),
        ],
    }
}

/// Serves half of the requests on each of two threads.
struct TwoThreads<S> {
    service: S,
    requests: Vec<Request<Nothing>>,
}

impl<S> TwoThreads<S> {
    fn new(service: S) -> Self {
        Self {
            service,
            requests: Vec::new(),
        }
    }
}

impl<S, B> Exercise for TwoThreads<S>
where
    S: Service<Request<Nothing>, Response = Response<B>> + Clone + Send,
    B: Body,
{
    fn prepare(&mut self, times: usize) {
        self.requests.extend((0..times).map(incoming::<Nothing>));
    }

    fn exercise(&mut self) {
        let other = self.requests.split_off(self.requests.len() / 2);
        let serve = |requests: Vec<Request<Nothing>>, mut service: S| {
            for request in requests {
                call(&mut service, request);
            }
        };
        std::thread::scope(|scope| {
            let service = self.service.clone();
            scope.spawn(move || serve(other, service));
            serve(std::mem::take(&mut self.requests), self.service.clone());
        });
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
