//! OTLP over HTTP, by a blocking client on the threads of the batch processors.

#[cfg_attr(not(feature = "tls"), path = "tls_absent.rs")]
mod tls;

use opentelemetry_otlp::{
    LogExporter, MetricExporter, Protocol as Encoding, SpanExporter, WithExportConfig, WithHttpConfig,
};
use opentelemetry_sdk::logs::LoggerProviderBuilder;
use opentelemetry_sdk::metrics::MeterProviderBuilder;
use opentelemetry_sdk::trace::TracerProviderBuilder;

use crate::config::{Compression, Protocol};
use crate::error::InitError;
use crate::health::Watch;
use crate::target::Target;

pub(crate) fn traces(
    builder: TracerProviderBuilder,
    target: &Target,
    watch: &Watch,
) -> Result<TracerProviderBuilder, InitError> {
    let exporter = carry(SpanExporter::builder().with_http(), target)?.build();
    let exporter = exporter
        .map_err(|error| InitError::exporter(format!("{target} cannot be set up")).caused_by(error))?;
    Ok(watch.spans(builder, exporter))
}

pub(crate) fn metrics(
    builder: MeterProviderBuilder,
    target: &Target,
    watch: &Watch,
) -> Result<MeterProviderBuilder, InitError> {
    let exporter = carry(MetricExporter::builder().with_http(), target)?.build();
    let exporter = exporter
        .map_err(|error| InitError::exporter(format!("{target} cannot be set up")).caused_by(error))?;
    Ok(builder.with_periodic_exporter(watch.over(exporter)))
}

pub(crate) fn logs(
    builder: LoggerProviderBuilder,
    target: &Target,
    watch: &Watch,
) -> Result<LoggerProviderBuilder, InitError> {
    let exporter = carry(LogExporter::builder().with_http(), target)?.build();
    let exporter = exporter
        .map_err(|error| InitError::exporter(format!("{target} cannot be set up")).caused_by(error))?;
    Ok(watch.logs(builder, exporter))
}

fn carry<B: WithExportConfig + WithHttpConfig>(builder: B, target: &Target) -> Result<B, InitError> {
    let encoding = match target.protocol {
        Protocol::HttpJson => Encoding::HttpJson,
        Protocol::Grpc | Protocol::HttpProtobuf => Encoding::HttpBinary,
    };
    let builder = builder.with_protocol(encoding).with_endpoint(&target.url);
    let builder = match target.compression {
        Compression::None => builder,
        Compression::Gzip => builder.with_compression(opentelemetry_otlp::Compression::Gzip),
    };
    tls::secure(builder, target)
}
