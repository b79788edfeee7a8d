//! OTLP over HTTP, by a blocking client on the threads of the batch processors.

mod client;
#[cfg_attr(not(feature = "tls"), path = "tls_absent.rs")]
mod tls;

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use opentelemetry_otlp::{
    ExporterBuildError, LogExporter, MetricExporter, Protocol as Encoding, RetryPolicy, SpanExporter,
    WithExportConfig, WithHttpConfig,
};
use opentelemetry_sdk::logs::{LogBatch, LogExporter as _, LoggerProviderBuilder};
use opentelemetry_sdk::metrics::MeterProviderBuilder;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::trace::{SpanExporter as _, TracerProviderBuilder};

use crate::config::{Compression, Protocol};
use crate::error::InitError;
use crate::health::Watch;
use crate::probe::Heard;
use crate::signal::Signal;
use crate::target::Target;

use self::client::{Client, PAGE, Told, is_page, why};

pub(crate) fn traces(
    builder: TracerProviderBuilder,
    target: &Target,
    watch: &Watch,
) -> Result<TracerProviderBuilder, InitError> {
    let exporter = carry(
        SpanExporter::builder().with_http(),
        target,
        delivering(target, watch)?,
    )
    .build();
    Ok(watch.spans(builder, built(target, exporter)?))
}

pub(crate) fn metrics(
    builder: MeterProviderBuilder,
    target: &Target,
    watch: &Watch,
) -> Result<MeterProviderBuilder, InitError> {
    let exporter = carry(
        MetricExporter::builder()
            .with_http()
            .with_temporality(watch.temporality()),
        target,
        delivering(target, watch)?,
    )
    .build();
    Ok(watch.metrics(builder, built(target, exporter)?))
}

pub(crate) fn logs(
    builder: LoggerProviderBuilder,
    target: &Target,
    watch: &Watch,
) -> Result<LoggerProviderBuilder, InitError> {
    let exporter = carry(
        LogExporter::builder().with_http(),
        target,
        delivering(target, watch)?,
    )
    .build();
    Ok(watch.logs(builder, built(target, exporter)?))
}

/// Exports nothing, once, and tells what came of it. It blocks, and must not be called on a thread of a tokio runtime.
pub(crate) fn ask(target: &Target, patience: Duration) -> Result<Heard, InitError> {
    let heard: Arc<Mutex<Option<Heard>>> = Arc::default();
    let told = Arc::clone(&heard);
    let client = Client::new(target, patience, move |told_now| {
        *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(told_now.heard());
    })?;
    let result = match target.signal {
        Signal::Traces => {
            let exporter = once(SpanExporter::builder().with_http(), target, client).build();
            ready(built(target, exporter)?.export(Vec::new()))
        }
        Signal::Logs => {
            let exporter = once(LogExporter::builder().with_http(), target, client).build();
            ready(built(target, exporter)?.export(LogBatch::new(&[])))
        }
        Signal::Metrics => {
            let exporter = once(MetricExporter::builder().with_http(), target, client).build();
            ready(built(target, exporter)?.export(&ResourceMetrics::default()))
        }
    };
    let heard = heard.lock().unwrap_or_else(PoisonError::into_inner).take();
    Ok(heard.unwrap_or_else(|| match result {
        Some(Err(error)) => Heard::Nothing(error.to_string()),
        _ => Heard::Nothing("nothing was sent".into()),
    }))
}

/// A client that tells why the network failed: the exporter itself says no more than that it did.
fn delivering(target: &Target, watch: &Watch) -> Result<Client, InitError> {
    let health = watch.health();
    Client::new(target, target.timeout(), move |told| {
        let cause = match told {
            Told::Failure(error) => Some(format!("HTTP export failed: {}", why(error))),
            Told::Answer(response) if response.status().is_success() && is_page(response) => {
                Some(PAGE.to_owned())
            }
            Told::Answer(_) => None,
        };
        health.because(cause);
    })
}

fn carry<B: WithExportConfig + WithHttpConfig>(builder: B, target: &Target, client: Client) -> B {
    let encoding = match target.protocol {
        Protocol::HttpJson => Encoding::HttpJson,
        Protocol::Grpc | Protocol::HttpProtobuf => Encoding::HttpBinary,
    };
    let builder = builder.with_protocol(encoding).with_endpoint(&target.url);
    let builder = builder.with_timeout(target.timeout()).with_http_client(client);
    match target.compression {
        Compression::None => builder,
        Compression::Gzip => builder.with_compression(opentelemetry_otlp::Compression::Gzip),
    }
}

fn once<B: WithExportConfig + WithHttpConfig>(builder: B, target: &Target, client: Client) -> B {
    carry(builder, target, client).with_retry_policy(RetryPolicy::disabled())
}

fn built<E>(target: &Target, exporter: Result<E, ExporterBuildError>) -> Result<E, InitError> {
    exporter.map_err(|error| InitError::exporter(format!("{target} cannot be set up")).caused_by(error))
}

/// What a future comes to that blocks and never waits, as all of the blocking client do.
fn ready<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}
