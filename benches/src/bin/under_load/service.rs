//! The services under test.

use std::error::Error;
use std::io::{self, Write};

use axum::Router;
use axum::routing::get;
use opentelemetry::global;
use opentelemetry_instrumentation_tower::http::server::LayerBuilder;
use opentelemetry_otlp::{MetricExporter, Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use throughline_telemetry::{Exporter, TelemetryConfig};
use throughline_tracing_layer::ServerLayer;
use tokio::net::TcpListener;

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Bare,
    Throughline,
    InstrumentationTower,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Bare, Self::Throughline, Self::InstrumentationTower];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The name as an argument of the process.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Throughline => "throughline",
            Self::InstrumentationTower => "instrumentation-tower",
        }
    }

    /// The name in the table.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Bare => "without a layer",
            Self::Throughline => "**ServerLayer and `telemetry::init`**",
            Self::InstrumentationTower => "instrumentation-tower, the SDK and opentelemetry-otlp",
        }
    }
}

/// Serves on a free port, which is printed, until a line is read from standard input.
pub(crate) fn serve(kind: Kind, collector: &str) -> Result<(), Box<dyn Error>> {
    let router = Router::new().route("/users/{id}", get(async || "hello"));
    match kind {
        Kind::Bare => run(router),
        Kind::Throughline => {
            let config = TelemetryConfig::default()
                .with_enabled(true)
                .with_service_name("benches")
                .with_exporter(Exporter::Otlp)
                .with_endpoint(collector);
            let telemetry = throughline_telemetry::init(config)?;
            run(router.layer(ServerLayer::new()))?;
            Ok(telemetry.shutdown()?)
        }
        Kind::InstrumentationTower => {
            let protocol = Protocol::HttpBinary;
            let spans = SpanExporter::builder().with_http().with_protocol(protocol);
            let spans = spans.with_endpoint(format!("{collector}/v1/traces")).build()?;
            let metrics = MetricExporter::builder().with_http().with_protocol(protocol);
            let metrics = metrics.with_endpoint(format!("{collector}/v1/metrics")).build()?;
            let tracers = SdkTracerProvider::builder().with_batch_exporter(spans).build();
            let meters = SdkMeterProvider::builder()
                .with_periodic_exporter(metrics)
                .build();
            global::set_tracer_provider(tracers.clone());
            global::set_meter_provider(meters.clone());
            global::set_text_map_propagator(TraceContextPropagator::new());
            run(router.layer(LayerBuilder::builder().build()?))?;
            tracers.shutdown()?;
            Ok(meters.shutdown()?)
        }
    }
}

fn run(router: Router) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    println!("{}", listener.local_addr()?);
    io::stdout().flush()?;
    drop(runtime.spawn(async move { axum::serve(listener, router).await }));
    io::stdin().read_line(&mut String::new())?;
    Ok(())
}
