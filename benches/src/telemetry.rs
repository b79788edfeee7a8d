//! The SDK that the rows share: real providers without an exporter.

use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::trace::{Link, SpanKind, TraceId, TraceState, TracerProvider};
use opentelemetry::{Context, KeyValue, global};
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SamplingDecision, SamplingResult, SdkTracerProvider, ShouldSample};
use throughline_bench_workload::Nowhere;
use throughline_tracing_layer::provider::BoundInstruments;
use tracing::Dispatch;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;

/// The providers. They are also installed globally, for peers that support no others.
#[derive(Debug, Clone)]
pub(crate) struct Sdk {
    pub(crate) tracers: SdkTracerProvider,
    pub(crate) meters: SdkMeterProvider,
    /// The same, without bound instruments.
    pub(crate) unreported_meters: SdkMeterProvider,
    /// Lets our layers bind instruments, as `telemetry::init` does.
    _bound: BoundInstruments,
}

impl Sdk {
    /// Installs the providers, the SDK's propagator, and a `tracing` subscriber with the bridge.
    pub(crate) fn install() -> Self {
        let tracers = SdkTracerProvider::builder()
            .with_sampler(Switch)
            .with_span_processor(Nowhere)
            .build();
        let [meters, unreported_meters] = [(), ()].map(|()| {
            let reader = Nowhere::reader();
            SdkMeterProvider::builder().with_reader(reader).build()
        });
        global::set_tracer_provider(tracers.clone());
        global::set_meter_provider(meters.clone());
        global::set_text_map_propagator(TraceContextPropagator::new());
        let bridge = tracing_opentelemetry::layer().with_tracer(tracers.tracer("bridge"));
        let subscriber = tracing_subscriber::registry().with(targets()).with(bridge);
        tracing::subscriber::set_global_default(subscriber).expect("the first subscriber");
        Self {
            _bound: BoundInstruments::report(meters.clone()),
            tracers,
            meters,
            unreported_meters,
        }
    }
}

/// A subscriber for reqwest-tracing, which supports OpenTelemetry up to 0.32.
pub(crate) fn bridge_032() -> Dispatch {
    use opentelemetry_032::trace::TracerProvider;
    use opentelemetry_sdk_032::propagation::TraceContextPropagator;
    use opentelemetry_sdk_032::trace::SdkTracerProvider;

    opentelemetry_032::global::set_text_map_propagator(TraceContextPropagator::new());
    let tracers = SdkTracerProvider::builder().build();
    let bridge = tracing_opentelemetry_033::layer().with_tracer(tracers.tracer("bridge"));
    // The SDK must live as long as the process.
    std::mem::forget(tracers);
    Dispatch::new(tracing_subscriber::registry().with(targets()).with(bridge))
}

/// Accepts all spans of the peers, and no log lines, which the bridge would convert to events.
fn targets() -> Targets {
    Targets::new()
        .with_default(LevelFilter::TRACE)
        .with_target("opentelemetry", LevelFilter::OFF)
        .with_target("tower_http", LevelFilter::INFO)
}

/// Sets whether spans are sampled.
pub(crate) fn sample(sampled: bool) {
    SAMPLED.store(sampled, Ordering::Relaxed);
}

static SAMPLED: AtomicBool = AtomicBool::new(true);

#[derive(Debug, Clone)]
struct Switch;

impl ShouldSample for Switch {
    fn should_sample(
        &self,
        _: Option<&Context>,
        _: TraceId,
        _: &str,
        _: &SpanKind,
        _: &[KeyValue],
        _: &[Link],
    ) -> SamplingResult {
        let decision = if SAMPLED.load(Ordering::Relaxed) {
            SamplingDecision::RecordAndSample
        } else {
            SamplingDecision::Drop
        };
        SamplingResult {
            decision,
            attributes: Vec::new(),
            trace_state: TraceState::default(),
        }
    }
}
