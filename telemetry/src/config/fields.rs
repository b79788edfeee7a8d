//! The fields that a file or the environment can set, and how text is parsed into them.

use std::time::Duration;

use crate::config::expected::Expected;
use crate::config::headers::Headers;
use crate::config::parse::{
    boolean, bytes, compression, count, endpoint, exporters, exporters_of, histogram_buckets, host, length,
    listen, millis, name, pairs, percentage, port, protocol, queue, rate, sampler, target_model, temporality,
    timeout,
};
use crate::config::{Exporter, Propagator, SamplingRule, TelemetryConfig};
use crate::hook::StartupHook;
use crate::log_level::LogLevel;
use crate::semconv;
use crate::signal::Signal;

/// A field that a file or a variable can set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Enabled,
    ServiceName,
    Exporter,
    ExporterOf(Signal),
    Endpoint,
    EndpointOf(Signal),
    Protocol,
    ProtocolOf(Signal),
    Compression,
    CompressionOf(Signal),
    Headers,
    HeadersOf(Signal),
    Timeout,
    TimeoutOf(Signal),
    ExportTimeout(Signal),
    /// The time between two exports.
    Interval(Signal),
    MaxQueueSize(Signal),
    MaxExportBatchSize(Signal),
    MetricTemporality,
    HistogramBuckets,
    LogLevel,
    SelfMetrics,
    SpanAttributeCount,
    SpanEventCount,
    SpanLinkCount,
    EventAttributeCount,
    LinkAttributeCount,
    SamplingRate,
    SamplingPercentage,
    Sampler,
    TokenizerTargetModel,
    Propagators,
    AttributeValueLengthLimit,
    ServiceVersion,
    ResourceAttributes,
    StartupHook,
    TailErrors,
    TailSlowerThan,
    TailMaxSpans,
    Certificate,
    ClientCertificate,
    ClientKey,
    CertificateOf(Signal),
    ClientCertificateOf(Signal),
    ClientKeyOf(Signal),
    PrometheusListen,
    ViewerListen,
    PrometheusHost,
    PrometheusPort,
    FilePath,
    FileMaxBytes,
    FileMaxFiles,
    MaxQueueBytes,
    MaxRequestBytes,
}

impl Field {
    /// The canonical field. Some fields have two spellings.
    pub(super) fn canonical(self) -> Self {
        match self {
            Self::SamplingPercentage => Self::SamplingRate,
            field => field,
        }
    }

    /// Whether the values are names from a set.
    pub(super) fn is_enum(self) -> bool {
        matches!(
            self,
            Self::Exporter
                | Self::ExporterOf(_)
                | Self::Protocol
                | Self::ProtocolOf(_)
                | Self::Compression
                | Self::CompressionOf(_)
                | Self::MetricTemporality
                | Self::HistogramBuckets
                | Self::LogLevel
                | Self::Sampler
                | Self::Propagators
        )
    }

    /// Whether the value is a list.
    pub(super) fn is_list(self) -> bool {
        matches!(self, Self::Exporter | Self::ExporterOf(_) | Self::Propagators)
    }

    /// Whether the SDK would read the variable itself, even if telemetry is configured in code.
    pub(super) fn is_read_by_sdk(self) -> bool {
        matches!(
            self,
            Self::Headers
                | Self::HeadersOf(_)
                | Self::Timeout
                | Self::TimeoutOf(_)
                | Self::ExportTimeout(_)
                | Self::Interval(_)
                | Self::MaxQueueSize(_)
                | Self::MaxExportBatchSize(_)
                | Self::MetricTemporality
                | Self::SpanAttributeCount
                | Self::SpanEventCount
                | Self::SpanLinkCount
                | Self::EventAttributeCount
                | Self::LinkAttributeCount
        )
    }

    /// Whether the field affects the setup of a signal's exporter.
    pub(super) fn concerns(self, signal: Signal, exporter: Exporter) -> bool {
        match self {
            Self::ExporterOf(own) => own == signal,
            Self::EndpointOf(own)
            | Self::ProtocolOf(own)
            | Self::CompressionOf(own)
            | Self::HeadersOf(own)
            | Self::CertificateOf(own)
            | Self::ClientCertificateOf(own)
            | Self::ClientKeyOf(own) => own == signal && exporter.is_otlp(),
            Self::Endpoint
            | Self::Protocol
            | Self::Compression
            | Self::Headers
            | Self::Certificate
            | Self::ClientCertificate
            | Self::ClientKey => exporter.is_otlp(),
            Self::FilePath => exporter == Exporter::File,
            Self::PrometheusHost | Self::PrometheusPort => exporter == Exporter::Prometheus,
            Self::ViewerListen => exporter == Exporter::Viewer,
            _ => false,
        }
    }

    /// Whether it names a certificate or its key.
    pub(super) fn is_tls(self) -> bool {
        matches!(
            self,
            Self::Certificate
                | Self::CertificateOf(_)
                | Self::ClientCertificate
                | Self::ClientCertificateOf(_)
                | Self::ClientKey
                | Self::ClientKeyOf(_)
        )
    }
}

impl TelemetryConfig {
    /// Adds the sampling rate of a route from text.
    pub(super) fn set_rule(&mut self, route: &str, text: &str) -> Result<(), Expected> {
        let share = text.parse().map_err(|_| Expected::Rate).and_then(rate)?;
        self.sampling_rules.push(SamplingRule::new(route, share));
        Ok(())
    }

    /// Sets a resource attribute. The name and version of the service have their own fields.
    pub(super) fn set_resource_attribute(&mut self, key: String, value: String) {
        match key.as_str() {
            semconv::SERVICE_NAME => self.service_name = Some(value),
            semconv::SERVICE_VERSION => self.service_version = Some(value),
            _ => drop(self.resource_attributes.insert(key, value)),
        }
    }

    /// Sets a field from text.
    pub(crate) fn set(&mut self, field: Field, text: &str) -> Result<(), Expected> {
        match field {
            Field::Enabled => self.enabled = boolean(text)?,
            Field::ServiceName => self.service_name = Some(name(text)?),
            Field::Exporter => self.exporter = exporters(text)?,
            Field::ExporterOf(signal) => {
                self.signals.get_mut(signal).exporter = Some(exporters_of(signal, text)?);
            }
            Field::Endpoint => self.endpoint = Some(endpoint(text)?),
            Field::EndpointOf(signal) => self.signals.get_mut(signal).endpoint = Some(endpoint(text)?),
            Field::Protocol => self.protocol = Some(protocol(text)?),
            Field::ProtocolOf(signal) => self.signals.get_mut(signal).protocol = Some(protocol(text)?),
            Field::Compression => self.compression = compression(text)?,
            Field::CompressionOf(signal) => {
                self.signals.get_mut(signal).compression = Some(compression(text)?);
            }
            Field::Headers => {
                self.variable_headers = Headers::from_pairs(pairs(text).ok_or(Expected::Pairs)?);
            }
            Field::HeadersOf(signal) => {
                let headers = Headers::from_pairs(pairs(text).ok_or(Expected::Pairs)?);
                self.signals.get_mut(signal).variable_headers = Some(headers);
            }
            Field::Timeout => self.sdk.timeout = Some(timeout(text)?),
            Field::TimeoutOf(signal) => self.signals.get_mut(signal).timeout = Some(timeout(text)?),
            Field::ExportTimeout(signal) => {
                self.signals.get_mut(signal).export_timeout = Some(timeout(text)?);
            }
            Field::Interval(signal) => self.signals.get_mut(signal).interval = Some(millis(text)?),
            Field::MaxQueueSize(signal) => self.signals.get_mut(signal).max_queue_size = Some(queue(text)?),
            Field::MaxExportBatchSize(signal) => {
                self.signals.get_mut(signal).max_export_batch_size = Some(queue(text)?);
            }
            Field::MetricTemporality => self.sdk.temporality = temporality(text)?,
            Field::HistogramBuckets => self.sdk.metric_views.histogram_buckets = histogram_buckets(text)?,
            Field::SelfMetrics => self.sdk.self_metrics = boolean(text)?,
            Field::LogLevel => self.sdk.log_level = LogLevel::parse(text).ok_or(Expected::LogLevel)?,
            Field::SpanAttributeCount => self.sdk.span_limits.attributes = count(text)?,
            Field::SpanEventCount => self.sdk.span_limits.events = count(text)?,
            Field::SpanLinkCount => self.sdk.span_limits.links = count(text)?,
            Field::EventAttributeCount => self.sdk.span_limits.attributes_per_event = count(text)?,
            Field::LinkAttributeCount => self.sdk.span_limits.attributes_per_link = count(text)?,
            Field::SamplingRate => {
                self.sampling_rate = text.parse().map_err(|_| Expected::Rate).and_then(rate)?;
            }
            Field::SamplingPercentage => self.sampling_rate = percentage(text)?,
            Field::Sampler => (self.parent_based, self.sampling_rate) = sampler(text)?,
            Field::Propagators => {
                self.propagators = Propagator::parse_list(text).ok_or(Expected::Propagators)?;
            }
            Field::AttributeValueLengthLimit => {
                self.attribute_value_length_limit = Some(length(text)?);
            }
            Field::ServiceVersion => self.service_version = Some(name(text)?),
            Field::ResourceAttributes => {
                for (key, value) in pairs(text).ok_or(Expected::Pairs)? {
                    self.set_resource_attribute(key, value);
                }
            }
            Field::StartupHook => self.startup_hook = Some(StartupHook::Name(name(text)?)),
            Field::TailErrors => self.tail.get_or_insert_default().errors = boolean(text)?,
            Field::TailSlowerThan => {
                let millis = text.parse().map_err(|_| Expected::MillisecondCount)?;
                self.tail.get_or_insert_default().slower_than = Some(Duration::from_millis(millis));
            }
            Field::TailMaxSpans => {
                let spans = text.parse().map_err(|_| Expected::SpanCount)?;
                self.tail.get_or_insert_default().max_spans = spans;
            }
            Field::Certificate => self.tls.certificate = Some(name(text)?),
            Field::ClientCertificate => self.tls.client_certificate = Some(name(text)?),
            Field::ClientKey => self.tls.client_key = Some(name(text)?),
            Field::CertificateOf(signal) => self.signals.get_mut(signal).tls.certificate = Some(name(text)?),
            Field::ClientCertificateOf(signal) => {
                self.signals.get_mut(signal).tls.client_certificate = Some(name(text)?);
            }
            Field::ClientKeyOf(signal) => self.signals.get_mut(signal).tls.client_key = Some(name(text)?),
            Field::PrometheusListen => self.prometheus_listen = listen(text)?,
            Field::ViewerListen => self.viewer_listen = listen(text)?,
            Field::PrometheusHost => self.prometheus_listen = Some(format!("{}:9464", host(text)?)),
            Field::PrometheusPort => {
                let port = port(text)?;
                let host = self
                    .prometheus_listen
                    .as_deref()
                    .and_then(|listen| listen.rsplit_once(':'));
                let host = host.map_or("127.0.0.1", |(host, _)| host);
                self.prometheus_listen = Some(format!("{host}:{port}"));
            }
            Field::FilePath => self.file.path = name(text)?,
            Field::FileMaxBytes => {
                self.file.max_bytes = text.parse().map_err(|_| Expected::ByteCount)?;
            }
            Field::FileMaxFiles => {
                self.file.max_files = text.parse().map_err(|_| Expected::FileCount)?;
            }
            Field::MaxQueueBytes => {
                self.max_queue_bytes = text.parse().map_err(|_| Expected::Bytes).and_then(bytes)?;
            }
            Field::MaxRequestBytes => {
                self.max_request_bytes = text.parse().map_err(|_| Expected::Bytes).and_then(bytes)?;
            }
            Field::TokenizerTargetModel => self.tokenizer_target_model = Some(target_model(text)?),
        }
        Ok(())
    }
}
