//! The settings of one signal.

use std::time::Duration;

use crate::config::fields::Field;
use crate::config::headers::Headers;
use crate::config::parse::limited;
use crate::config::{Compression, Exporters, Protocol, TlsConfig};
use crate::signal::Signal;

/// The settings of one signal, which take precedence over those of all signals. A setting without a value
/// does not change.
///
/// ```
/// use std::time::Duration;
/// use throughline_telemetry::{Signal, SignalConfig, TelemetryConfig};
///
/// let metrics = SignalConfig::default()
///     .with_endpoint("http://metrics.example:4318/v1/metrics")
///     .with_interval(Duration::from_secs(10));
/// let config = TelemetryConfig::default().with_signal(Signal::Metrics, metrics);
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct SignalConfig {
    pub(crate) exporter: Option<Exporters>,
    pub(crate) endpoint: Option<String>,
    pub(crate) protocol: Option<Protocol>,
    pub(crate) compression: Option<Compression>,
    pub(crate) tls: TlsConfig,
    /// The headers that are set in code. They take precedence.
    pub(crate) headers: Headers,
    /// The headers that are set in the environment, in place of those for all signals.
    pub(crate) variable_headers: Option<Headers>,
    /// The timeout of a delivery over OTLP.
    pub(crate) timeout: Option<Duration>,
    /// The SDK's timeout of an export, which limits the same delivery.
    pub(crate) export_timeout: Option<Duration>,
    /// The time between two exports.
    pub(crate) interval: Option<Duration>,
    pub(crate) max_queue_size: Option<usize>,
    pub(crate) max_export_batch_size: Option<usize>,
}

/// The limits of the queue in front of an exporter, and the time between two exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BatchLimits {
    pub(crate) interval: Duration,
    pub(crate) max_queue_size: usize,
    pub(crate) max_export_batch_size: usize,
}

impl SignalConfig {
    /// Sets the collector's URL. It is used unchanged, so for HTTP it ends with a path such as `/v1/traces`.
    /// Default: the [endpoint](crate::TelemetryConfig::endpoint) of all signals.
    #[must_use]
    pub fn with_endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Some(url.into());
        self
    }

    /// Sets the protocol of requests to the collector. Default: the
    /// [protocol](crate::TelemetryConfig::protocol) of all signals.
    #[must_use]
    pub fn with_protocol(mut self, protocol: Protocol) -> Self {
        self.protocol = Some(protocol);
        self
    }

    /// Sets the compression of requests to the collector. Default: the
    /// [compression](crate::TelemetryConfig::compression) of all signals.
    #[must_use]
    pub fn with_compression(mut self, compression: Compression) -> Self {
        self.compression = Some(compression);
        self
    }

    /// Sets the certificates of the connection to the collector. A value that is not set is taken from the
    /// [certificates](crate::TelemetryConfig::tls) of all signals.
    #[must_use]
    pub fn with_tls(mut self, tls: TlsConfig) -> Self {
        self.tls = tls;
        self
    }

    /// Adds a header to every request to the collector. It takes precedence over a
    /// [header](crate::TelemetryConfig::with_header) of all signals with the same name.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.insert(name, value.into());
        self
    }

    /// Sets the time limit of a delivery over OTLP; zero is no limit. Default: the
    /// [timeout](crate::TelemetryConfig::with_timeout) of all signals.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(limited(timeout));
        self
    }

    /// Sets the time between two exports: of batches of spans or log records, or of metrics. A full batch is
    /// exported immediately. Default: 5 s for spans, 1 s for log records, 60 s for metrics.
    #[must_use]
    pub fn with_interval(mut self, interval: Duration) -> Self {
        self.interval = Some(interval);
        self
    }

    /// Sets the maximum number of spans or log records that wait for their exporter, from 1 to 1,000,000.
    /// Beyond it, items are dropped and counted. Metrics have no queue. Default: 2,048.
    #[must_use]
    pub fn with_max_queue_size(mut self, items: usize) -> Self {
        self.max_queue_size = Some(items);
        self
    }

    /// Sets the maximum number of spans or log records in a batch, from 1 to 1,000,000. A batch is never larger
    /// than the queue. Default: 512.
    #[must_use]
    pub fn with_max_export_batch_size(mut self, items: usize) -> Self {
        self.max_export_batch_size = Some(items);
        self
    }

    /// Returns the limits of this signal, with the specification's defaults.
    pub(crate) fn batches(&self, signal: Signal) -> BatchLimits {
        let seconds = match signal {
            Signal::Traces => 5,
            Signal::Logs => 1,
            Signal::Metrics => 60,
        };
        let max_queue_size = self.max_queue_size.unwrap_or(2048);
        BatchLimits {
            interval: self.interval.unwrap_or_else(|| Duration::from_secs(seconds)),
            max_queue_size,
            // A larger batch would never be full.
            max_export_batch_size: self.max_export_batch_size.unwrap_or(512).min(max_queue_size),
        }
    }
}

impl SignalConfig {
    /// Adds the values of `other`, which take precedence.
    pub(super) fn merge(&mut self, other: Self) {
        let Self {
            exporter,
            endpoint,
            protocol,
            compression,
            tls,
            headers,
            variable_headers,
            timeout,
            export_timeout,
            interval,
            max_queue_size,
            max_export_batch_size,
        } = other;
        if timeout.is_some() {
            // The shorter one would apply.
            self.export_timeout = None;
        }
        *self = Self {
            exporter: exporter.or_else(|| self.exporter.take()),
            endpoint: endpoint.or_else(|| self.endpoint.take()),
            protocol: protocol.or(self.protocol),
            compression: compression.or(self.compression),
            tls: tls.or(&self.tls),
            headers: headers.or(&self.headers),
            variable_headers: variable_headers.or_else(|| self.variable_headers.take()),
            timeout: timeout.or(self.timeout),
            export_timeout: export_timeout.or(self.export_timeout),
            interval: interval.or(self.interval),
            max_queue_size: max_queue_size.or(self.max_queue_size),
            max_export_batch_size: max_export_batch_size.or(self.max_export_batch_size),
        };
    }

    /// Returns the fields that have a value, as fields of a signal.
    pub(super) fn fields(&self, signal: Signal) -> impl Iterator<Item = Field> + use<> {
        let has_timeout = self.timeout.is_some();
        [
            (self.endpoint.is_some(), Field::EndpointOf(signal)),
            (self.protocol.is_some(), Field::ProtocolOf(signal)),
            (self.compression.is_some(), Field::CompressionOf(signal)),
            (self.tls.certificate.is_some(), Field::CertificateOf(signal)),
            (
                self.tls.client_certificate.is_some(),
                Field::ClientCertificateOf(signal),
            ),
            (self.tls.client_key.is_some(), Field::ClientKeyOf(signal)),
            (has_timeout, Field::TimeoutOf(signal)),
            (has_timeout, Field::ExportTimeout(signal)),
            (self.interval.is_some(), Field::Interval(signal)),
            (self.max_queue_size.is_some(), Field::MaxQueueSize(signal)),
            (
                self.max_export_batch_size.is_some(),
                Field::MaxExportBatchSize(signal),
            ),
        ]
        .into_iter()
        .filter_map(|(has_value, field)| has_value.then_some(field))
    }
}
