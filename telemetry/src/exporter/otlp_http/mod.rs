//! OTLP over HTTP, by a blocking client on the threads of the batch processors.

#[cfg_attr(not(feature = "tls"), path = "tls_absent.rs")]
mod tls;

use opentelemetry_otlp::{LogExporter, MetricExporter, Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::logs::LoggerProviderBuilder;
use opentelemetry_sdk::metrics::MeterProviderBuilder;
use opentelemetry_sdk::trace::{BatchSpanProcessor, TracerProviderBuilder};

use crate::error::InitError;
use crate::health::Watch;
use crate::target::Target;

pub(crate) fn traces(
    builder: TracerProviderBuilder,
    target: &Target,
    watch: &Watch,
) -> Result<TracerProviderBuilder, InitError> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary);
    let exporter = tls::secure(exporter.with_endpoint(&target.url), target)?.build();
    let exporter = exporter
        .map_err(|error| InitError::exporter(format!("{target} cannot be set up")).caused_by(error))?;
    Ok(watch.process(builder, BatchSpanProcessor::builder(watch.over(exporter)).build()))
}

pub(crate) fn metrics(
    builder: MeterProviderBuilder,
    target: &Target,
    watch: &Watch,
) -> Result<MeterProviderBuilder, InitError> {
    let exporter = MetricExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary);
    let exporter = tls::secure(exporter.with_endpoint(&target.url), target)?.build();
    let exporter = exporter
        .map_err(|error| InitError::exporter(format!("{target} cannot be set up")).caused_by(error))?;
    Ok(builder.with_periodic_exporter(watch.over(exporter)))
}

pub(crate) fn logs(
    builder: LoggerProviderBuilder,
    target: &Target,
    watch: &Watch,
) -> Result<LoggerProviderBuilder, InitError> {
    let exporter = LogExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary);
    let exporter = tls::secure(exporter.with_endpoint(&target.url), target)?.build();
    let exporter = exporter
        .map_err(|error| InitError::exporter(format!("{target} cannot be set up")).caused_by(error))?;
    Ok(builder.with_batch_exporter(watch.over(exporter)))
}
