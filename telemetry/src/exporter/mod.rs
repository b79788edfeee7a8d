//! The ways out. A feature's gate is the `mod` line of its file; callers see the same functions either way.

mod console;
#[cfg_attr(not(feature = "otlp-grpc"), path = "absent/otlp_grpc.rs")]
pub(crate) mod otlp_grpc;
#[cfg_attr(not(feature = "otlp-http"), path = "absent/otlp_http.rs")]
mod otlp_http;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{MeterProviderBuilder, SdkMeterProvider};
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider, TracerProviderBuilder};

use crate::config::{Exporter, Protocol, TelemetryConfig};
use crate::error::InitError;
use crate::signal::Signal;
use crate::target::Target;

/// The tracer provider that a configuration asks for, if it wants spans.
pub(crate) fn tracer_provider(
    config: &TelemetryConfig,
    resource: Resource,
    runtime: &mut Option<otlp_grpc::Runtime>,
) -> Result<Option<SdkTracerProvider>, InitError> {
    let builder = SdkTracerProvider::builder()
        .with_resource(resource)
        .with_sampler(sampler(config));
    let builder = match config.exporter_of(Signal::Traces) {
        Exporter::None => return Ok(None),
        Exporter::Console => console::traces(builder, config.console_writer.clone()),
        Exporter::Otlp => otlp_traces(builder, &Target::new(config, Signal::Traces)?, runtime)?,
    };
    Ok(Some(builder.build()))
}

/// The meter provider that a configuration asks for, if it wants metrics.
pub(crate) fn meter_provider(
    config: &TelemetryConfig,
    resource: Resource,
    runtime: &mut Option<otlp_grpc::Runtime>,
) -> Result<Option<SdkMeterProvider>, InitError> {
    let builder = SdkMeterProvider::builder().with_resource(resource);
    let builder = match config.exporter_of(Signal::Metrics) {
        Exporter::None => return Ok(None),
        Exporter::Console => console::metrics(builder, config.console_writer.clone()),
        Exporter::Otlp => otlp_metrics(builder, &Target::new(config, Signal::Metrics)?, runtime)?,
    };
    Ok(Some(builder.build()))
}

fn otlp_traces(
    builder: TracerProviderBuilder,
    target: &Target,
    runtime: &mut Option<otlp_grpc::Runtime>,
) -> Result<TracerProviderBuilder, InitError> {
    match target.protocol {
        Protocol::Grpc => otlp_grpc::traces(builder, target, runtime),
        Protocol::HttpProtobuf => otlp_http::traces(builder, target),
    }
}

fn otlp_metrics(
    builder: MeterProviderBuilder,
    target: &Target,
    runtime: &mut Option<otlp_grpc::Runtime>,
) -> Result<MeterProviderBuilder, InitError> {
    match target.protocol {
        Protocol::Grpc => otlp_grpc::metrics(builder, target, runtime),
        Protocol::HttpProtobuf => otlp_http::metrics(builder, target),
    }
}

fn sampler(config: &TelemetryConfig) -> Sampler {
    let root = Sampler::TraceIdRatioBased(config.sampling_rate);
    if config.parent_based {
        Sampler::ParentBased(Box::new(root))
    } else {
        root
    }
}
