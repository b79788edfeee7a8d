//! The keys of a file and the variables of the environment, and the field behind each.

use crate::config::fields::Field;
use crate::signal::Signal;

/// The keys of a file that begin so name a route.
pub(super) const RULES: &str = "sampling_rules.";

/// The keys of a file that begin so name an attribute of the resource.
pub(super) const RESOURCE: &str = "resource_attributes.";

/// The keys of a configuration file, in the order in which an error lists them: TaskWeaver's, TinyLLM's, Arch's, ours.
pub(super) const KEYS: &[(&str, Field)] = &[
    ("tracing.enabled", Field::Enabled),
    ("tracing.exporter", Field::Exporter),
    ("tracing.endpoint", Field::Endpoint),
    ("tracing.tokenizer_target_model", Field::TokenizerTargetModel),
    ("enable_tracing", Field::Enabled),
    ("service_name", Field::ServiceName),
    ("exporter", Field::Exporter),
    ("otlp_endpoint", Field::Endpoint),
    ("sampling_rate", Field::SamplingRate),
    ("random_sampling", Field::SamplingPercentage),
    ("protocol", Field::Protocol),
    ("compression", Field::Compression),
    ("propagators", Field::Propagators),
    ("attribute_value_length_limit", Field::AttributeValueLengthLimit),
    ("service_version", Field::ServiceVersion),
    ("startup_hook", Field::StartupHook),
    ("file.path", Field::FilePath),
    ("file.max_bytes", Field::FileMaxBytes),
    ("file.max_files", Field::FileMaxFiles),
    ("max_queue_bytes", Field::MaxQueueBytes),
    ("max_request_bytes", Field::MaxRequestBytes),
    ("metrics_exporter", Field::ExporterOf(Signal::Metrics)),
    ("logs_exporter", Field::ExporterOf(Signal::Logs)),
    ("prometheus.listen", Field::PrometheusListen),
    ("tail.errors", Field::TailErrors),
    ("tail.slower_than_ms", Field::TailSlowerThan),
    ("tail.max_spans", Field::TailMaxSpans),
    ("tls.certificate", Field::Certificate),
    ("tls.client_certificate", Field::ClientCertificate),
    ("tls.client_key", Field::ClientKey),
];

/// The variables that set one field each. A later one wins.
pub(super) const VARIABLES: &[(&str, Field)] = &[
    ("OTEL_RESOURCE_ATTRIBUTES", Field::ResourceAttributes),
    ("OTEL_SERVICE_NAME", Field::ServiceName),
    ("OTEL_TRACES_EXPORTER", Field::ExporterOf(Signal::Traces)),
    ("OTEL_METRICS_EXPORTER", Field::ExporterOf(Signal::Metrics)),
    ("OTEL_LOGS_EXPORTER", Field::ExporterOf(Signal::Logs)),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", Field::Endpoint),
    (
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        Field::EndpointOf(Signal::Traces),
    ),
    (
        "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
        Field::EndpointOf(Signal::Metrics),
    ),
    ("OTEL_EXPORTER_OTLP_PROTOCOL", Field::Protocol),
    (
        "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
        Field::ProtocolOf(Signal::Traces),
    ),
    (
        "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
        Field::ProtocolOf(Signal::Metrics),
    ),
    (
        "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
        Field::EndpointOf(Signal::Logs),
    ),
    (
        "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL",
        Field::ProtocolOf(Signal::Logs),
    ),
    ("OTEL_TRACES_SAMPLER", Field::Sampler),
    ("OTEL_PROPAGATORS", Field::Propagators),
    (
        "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
        Field::AttributeValueLengthLimit,
    ),
    (
        "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
        Field::AttributeValueLengthLimit,
    ),
    ("THROUGHLINE_STARTUP_HOOK", Field::StartupHook),
    ("OTEL_EXPORTER_PROMETHEUS_HOST", Field::PrometheusHost),
    ("OTEL_EXPORTER_PROMETHEUS_PORT", Field::PrometheusPort),
    ("OTEL_EXPORTER_OTLP_CERTIFICATE", Field::Certificate),
    ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", Field::ClientCertificate),
    ("OTEL_EXPORTER_OTLP_CLIENT_KEY", Field::ClientKey),
    ("OTEL_EXPORTER_OTLP_COMPRESSION", Field::Compression),
    (
        "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION",
        Field::CompressionOf(Signal::Traces),
    ),
    (
        "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE",
        Field::CertificateOf(Signal::Traces),
    ),
    (
        "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE",
        Field::ClientCertificateOf(Signal::Traces),
    ),
    (
        "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY",
        Field::ClientKeyOf(Signal::Traces),
    ),
    (
        "OTEL_EXPORTER_OTLP_METRICS_COMPRESSION",
        Field::CompressionOf(Signal::Metrics),
    ),
    (
        "OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE",
        Field::CertificateOf(Signal::Metrics),
    ),
    (
        "OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE",
        Field::ClientCertificateOf(Signal::Metrics),
    ),
    (
        "OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY",
        Field::ClientKeyOf(Signal::Metrics),
    ),
    (
        "OTEL_EXPORTER_OTLP_LOGS_COMPRESSION",
        Field::CompressionOf(Signal::Logs),
    ),
    (
        "OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE",
        Field::CertificateOf(Signal::Logs),
    ),
    (
        "OTEL_EXPORTER_OTLP_LOGS_CLIENT_CERTIFICATE",
        Field::ClientCertificateOf(Signal::Logs),
    ),
    (
        "OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY",
        Field::ClientKeyOf(Signal::Logs),
    ),
    ("THROUGHLINE_FILE_PATH", Field::FilePath),
    ("THROUGHLINE_MAX_QUEUE_BYTES", Field::MaxQueueBytes),
    ("THROUGHLINE_MAX_REQUEST_BYTES", Field::MaxRequestBytes),
    ("THROUGHLINE_TOKENIZER_TARGET_MODEL", Field::TokenizerTargetModel),
];

/// The variables that the SDK reads for itself, and ignores in silence if they are no whole number above 0.
pub(super) const COUNTS: &[&str] = &[
    "OTEL_BSP_SCHEDULE_DELAY",
    "OTEL_BSP_EXPORT_TIMEOUT",
    "OTEL_BSP_MAX_QUEUE_SIZE",
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
    "OTEL_BLRP_SCHEDULE_DELAY",
    "OTEL_BLRP_EXPORT_TIMEOUT",
    "OTEL_BLRP_MAX_QUEUE_SIZE",
    "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE",
    "OTEL_METRIC_EXPORT_INTERVAL",
    "OTEL_METRIC_EXPORT_TIMEOUT",
    "OTEL_EXPORTER_OTLP_TIMEOUT",
    "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
    "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT",
    "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT",
];

/// Those that may be 0.
pub(super) const LIMITS: &[&str] = &[
    "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_SPAN_EVENT_COUNT_LIMIT",
    "OTEL_SPAN_LINK_COUNT_LIMIT",
];

/// Those that hold secrets, as `name=value` with commas.
pub(super) const HEADERS: &[&str] = &[
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    "OTEL_EXPORTER_OTLP_METRICS_HEADERS",
    "OTEL_EXPORTER_OTLP_LOGS_HEADERS",
];
