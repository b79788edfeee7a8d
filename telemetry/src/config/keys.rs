//! The keys of a file and the variables of the environment, and the field behind each.

use crate::config::fields::Field;
use crate::signal::Signal;

/// The prefix of keys that name a route.
pub(super) const RULES: &str = "sampling_rules.";

/// The section of TaskWeaver's and Arch's keys.
pub(super) const TRACING: &str = "tracing.";
pub(super) const TRACING_ENABLED: &str = "tracing.enabled";
pub(super) const TRACING_SAMPLING: &str = "tracing.random_sampling";

/// Arch's listeners, a list or a map, each of which can have a section `tracing`.
pub(super) const LISTENERS: &str = "listeners";

/// The prefix of keys that name an attribute of the resource.
pub(super) const RESOURCE: &str = "resource_attributes.";

/// The keys of a configuration file, in the order in which errors list them: TaskWeaver's, TinyLLM's,
/// Arch's, our own.
pub(super) const KEYS: &[(&str, Field)] = &[
    (TRACING_ENABLED, Field::Enabled),
    ("tracing.exporter", Field::Exporter),
    ("tracing.endpoint", Field::Endpoint),
    ("tracing.tokenizer_target_model", Field::TokenizerTargetModel),
    ("tracing.service_name", Field::ServiceName),
    (TRACING_SAMPLING, Field::SamplingPercentage),
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
    ("self_metrics", Field::SelfMetrics),
    ("metrics_exporter", Field::ExporterOf(Signal::Metrics)),
    ("logs_exporter", Field::ExporterOf(Signal::Logs)),
    ("prometheus.listen", Field::PrometheusListen),
    ("viewer.listen", Field::ViewerListen),
    ("tail.errors", Field::TailErrors),
    ("tail.slower_than_ms", Field::TailSlowerThan),
    ("tail.max_spans", Field::TailMaxSpans),
    ("tls.certificate", Field::Certificate),
    ("tls.client_certificate", Field::ClientCertificate),
    ("tls.client_key", Field::ClientKey),
];

/// The variables that set one field each. A later row takes precedence.
#[rustfmt::skip]
pub(super) const VARIABLES: &[(&str, Field)] = &[
    ("OTEL_RESOURCE_ATTRIBUTES", Field::ResourceAttributes),
    ("OTEL_SERVICE_NAME", Field::ServiceName),
    ("OTEL_TRACES_EXPORTER", Field::ExporterOf(Signal::Traces)),
    ("OTEL_METRICS_EXPORTER", Field::ExporterOf(Signal::Metrics)),
    ("OTEL_LOGS_EXPORTER", Field::ExporterOf(Signal::Logs)),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", Field::Endpoint),
    ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", Field::EndpointOf(Signal::Traces)),
    ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", Field::EndpointOf(Signal::Metrics)),
    ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", Field::EndpointOf(Signal::Logs)),
    ("OTEL_EXPORTER_OTLP_PROTOCOL", Field::Protocol),
    ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", Field::ProtocolOf(Signal::Traces)),
    ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", Field::ProtocolOf(Signal::Metrics)),
    ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", Field::ProtocolOf(Signal::Logs)),
    ("OTEL_EXPORTER_OTLP_HEADERS", Field::Headers),
    ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", Field::HeadersOf(Signal::Traces)),
    ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", Field::HeadersOf(Signal::Metrics)),
    ("OTEL_EXPORTER_OTLP_LOGS_HEADERS", Field::HeadersOf(Signal::Logs)),
    ("OTEL_EXPORTER_OTLP_TIMEOUT", Field::Timeout),
    ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", Field::TimeoutOf(Signal::Traces)),
    ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", Field::TimeoutOf(Signal::Metrics)),
    ("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", Field::TimeoutOf(Signal::Logs)),
    ("OTEL_EXPORTER_OTLP_COMPRESSION", Field::Compression),
    ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", Field::CompressionOf(Signal::Traces)),
    ("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", Field::CompressionOf(Signal::Metrics)),
    ("OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", Field::CompressionOf(Signal::Logs)),
    ("OTEL_EXPORTER_OTLP_CERTIFICATE", Field::Certificate),
    ("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", Field::CertificateOf(Signal::Traces)),
    ("OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE", Field::CertificateOf(Signal::Metrics)),
    ("OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE", Field::CertificateOf(Signal::Logs)),
    ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", Field::ClientCertificate),
    ("OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", Field::ClientCertificateOf(Signal::Traces)),
    ("OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE", Field::ClientCertificateOf(Signal::Metrics)),
    ("OTEL_EXPORTER_OTLP_LOGS_CLIENT_CERTIFICATE", Field::ClientCertificateOf(Signal::Logs)),
    ("OTEL_EXPORTER_OTLP_CLIENT_KEY", Field::ClientKey),
    ("OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", Field::ClientKeyOf(Signal::Traces)),
    ("OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY", Field::ClientKeyOf(Signal::Metrics)),
    ("OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY", Field::ClientKeyOf(Signal::Logs)),
    ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", Field::MetricTemporality),
    ("OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", Field::HistogramBuckets),
    ("OTEL_LOG_LEVEL", Field::LogLevel),
    ("OTEL_TRACES_SAMPLER", Field::Sampler),
    ("OTEL_PROPAGATORS", Field::Propagators),
    ("OTEL_BSP_SCHEDULE_DELAY", Field::Interval(Signal::Traces)),
    ("OTEL_BSP_EXPORT_TIMEOUT", Field::ExportTimeout(Signal::Traces)),
    ("OTEL_BSP_MAX_QUEUE_SIZE", Field::MaxQueueSize(Signal::Traces)),
    ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", Field::MaxExportBatchSize(Signal::Traces)),
    ("OTEL_BLRP_SCHEDULE_DELAY", Field::Interval(Signal::Logs)),
    ("OTEL_BLRP_EXPORT_TIMEOUT", Field::ExportTimeout(Signal::Logs)),
    ("OTEL_BLRP_MAX_QUEUE_SIZE", Field::MaxQueueSize(Signal::Logs)),
    ("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", Field::MaxExportBatchSize(Signal::Logs)),
    ("OTEL_METRIC_EXPORT_INTERVAL", Field::Interval(Signal::Metrics)),
    ("OTEL_METRIC_EXPORT_TIMEOUT", Field::ExportTimeout(Signal::Metrics)),
    ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", Field::AttributeValueLengthLimit),
    ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", Field::AttributeValueLengthLimit),
    ("OTEL_ATTRIBUTE_COUNT_LIMIT", Field::SpanAttributeCount),
    ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", Field::SpanAttributeCount),
    ("OTEL_SPAN_EVENT_COUNT_LIMIT", Field::SpanEventCount),
    ("OTEL_SPAN_LINK_COUNT_LIMIT", Field::SpanLinkCount),
    ("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", Field::EventAttributeCount),
    ("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", Field::LinkAttributeCount),
    ("OTEL_EXPORTER_PROMETHEUS_HOST", Field::PrometheusHost),
    ("OTEL_EXPORTER_PROMETHEUS_PORT", Field::PrometheusPort),
    ("THROUGHLINE_STARTUP_HOOK", Field::StartupHook),
    ("THROUGHLINE_FILE_PATH", Field::FilePath),
    ("THROUGHLINE_MAX_QUEUE_BYTES", Field::MaxQueueBytes),
    ("THROUGHLINE_MAX_REQUEST_BYTES", Field::MaxRequestBytes),
    ("THROUGHLINE_SELF_METRICS", Field::SelfMetrics),
    ("THROUGHLINE_TOKENIZER_TARGET_MODEL", Field::TokenizerTargetModel),
    ("THROUGHLINE_VIEWER_LISTEN", Field::ViewerListen),
];

/// The variable with the path of the configuration file. The file is read before the variables.
pub(super) const CONFIG: &str = "THROUGHLINE_CONFIG";

/// The variable with the path of a declarative configuration. It replaces all other variables.
pub(super) const CONFIG_FILE: &str = "OTEL_CONFIG_FILE";

/// The Boolean variables that set more than one field or none.
pub(super) const ENABLED: &str = "THROUGHLINE_ENABLED";
pub(super) const STRICT: &str = "THROUGHLINE_STRICT";
pub(super) const DISABLED: &str = "OTEL_SDK_DISABLED";
pub(super) const SAMPLER: &str = "OTEL_TRACES_SAMPLER";
pub(super) const SAMPLER_ARG: &str = "OTEL_TRACES_SAMPLER_ARG";

/// The variables that make endpoints without a scheme unencrypted.
pub(super) const INSECURE: &str = "OTEL_EXPORTER_OTLP_INSECURE";
pub(super) const INSECURE_OF: &[(&str, Signal)] = &[
    ("OTEL_EXPORTER_OTLP_TRACES_INSECURE", Signal::Traces),
    ("OTEL_EXPORTER_OTLP_METRICS_INSECURE", Signal::Metrics),
    ("OTEL_EXPORTER_OTLP_LOGS_INSECURE", Signal::Logs),
];

/// A variable of the specification that is not supported.
#[derive(Debug)]
pub(super) struct Unsupported {
    pub(super) variable: &'static str,
    /// The value that is equivalent to an unset variable.
    pub(super) harmless: &'static str,
    pub(super) reason: &'static str,
    pub(super) used: &'static str,
}

#[rustfmt::skip]
pub(super) const UNSUPPORTED: &[Unsupported] = &[
    Unsupported {
        variable: "OTEL_EXPERIMENTAL_CONFIG_FILE",
        harmless: "",
        reason: "the variable is deprecated; use OTEL_CONFIG_FILE",
        used: "the other variables",
    },
    Unsupported {
        variable: "OTEL_ENTITIES",
        harmless: "",
        reason: "the SDK does not support entities; OTEL_RESOURCE_ATTRIBUTES describes the resource",
        used: "none",
    },
    Unsupported {
        variable: "OTEL_METRICS_EXEMPLAR_FILTER",
        harmless: "always_off",
        reason: "the SDK does not record exemplars",
        used: "always_off",
    },
    Unsupported {
        variable: "OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT",
        harmless: "",
        reason: "the SDK has no limits for log records",
        used: "no limit",
    },
    Unsupported {
        variable: "OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT",
        harmless: "",
        reason: "the SDK has no limits for log records",
        used: "no limit",
    },
];

/// A variable that a layer or the console reads for itself. It is only checked with the others, because the
/// reader has no way to report a warning.
#[derive(Debug)]
pub(super) struct CheckedVariable {
    pub(super) variable: &'static str,
    /// In lower case.
    pub(super) values: &'static [&'static str],
    /// The prefixes of values that end in a list of names.
    pub(super) before_names: &'static [&'static str],
    pub(super) is_list: bool,
    pub(super) accepted: &'static str,
    pub(super) used: &'static str,
}

impl CheckedVariable {
    /// Whether the variable accepts a value, which must be in lower case.
    pub(super) fn accepts(&self, value: &str) -> bool {
        let has_names = |names: &str| names.split(',').any(|name| !name.trim().is_empty());
        let mut before_names = self.before_names.iter();
        self.values.contains(&value)
            || before_names.any(|before| value.strip_prefix(before).is_some_and(has_names))
    }
}

#[rustfmt::skip]
pub(super) const CHECKED_VARIABLES: &[CheckedVariable] = &[
    CheckedVariable {
        variable: "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT",
        values: &["no_content", "span_only", "event_only", "span_and_event", "true", "false"],
        before_names: &[],
        is_list: false,
        accepted: r#""NO_CONTENT", "SPAN_ONLY", "EVENT_ONLY" or "SPAN_AND_EVENT""#,
        used: "NO_CONTENT",
    },
    // Other instrumentation in the program reads the same list.
    CheckedVariable {
        variable: "OTEL_SEMCONV_STABILITY_OPT_IN",
        values: &[
            "gen_ai", "gen_ai/dup", "gen_ai_latest_experimental", "gen_ai_latest_experimental/dup",
            "http", "http/dup", "rpc", "rpc/dup", "database", "database/dup", "messaging", "messaging/dup",
            "code", "code/dup", "k8s", "k8s/dup",
        ],
        before_names: &[],
        is_list: true,
        accepted: r#""gen_ai", "gen_ai/dup", "gen_ai_latest_experimental" or "gen_ai_latest_experimental/dup"; "http", "rpc", "database", "messaging", "code" and "k8s", also with "/dup", have no effect here"#,
        used: "gen_ai_latest_experimental",
    },
    CheckedVariable {
        variable: "THROUGHLINE_URL_QUERY",
        values: &["redacted", "all-but-secrets"],
        before_names: &["only:", "all-but:"],
        is_list: false,
        accepted: r#""redacted", "only:page,limit", "all-but-secrets" or "all-but:cursor""#,
        used: "redacted",
    },
    CheckedVariable {
        variable: "THROUGHLINE_CONSOLE",
        values: &["details", "ascii"],
        before_names: &[],
        is_list: true,
        accepted: r#""details" or "ascii", or both with a comma between them"#,
        used: "no change of the page",
    },
];
