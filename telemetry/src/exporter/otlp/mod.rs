//! OTLP: a [`Delivery`] sends the requests over gRPC or HTTP. It splits requests that are too large, retries,
//! and reads the responses.
//!
//! Spans are encoded by [`OtlpSpanExporter`]. Metrics and logs, of which there are fewer, are encoded by the
//! exporters of `opentelemetry-otlp`, which take a delivery as their HTTP client.

mod backoff;
mod delivery;
mod encoding;
mod span_encoding;
mod span_exporter;
mod split;
mod verdict;

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{
    ExporterBuildError, LogExporter, MetricExporter, Protocol as Encoded, RetryPolicy, SpanExporter,
    WithExportConfig, WithHttpConfig,
};
use opentelemetry_sdk::logs::{LogBatch, LogExporter as _, LoggerProviderBuilder};
use opentelemetry_sdk::metrics::MeterProviderBuilder;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::trace::{SpanExporter as _, TracerProviderBuilder};

use self::delivery::Delivery;
use self::encoding::{RequestEncoding, body, headers};
use self::span_exporter::OtlpSpanExporter;
use super::signal_exporter::{Addition, Attachment, SignalExporter};
use crate::config::OtlpTarget;
use crate::error::InitError;
use crate::otlp::{CollectorReply, Connection, Connector, OtlpRequest};
use crate::signal::Signal;

/// Exports over OTLP. Each signal can have its own collector.
#[derive(Debug, Default)]
pub(super) struct OtlpExporter {
    connector: Connector,
}

impl OtlpExporter {
    /// Creates the client for the exporter of a signal.
    fn client(
        &mut self,
        attachment: &Attachment<'_>,
        signal: Signal,
    ) -> Result<(Delivery, OtlpTarget), InitError> {
        let target = OtlpTarget::new(attachment.config, signal)?;
        let connection = self.connector.connect(&target)?;
        let client = Delivery::new(connection, target.clone(), &attachment.monitor)?;
        Ok((client, target))
    }
}

impl SignalExporter for OtlpExporter {
    fn traces(&mut self, attachment: &Attachment<'_>) -> Result<Addition<TracerProviderBuilder>, InitError> {
        let (delivery, _) = self.client(attachment, Signal::Traces)?;
        let (monitor, exporter) = (attachment.monitor.clone(), OtlpSpanExporter::new(delivery));
        Ok(Box::new(move |builder| monitor.spans(builder, exporter)))
    }

    fn metrics(&mut self, attachment: &Attachment<'_>) -> Result<Addition<MeterProviderBuilder>, InitError> {
        let (client, target) = self.client(attachment, Signal::Metrics)?;
        let exporter = MetricExporter::builder()
            .with_http()
            .with_temporality(attachment.config.sdk.temporality.into());
        let exporter = with_client(exporter, &target, client).build();
        let (monitor, exporter) = (attachment.monitor.clone(), built(&target, exporter)?);
        Ok(Box::new(move |builder| monitor.metrics(builder, exporter)))
    }

    fn logs(&mut self, attachment: &Attachment<'_>) -> Result<Addition<LoggerProviderBuilder>, InitError> {
        let (client, target) = self.client(attachment, Signal::Logs)?;
        let exporter = with_client(LogExporter::builder().with_http(), &target, client).build();
        let (monitor, exporter) = (attachment.monitor.clone(), built(&target, exporter)?);
        Ok(Box::new(move |builder| monitor.logs(builder, exporter)))
    }
}

/// Sends an empty export once, and returns the reply. This blocks, and must not be called on a thread of a
/// Tokio runtime.
pub(crate) fn send_empty_export(target: &OtlpTarget, timeout: Duration) -> Result<CollectorReply, InitError> {
    let mut connector = Connector::default();
    let reply: Arc<Mutex<Option<CollectorReply>>> = Arc::default();
    let client = SingleSend {
        connection: connector.connect(target)?,
        headers: headers(target)?,
        encoding: RequestEncoding::new(target),
        signal: target.signal,
        timeout,
        reply: Arc::clone(&reply),
    };
    let result = match target.signal {
        Signal::Traces => {
            let exporter = with_client(SpanExporter::builder().with_http(), target, client).build();
            ready(built(target, exporter)?.export(Vec::new()))
        }
        Signal::Logs => {
            let exporter = with_client(LogExporter::builder().with_http(), target, client).build();
            ready(built(target, exporter)?.export(LogBatch::new(&[])))
        }
        Signal::Metrics => {
            let exporter = with_client(MetricExporter::builder().with_http(), target, client).build();
            ready(built(target, exporter)?.export(&ResourceMetrics::default()))
        }
    };
    let reply = reply.lock().unwrap_or_else(PoisonError::into_inner).take();
    Ok(reply.unwrap_or_else(|| match result {
        Some(Err(error)) => CollectorReply::None(error.to_string()),
        _ => CollectorReply::None("nothing was sent".into()),
    }))
}

/// Sends each request once, and stores the reply.
#[derive(Debug)]
struct SingleSend {
    connection: Connection,
    headers: HeaderMap,
    encoding: RequestEncoding,
    signal: Signal,
    timeout: Duration,
    reply: Arc<Mutex<Option<CollectorReply>>>,
}

#[async_trait]
impl HttpClient for SingleSend {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let reply = self.connection.send(OtlpRequest {
            headers: &self.headers,
            body: self
                .encoding
                .pack(self.encoding.convert(self.signal, body(request)?)?)?,
            is_gzip: self.encoding.is_gzip,
            timeout: self.timeout,
        });
        *self.reply.lock().unwrap_or_else(PoisonError::into_inner) = Some(reply);
        Ok(Response::new(Bytes::new()))
    }
}

/// Configures an exporter to encode protobuf and pass it on unchanged; our client does the rest.
fn with_client<B: WithExportConfig + WithHttpConfig>(
    builder: B,
    target: &OtlpTarget,
    client: impl HttpClient + 'static,
) -> B {
    builder
        .with_protocol(Encoded::HttpBinary)
        .with_endpoint(&target.url)
        .with_timeout(target.timeout())
        .with_http_client(client)
        .with_max_request_body_size(usize::MAX)
        .with_retry_policy(RetryPolicy::disabled())
}

fn built<E>(target: &OtlpTarget, exporter: Result<E, ExporterBuildError>) -> Result<E, InitError> {
    exporter.map_err(|error| InitError::exporter(format!("{target} cannot be set up")).caused_by(error))
}

/// Returns the output of a future that blocks instead of waiting, like all futures over these clients.
fn ready<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}
