//! OTLP over gRPC, on a runtime of its own: it works without tokio, and keeps working while the caller's tokio is stopped.

#[cfg_attr(not(feature = "tls"), path = "tls_absent.rs")]
mod tls;

use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_otlp::{
    ExporterBuildError, LogExporter, MetricExporter, RetryPolicy, SpanExporter, WithExportConfig,
    WithTonicConfig,
};
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::logs::{LogBatch, LogExporter as _, LoggerProviderBuilder};
use opentelemetry_sdk::metrics::MeterProviderBuilder;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::trace::{SpanExporter as _, TracerProviderBuilder};
use tokio::runtime::{self, EnterGuard};
use tonic::Request;
use tonic::metadata::{AsciiMetadataKey, AsciiMetadataValue};
use tonic::transport::{Channel, Endpoint};

use crate::config::Compression;
use crate::error::InitError;
use crate::health::{GRPC, Watch, words};
use crate::probe::Heard;
use crate::signal::Signal;
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
    let exporter = carry(SpanExporter::builder().with_tonic(), target, target.timeout())?.build();
    Ok(watch.spans(builder, built(target, exporter)?))
}

pub(crate) fn metrics(
    builder: MeterProviderBuilder,
    target: &Target,
    watch: &Watch,
    runtime: &mut Option<Runtime>,
) -> Result<MeterProviderBuilder, InitError> {
    let runtime = running(runtime)?;
    let _entered = runtime.enter();
    let exporter = carry(
        MetricExporter::builder()
            .with_tonic()
            .with_temporality(watch.temporality()),
        target,
        target.timeout(),
    )?
    .build();
    Ok(watch.metrics(builder, built(target, exporter)?))
}

pub(crate) fn logs(
    builder: LoggerProviderBuilder,
    target: &Target,
    watch: &Watch,
    runtime: &mut Option<Runtime>,
) -> Result<LoggerProviderBuilder, InitError> {
    let runtime = running(runtime)?;
    let _entered = runtime.enter();
    let exporter = carry(LogExporter::builder().with_tonic(), target, target.timeout())?.build();
    Ok(watch.logs(builder, built(target, exporter)?))
}

/// Exports nothing, once, and tells what came of it. It blocks, and must not be called on a thread of a tokio runtime.
pub(crate) fn ask(target: &Target, patience: Duration) -> Result<Heard, InitError> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| InitError::exporter(format!("{target} cannot be asked")).caused_by(error))?;
    let asked = runtime.block_on(async {
        let asked = tokio::time::timeout(patience, export_nothing(target, patience)).await;
        asked.unwrap_or(Ok(Err(OTelSdkError::Timeout(patience))))
    })?;
    runtime.shutdown_background();
    Ok(match asked {
        Ok(()) => Heard::Grpc("OK".into()),
        Err(error) => {
            let text = words(&error);
            let code = text.strip_prefix(GRPC).map(str::to_owned);
            match code {
                // A code with a cause is the client's own.
                Some(code) if !code.contains(": ") => Heard::Grpc(code),
                Some(cause) => Heard::Nothing(cause),
                None => Heard::Nothing(text),
            }
        }
    })
}

async fn export_nothing(target: &Target, patience: Duration) -> Result<OTelSdkResult, InitError> {
    Ok(match target.signal {
        Signal::Traces => {
            let exporter = once(SpanExporter::builder().with_tonic(), target, patience)?.build();
            built(target, exporter)?.export(Vec::new()).await
        }
        Signal::Logs => {
            let exporter = once(LogExporter::builder().with_tonic(), target, patience)?.build();
            built(target, exporter)?.export(LogBatch::new(&[])).await
        }
        Signal::Metrics => {
            let exporter = once(MetricExporter::builder().with_tonic(), target, patience)?.build();
            built(target, exporter)?.export(&ResourceMetrics::default()).await
        }
    })
}

fn carry<B: WithExportConfig + WithTonicConfig>(
    builder: B,
    target: &Target,
    timeout: Duration,
) -> Result<B, InitError> {
    let headers = target.headers.parsed::<AsciiMetadataKey, AsciiMetadataValue>()?;
    let with_headers = move |mut request: Request<()>| {
        // The SDK adds the headers of the environment, also those that were ignored.
        let agent = request.metadata_mut().remove(USER_AGENT);
        request.metadata_mut().clear();
        if let Some(agent) = agent {
            request.metadata_mut().insert(USER_AGENT, agent);
        }
        for (name, value) in &headers {
            request.metadata_mut().insert(name.clone(), value.clone());
        }
        Ok(request)
    };
    let builder = builder
        .with_channel(channel(target, timeout)?)
        .with_interceptor(with_headers)
        .with_timeout(timeout);
    Ok(match target.compression {
        Compression::None => builder,
        Compression::Gzip => builder.with_compression(opentelemetry_otlp::Compression::Gzip),
    })
}

fn once<B: WithExportConfig + WithTonicConfig>(
    builder: B,
    target: &Target,
    timeout: Duration,
) -> Result<B, InitError> {
    Ok(carry(builder, target, timeout)?.with_retry_policy(RetryPolicy::disabled()))
}

/// Our own channel: with the exporter's, the feature `tls` would bring tonic into programs that export over HTTP.
fn channel(target: &Target, timeout: Duration) -> Result<Channel, InitError> {
    let endpoint = Endpoint::from_shared(target.url.clone());
    let endpoint = endpoint
        .map_err(|error| InitError::exporter(format!("{target} cannot be set up")).caused_by(error))?;
    let endpoint = tls::secure(endpoint, target)?;
    Ok(endpoint.timeout(timeout).connect_lazy())
}

fn built<E>(target: &Target, exporter: Result<E, ExporterBuildError>) -> Result<E, InitError> {
    exporter.map_err(|error| InitError::exporter(format!("{target} cannot be set up")).caused_by(error))
}

fn running(runtime: &mut Option<Runtime>) -> Result<&Runtime, InitError> {
    match runtime {
        Some(runtime) => Ok(runtime),
        None => Ok(runtime.insert(Runtime::start()?)),
    }
}

const USER_AGENT: &str = "user-agent";
