//! The SDK that the rows share: real providers whose output goes nowhere.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry::trace::{Link, SpanKind, TraceId, TraceState, TracerProvider};
use opentelemetry::{Context, KeyValue, global};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider, Temporality};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{
    SamplingDecision, SamplingResult, SdkTracerProvider, ShouldSample, Span, SpanData, SpanProcessor,
};
use tracing::Dispatch;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;

/// The providers, also installed globally for the peers that know no others.
#[derive(Debug, Clone)]
pub(crate) struct Sdk {
    pub(crate) tracers: SdkTracerProvider,
    pub(crate) meters: SdkMeterProvider,
}

impl Sdk {
    /// Installs the providers, the SDK's propagator, and a `tracing` subscriber with the bridge.
    pub(crate) fn install() -> Self {
        let tracers = SdkTracerProvider::builder()
            .with_sampler(Switch)
            .with_span_processor(Nowhere)
            .build();
        let meters = SdkMeterProvider::builder()
            .with_reader(PeriodicReader::builder(Nowhere).with_interval(NEVER).build())
            .build();
        global::set_tracer_provider(tracers.clone());
        global::set_meter_provider(meters.clone());
        global::set_text_map_propagator(TraceContextPropagator::new());
        let bridge = tracing_opentelemetry::layer().with_tracer(tracers.tracer("bridge"));
        let subscriber = tracing_subscriber::registry().with(targets()).with(bridge);
        tracing::subscriber::set_global_default(subscriber).expect("the first subscriber");
        Self { tracers, meters }
    }
}

/// A subscriber for reqwest-tracing, which knows no OpenTelemetry newer than 0.32.
pub(crate) fn bridge_032() -> Dispatch {
    use opentelemetry_032::trace::TracerProvider;
    use opentelemetry_sdk_032::propagation::TraceContextPropagator;
    use opentelemetry_sdk_032::trace::SdkTracerProvider;

    opentelemetry_032::global::set_text_map_propagator(TraceContextPropagator::new());
    let tracers = SdkTracerProvider::builder().build();
    let bridge = tracing_opentelemetry_033::layer().with_tracer(tracers.tracer("bridge"));
    // The SDK is needed as long as the process lives.
    std::mem::forget(tracers);
    Dispatch::new(tracing_subscriber::registry().with(targets()).with(bridge))
}

/// All spans of the peers, and none of the log lines that the bridge would make events of.
fn targets() -> Targets {
    Targets::new()
        .with_default(LevelFilter::TRACE)
        .with_target("opentelemetry", LevelFilter::OFF)
        .with_target("tower_http", LevelFilter::INFO)
}

/// Whether spans are sampled from now on.
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

/// Takes all and keeps nothing, as an exporter would that costs nothing.
#[derive(Debug)]
struct Nowhere;

impl SpanProcessor for Nowhere {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        drop(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

impl PushMetricExporter for Nowhere {
    async fn export(&self, _: &ResourceMetrics) -> OTelSdkResult {
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        Temporality::Cumulative
    }
}

/// Longer than any run.
const NEVER: Duration = Duration::from_secs(24 * 60 * 60);
