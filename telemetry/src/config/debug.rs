//! The debug form of a configuration, without secrets.
//!
//! It is not derived, because each new field needs a decision: a URL or a resource attribute may contain a
//! secret.

use std::collections::BTreeMap;
use std::fmt;

use throughline_tracing_layer::redaction::{REDACTED, is_secret_name, redact, redact_url};

use super::{SignalConfig, TelemetryConfig};

impl fmt::Debug for TelemetryConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |text: &Option<String>| text.as_deref().map(|text| redact(text).into_owned());
        let attributes: BTreeMap<_, _> = self
            .resource_attributes
            .iter()
            .map(|(name, value)| match is_secret_name(name) {
                true => (name.as_str(), REDACTED.into()),
                false => (name.as_str(), redact(value)),
            })
            .collect();
        f.debug_struct("TelemetryConfig")
            .field("enabled", &self.enabled)
            .field("service_name", &text(&self.service_name))
            .field("exporter", &self.exporter)
            .field("endpoint", &self.endpoint.as_deref().map(redact_url))
            .field("protocol", &self.protocol)
            .field("compression", &self.compression)
            .field("sampling_rate", &self.sampling_rate)
            .field("parent_based", &self.parent_based)
            .field("tokenizer_target_model", &self.tokenizer_target_model)
            .field("propagators", &self.propagators)
            .field("attribute_value_length_limit", &self.attribute_value_length_limit)
            .field("service_version", &text(&self.service_version))
            .field("resource_attributes", &attributes)
            .field("sampling_rules", &self.sampling_rules)
            .field("tail", &self.tail)
            .field("tls", &self.tls)
            .field("file", &self.file)
            .field(
                "prometheus_listen",
                &self.prometheus_listen.as_deref().map(redact_url),
            )
            .field("viewer_listen", &self.viewer_listen.as_deref().map(redact_url))
            .field("max_queue_bytes", &self.max_queue_bytes)
            .field("max_request_bytes", &self.max_request_bytes)
            .field("headers", &self.headers)
            .field("variable_headers", &self.variable_headers)
            .field("sdk", &self.sdk)
            .field("startup_hook", &self.startup_hook)
            .field("signals", &self.signals)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for SignalConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignalConfig")
            .field("exporter", &self.exporter)
            .field("endpoint", &self.endpoint.as_deref().map(redact_url))
            .field("protocol", &self.protocol)
            .field("compression", &self.compression)
            .field("tls", &self.tls)
            .field("headers", &self.headers)
            .field("timeout", &self.timeout)
            .field("interval", &self.interval)
            .field("max_queue_size", &self.max_queue_size)
            .field("max_export_batch_size", &self.max_export_batch_size)
            .finish_non_exhaustive()
    }
}
