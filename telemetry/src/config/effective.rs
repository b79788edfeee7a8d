//! The effective value of a field, as it would be written in a variable.

use std::time::Duration;

use crate::config::fields::Field;
use crate::config::ignored::printable;
use crate::config::{OtlpTarget, Propagator, TelemetryConfig, TlsConfig};
use crate::signal::Signal;

impl TelemetryConfig {
    /// Returns the effective value of a field; for a field of all signals, that of traces.
    pub(super) fn effective(&self, field: Field) -> String {
        let target = |signal| OtlpTarget::new(self, signal).ok();
        let millis = |time: Duration| format!("{} ms", time.as_millis());
        let file = |path: &Option<String>, none: &str| path.clone().unwrap_or_else(|| none.to_owned());
        let tls = |signal: Option<Signal>| -> TlsConfig {
            signal.map_or_else(
                || self.tls.clone(),
                |signal| self.signals.get(signal).tls.or(&self.tls),
            )
        };
        match field {
            Field::Enabled => self.enabled.to_string(),
            Field::ServiceName => self
                .service_name
                .clone()
                .unwrap_or_else(|| "unknown_service".into()),
            Field::Exporter => self.exporter.to_string(),
            Field::ExporterOf(_) if !self.enabled => "telemetry is off".to_owned(),
            Field::ExporterOf(signal) => self.exporters_of(signal).to_string(),
            Field::Endpoint => self.effective(Field::EndpointOf(Signal::Traces)),
            Field::EndpointOf(signal) => target(signal).map_or_else(String::new, |target| {
                printable("OTEL_EXPORTER_OTLP_ENDPOINT", &target.url)
            }),
            Field::Protocol => self.effective(Field::ProtocolOf(Signal::Traces)),
            Field::ProtocolOf(signal) => {
                target(signal).map_or_else(String::new, |target| target.protocol.as_str().to_owned())
            }
            Field::Compression => self.compression.as_str().to_owned(),
            Field::CompressionOf(signal) => {
                let own = self.signals.get(signal).compression;
                own.unwrap_or(self.compression).as_str().to_owned()
            }
            Field::Headers => headers(&self.variable_headers.names()),
            Field::HeadersOf(signal) => {
                let own = self.signals.get(signal).variable_headers.as_ref();
                headers(&own.unwrap_or(&self.variable_headers).names())
            }
            Field::Timeout => self.effective(Field::TimeoutOf(Signal::Traces)),
            Field::TimeoutOf(signal) => millis(self.timeout(signal)),
            Field::ExportTimeout(signal) => {
                let own = self.signals.get(signal).export_timeout;
                own.map_or_else(|| "the timeout of the exporter".to_owned(), millis)
            }
            Field::Interval(signal) => millis(self.batches(signal).interval),
            Field::MaxQueueSize(signal) => self.batches(signal).max_queue_size.to_string(),
            Field::MaxExportBatchSize(signal) => self.batches(signal).max_export_batch_size.to_string(),
            Field::MetricTemporality => self.sdk.temporality.as_str().to_owned(),
            Field::HistogramBuckets => self.sdk.metric_views.histogram_buckets.as_str().to_owned(),
            Field::SelfMetrics => self.sdk.self_metrics.to_string(),
            Field::LogLevel => self.sdk.log_level.as_str().to_owned(),
            Field::SpanAttributeCount => self.sdk.span_limits.attributes.to_string(),
            Field::SpanEventCount => self.sdk.span_limits.events.to_string(),
            Field::SpanLinkCount => self.sdk.span_limits.links.to_string(),
            Field::EventAttributeCount => self.sdk.span_limits.attributes_per_event.to_string(),
            Field::LinkAttributeCount => self.sdk.span_limits.attributes_per_link.to_string(),
            Field::SamplingRate | Field::SamplingPercentage => self.sampling_rate.to_string(),
            Field::Sampler => self.sampler_name(),
            Field::TokenizerTargetModel => {
                let model = self.tokenizer_target_model.clone();
                model.unwrap_or_else(|| "the default of the layer".to_owned())
            }
            Field::Propagators => {
                let names: Vec<_> = self
                    .propagators
                    .iter()
                    .map(|it: &Propagator| it.as_str())
                    .collect();
                if names.is_empty() {
                    "none".to_owned()
                } else {
                    names.join(",")
                }
            }
            Field::AttributeValueLengthLimit => {
                let limit = self.attribute_value_length_limit;
                limit.map_or_else(|| "no limit".to_owned(), |limit| limit.to_string())
            }
            Field::ServiceVersion => self.service_version.clone().unwrap_or_default(),
            Field::ResourceAttributes => "the attributes that other sources set".to_owned(),
            Field::StartupHook => "no start-up hook".to_owned(),
            Field::TailErrors | Field::TailSlowerThan | Field::TailMaxSpans => "the default".to_owned(),
            Field::Certificate => file(&self.tls.certificate, "the system's roots"),
            Field::CertificateOf(signal) => file(&tls(Some(signal)).certificate, "the system's roots"),
            Field::ClientCertificate => file(&self.tls.client_certificate, "none"),
            Field::ClientCertificateOf(signal) => file(&tls(Some(signal)).client_certificate, "none"),
            Field::ClientKey => file(&self.tls.client_key, "none"),
            Field::ClientKeyOf(signal) => file(&tls(Some(signal)).client_key, "none"),
            Field::PrometheusListen | Field::PrometheusHost | Field::PrometheusPort => self
                .prometheus_listen
                .clone()
                .unwrap_or_else(|| "none".to_owned()),
            Field::ViewerListen => self.viewer_listen.clone().unwrap_or_else(|| "none".to_owned()),
            Field::FilePath => self.file.path.clone(),
            Field::FileMaxBytes => self.file.max_bytes.to_string(),
            Field::FileMaxFiles => self.file.max_files.to_string(),
            Field::MaxQueueBytes => self.max_queue_bytes.to_string(),
            Field::MaxRequestBytes => self.max_request_bytes.to_string(),
        }
    }

    fn sampler_name(&self) -> String {
        let parent = if self.parent_based { "parentbased_" } else { "" };
        if self.sampling_rate >= 1.0 {
            format!("{parent}always_on")
        } else if self.sampling_rate <= 0.0 {
            format!("{parent}always_off")
        } else {
            format!("{parent}traceidratio {}", self.sampling_rate)
        }
    }
}

fn headers(names: &str) -> String {
    if names.is_empty() {
        "no header".to_owned()
    } else {
        format!("the headers {names}")
    }
}
