//! OTLP: encodes requests, splits those that are too large, and sends them over gRPC or HTTP.
//!
//! The exporters of `opentelemetry-otlp` are not used: they do not limit the size of a request, and discard what a
//! response says about rejected items.

mod backoff;
mod delivery;
mod encoding;
mod split;
mod verdict;

use std::time::Duration;

use opentelemetry_sdk::logs::LoggerProviderBuilder;
use opentelemetry_sdk::metrics::MeterProviderBuilder;
use opentelemetry_sdk::trace::TracerProviderBuilder;

use self::delivery::Delivery;
use self::encoding::{RequestEncoding, headers};
use super::batch::BatchExporter;
use super::signal_exporter::{Addition, Attachment, SignalExporter};
use crate::config::OtlpTarget;
use crate::error::InitError;
use crate::otlp::{CollectorReply, Connector, OtlpRequest};
use crate::signal::Signal;

/// Exports over OTLP. Each signal can have its own collector.
#[derive(Debug, Default)]
pub(super) struct OtlpExporter {
    connector: Connector,
}

impl OtlpExporter {
    /// Creates the exporter of a signal.
    fn exporter(
        &mut self,
        attachment: &Attachment<'_>,
        signal: Signal,
    ) -> Result<BatchExporter<Delivery>, InitError> {
        let target = OtlpTarget::new(attachment.config, signal)?;
        let connection = self.connector.connect(&target)?;
        let delivery = Delivery::new(connection, target, &attachment.monitor)?;
        let temporality = attachment.config.sdk.temporality.into();
        Ok(BatchExporter::new(delivery).with_temporality(temporality))
    }
}

impl SignalExporter for OtlpExporter {
    fn traces(&mut self, attachment: &Attachment<'_>) -> Result<Addition<TracerProviderBuilder>, InitError> {
        let exporter = self.exporter(attachment, Signal::Traces)?;
        let monitor = attachment.monitor.clone();
        Ok(Box::new(move |builder| monitor.spans(builder, exporter)))
    }

    fn metrics(&mut self, attachment: &Attachment<'_>) -> Result<Addition<MeterProviderBuilder>, InitError> {
        let exporter = self.exporter(attachment, Signal::Metrics)?;
        let monitor = attachment.monitor.clone();
        Ok(Box::new(move |builder| monitor.metrics(builder, exporter)))
    }

    fn logs(&mut self, attachment: &Attachment<'_>) -> Result<Addition<LoggerProviderBuilder>, InitError> {
        let exporter = self.exporter(attachment, Signal::Logs)?;
        let monitor = attachment.monitor.clone();
        Ok(Box::new(move |builder| monitor.logs(builder, exporter)))
    }
}

/// Sends an empty export once, and returns the reply. This blocks, and must not be called on a thread of a
/// Tokio runtime.
pub(crate) fn send_empty_export(target: &OtlpTarget, timeout: Duration) -> Result<CollectorReply, InitError> {
    // The connector owns the runtime.
    let mut connector = Connector::default();
    let connection = connector.connect(target)?;
    let encoding = RequestEncoding::new(target);
    let body = match encoding.pack(encoding.empty(target.signal)) {
        Ok(body) => body,
        Err(error) => return Ok(CollectorReply::None(error.to_string())),
    };
    Ok(connection.send(OtlpRequest {
        headers: &headers(target)?,
        body,
        is_gzip: encoding.is_gzip,
        timeout,
    }))
}
