//! OTLP over gRPC, on a runtime of its own: it works without tokio, and keeps working while the caller's tokio is stopped.

#[cfg_attr(not(feature = "tls"), path = "tls_absent.rs")]
mod tls;

use opentelemetry::Context;
use opentelemetry_otlp::{LogExporter, MetricExporter, SpanExporter, WithExportConfig, WithTonicConfig};
use opentelemetry_sdk::logs::LoggerProviderBuilder;
use opentelemetry_sdk::metrics::MeterProviderBuilder;
use opentelemetry_sdk::trace::TracerProviderBuilder;
use tokio::runtime::{self, EnterGuard};

use crate::config::Compression;
use crate::error::InitError;
use crate::health::Watch;
use crate::target::Target;

/// A runtime of one thread, on which nothing is recorded of what it does itself, and which is let go without waiting: dropping a tokio runtime inside another one panics.
#[derive(Debug)]
pub(crate) struct Runtime(Option<runtime::Runtime>);

impl Runtime {
    fn start() -> Result<Self, InitError> {
        runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("throughline-otlp")
            .on_thread_start(|| std::mem::forget(Context::enter_telemetry_suppressed_scope()))
            .enable_all()
            .build()
            .map(|runtime| Self(Some(runtime)))
            .map_err(|error| {
                InitError::exporter("the runtime of OTLP over gRPC cannot be started".into()).caused_by(error)
            })
    }

    fn enter(&self) -> Option<EnterGuard<'_>> {
        self.0.as_ref().map(runtime::Runtime::enter)
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

pub(crate) fn traces(
    builder: TracerProviderBuilder,
    target: &Target,
    watch: &Watch,
    runtime: &mut Option<Runtime>,
) -> Result<TracerProviderBuilder, InitError> {
    let runtime = running(runtime)?;
    let _entered = runtime.enter();
    let exporter = carry(SpanExporter::builder().with_tonic(), target)?.build();
    let exporter = exporter
        .map_err(|error| InitError::exporter(format!("{target} cannot be set up")).caused_by(error))?;
    Ok(watch.spans(builder, exporter))
}

pub(crate) fn metrics(
    builder: MeterProviderBuilder,
    target: &Target,
    watch: &Watch,
    runtime: &mut Option<Runtime>,
) -> Result<MeterProviderBuilder, InitError> {
    let runtime = running(runtime)?;
    let _entered = runtime.enter();
    let exporter = carry(MetricExporter::builder().with_tonic(), target)?.build();
    let exporter = exporter
        .map_err(|error| InitError::exporter(format!("{target} cannot be set up")).caused_by(error))?;
    Ok(builder.with_periodic_exporter(watch.over(exporter)))
}

pub(crate) fn logs(
    builder: LoggerProviderBuilder,
    target: &Target,
    watch: &Watch,
    runtime: &mut Option<Runtime>,
) -> Result<LoggerProviderBuilder, InitError> {
    let runtime = running(runtime)?;
    let _entered = runtime.enter();
    let exporter = carry(LogExporter::builder().with_tonic(), target)?.build();
    let exporter = exporter
        .map_err(|error| InitError::exporter(format!("{target} cannot be set up")).caused_by(error))?;
    Ok(watch.logs(builder, exporter))
}

fn carry<B: WithExportConfig + WithTonicConfig>(builder: B, target: &Target) -> Result<B, InitError> {
    let builder = builder.with_endpoint(&target.url);
    let builder = match target.compression {
        Compression::None => builder,
        Compression::Gzip => builder.with_compression(opentelemetry_otlp::Compression::Gzip),
    };
    tls::secure(builder, target)
}

fn running(runtime: &mut Option<Runtime>) -> Result<&Runtime, InitError> {
    match runtime {
        Some(runtime) => Ok(runtime),
        None => Ok(runtime.insert(Runtime::start()?)),
    }
}
