//! Code can set whatever a variable can set, and wins over it.

use std::time::Duration;

use crate::config::fields::Field;
use crate::config::keys::VARIABLES;
use crate::config::overlay::Overlay;
use crate::config::tests::variables_of;
use crate::config::{
    Compression, Exporter, HistogramBuckets, MetricTemporality, OtlpTarget, Propagator, Protocol,
    SignalConfig, SpanLimits, TelemetryConfig, TlsConfig,
};
use crate::log_level::LogLevel;
use crate::signal::Signal;

/// Returns a value of a variable that is not its default.
fn value(field: Field) -> &'static str {
    match field {
        Field::ResourceAttributes => "team=a",
        Field::ServiceName => "shop",
        Field::Exporter | Field::ExporterOf(_) => "file",
        Field::Endpoint | Field::EndpointOf(_) => "http://collector:4318/otel",
        Field::Protocol | Field::ProtocolOf(_) => "http/json",
        Field::Headers | Field::HeadersOf(_) => "api-key=1",
        Field::Timeout | Field::TimeoutOf(_) | Field::ExportTimeout(_) => "3000",
        Field::Compression | Field::CompressionOf(_) => "gzip",
        Field::Certificate | Field::CertificateOf(_) => "root.pem",
        Field::ClientCertificate | Field::ClientCertificateOf(_) => "client.pem",
        Field::ClientKey | Field::ClientKeyOf(_) => "client.key",
        Field::MetricTemporality => "delta",
        Field::HistogramBuckets => "base2_exponential_bucket_histogram",
        Field::LogLevel => "error",
        Field::Sampler => "always_off",
        Field::Propagators => "b3",
        Field::PrometheusHost => "localhost",
        Field::PrometheusPort => "9000",
        Field::PrometheusListen | Field::ViewerListen => "127.0.0.1:9000",
        Field::StartupHook => "hook",
        Field::FilePath => "a.jsonl",
        Field::Enabled | Field::SelfMetrics | Field::TailErrors => "true",
        Field::TokenizerTargetModel => "gpt-4",
        Field::SamplingRate => "0.5",
        Field::SamplingPercentage => "50",
        Field::ServiceVersion => "1.2",
        Field::Interval(_)
        | Field::MaxQueueSize(_)
        | Field::MaxExportBatchSize(_)
        | Field::SpanAttributeCount
        | Field::SpanEventCount
        | Field::SpanLinkCount
        | Field::EventAttributeCount
        | Field::LinkAttributeCount
        | Field::AttributeValueLengthLimit
        | Field::TailSlowerThan
        | Field::TailMaxSpans
        | Field::FileMaxBytes
        | Field::FileMaxFiles
        | Field::MaxQueueBytes
        | Field::MaxRequestBytes => "77",
    }
}

/// Sets the value of a variable in code.
fn set(config: TelemetryConfig, field: Field) -> TelemetryConfig {
    const ENDPOINT: &str = "http://collector:4318/otel";
    const MILLIS: Duration = Duration::from_millis(77);
    const TIMEOUT: Duration = Duration::from_secs(3);
    let own = SignalConfig::default;
    let limits = SpanLimits::default;
    let tls = |certificate: Option<&str>, client: Option<&str>, key: Option<&str>| TlsConfig {
        certificate: certificate.map(str::to_owned),
        client_certificate: client.map(str::to_owned),
        client_key: key.map(str::to_owned),
    };
    match field {
        Field::ResourceAttributes => config.with_resource_attribute("team", "a"),
        Field::ServiceName => config.with_service_name("shop"),
        Field::ExporterOf(Signal::Traces) => config.with_traces_exporter(Exporter::File),
        Field::ExporterOf(Signal::Metrics) => config.with_metrics_exporter(Exporter::File),
        Field::ExporterOf(Signal::Logs) => config.with_logs_exporter(Exporter::File),
        Field::Endpoint => config.with_endpoint(ENDPOINT),
        Field::EndpointOf(signal) => config.with_signal(signal, own().with_endpoint(ENDPOINT)),
        Field::Protocol => config.with_protocol(Protocol::HttpJson),
        Field::ProtocolOf(signal) => config.with_signal(signal, own().with_protocol(Protocol::HttpJson)),
        Field::Headers => config.with_header("api-key", "1"),
        Field::HeadersOf(signal) => config.with_signal(signal, own().with_header("api-key", "1")),
        Field::Timeout => config.with_timeout(TIMEOUT),
        Field::TimeoutOf(signal) | Field::ExportTimeout(signal) => {
            config.with_signal(signal, own().with_timeout(TIMEOUT))
        }
        Field::Compression => config.with_compression(Compression::Gzip),
        Field::CompressionOf(signal) => config.with_signal(signal, own().with_compression(Compression::Gzip)),
        Field::Certificate => config.with_tls(tls(Some("root.pem"), None, None)),
        Field::CertificateOf(signal) => {
            config.with_signal(signal, own().with_tls(tls(Some("root.pem"), None, None)))
        }
        Field::ClientCertificate => config.with_tls(tls(None, Some("client.pem"), None)),
        Field::ClientCertificateOf(signal) => {
            config.with_signal(signal, own().with_tls(tls(None, Some("client.pem"), None)))
        }
        Field::ClientKey => config.with_tls(tls(None, None, Some("client.key"))),
        Field::ClientKeyOf(signal) => {
            config.with_signal(signal, own().with_tls(tls(None, None, Some("client.key"))))
        }
        Field::MetricTemporality => config.with_temporality(MetricTemporality::Delta),
        Field::HistogramBuckets => config.with_histogram_buckets(HistogramBuckets::Exponential),
        Field::LogLevel => config.with_log_level(LogLevel::Error),
        Field::Sampler => config.with_sampling_rate(0.0).with_parent_based(false),
        Field::Propagators => config.with_propagators([Propagator::B3]),
        Field::Interval(signal) => config.with_signal(signal, own().with_interval(MILLIS)),
        Field::MaxQueueSize(signal) => config.with_signal(signal, own().with_max_queue_size(77)),
        Field::MaxExportBatchSize(signal) => config.with_signal(signal, own().with_max_export_batch_size(77)),
        Field::AttributeValueLengthLimit => config.with_attribute_value_length_limit(77),
        Field::SpanAttributeCount => config.with_span_limits(limits().with_attributes(77)),
        Field::SpanEventCount => config.with_span_limits(limits().with_events(77)),
        Field::SpanLinkCount => config.with_span_limits(limits().with_links(77)),
        Field::EventAttributeCount => config.with_span_limits(limits().with_attributes_per_event(77)),
        Field::LinkAttributeCount => config.with_span_limits(limits().with_attributes_per_link(77)),
        Field::PrometheusHost => config.with_prometheus_listen(Some("localhost:9464")),
        Field::PrometheusPort => config.with_prometheus_listen(Some("127.0.0.1:9000")),
        Field::ViewerListen => config.with_viewer_listen(Some("127.0.0.1:9000")),
        Field::StartupHook => config.with_startup_hook(|builders| builders),
        Field::FilePath => {
            let file = config.file.clone().with_path("a.jsonl");
            config.with_file(file)
        }
        Field::MaxQueueBytes => config.with_max_queue_bytes(77),
        Field::MaxRequestBytes => config.with_max_request_bytes(77),
        Field::SelfMetrics => config.with_self_metrics(true),
        Field::TokenizerTargetModel => config.with_tokenizer_target_model("gpt-4"),
        other => panic!("no variable sets {other:?}"),
    }
}

/// Everything that a variable can change, apart from the choice of exporters that an endpoint implies.
fn effects(config: &TelemetryConfig) -> Vec<String> {
    let targets = Signal::ALL.map(|signal| {
        let target = OtlpTarget::new(config, signal).expect("an endpoint");
        let OtlpTarget {
            protocol,
            url,
            compression,
            tls,
            ..
        } = &target;
        let headers: Vec<(String, String)> = target.headers.parsed().expect("headers");
        let timeout = config.timeout(signal);
        format!("{signal}: {protocol:?} {url} {compression:?} {tls:?} {headers:?} {timeout:?}")
    });
    let others = format!(
        "{:?} {}",
        config.resource_attributes,
        config.startup_hook.is_some()
    );
    // The headers are those of the targets.
    let fields = VARIABLES
        .iter()
        .filter(|(_, field)| !matches!(field, Field::Headers | Field::HeadersOf(_)))
        // In code, the timeout of an export is that of a delivery.
        .filter(|(_, field)| !matches!(field, Field::ExportTimeout(_)));
    targets
        .into_iter()
        .chain([others])
        .chain(fields.map(|(variable, field)| format!("{variable}: {}", config.effective(*field))))
        .collect()
}

/// Telemetry is on, and its exporters are chosen, so that a variable changes only its own field.
fn base() -> TelemetryConfig {
    let named = [
        "OTEL_TRACES_EXPORTER",
        "OTEL_METRICS_EXPORTER",
        "OTEL_LOGS_EXPORTER",
    ];
    let named = named.map(|variable| (variable, "otlp"));
    TelemetryConfig::from_vars(named).expect("accepted")
}

#[test]
fn code_can_set_whatever_a_variable_can_set() {
    let before = effects(&base());
    for (variable, field) in VARIABLES {
        let named = [
            "OTEL_TRACES_EXPORTER",
            "OTEL_METRICS_EXPORTER",
            "OTEL_LOGS_EXPORTER",
        ];
        let mut all: Vec<(&str, &str)> = named.map(|variable| (variable, "otlp")).to_vec();
        all.retain(|(other, _)| other != variable);
        all.push((variable, value(*field)));
        let by_variable = TelemetryConfig::from_vars(all).expect("accepted");
        let by_code = effects(&set(base(), *field));
        assert_eq!(by_code, effects(&by_variable), "{variable}");
        assert_ne!(by_code, before, "{variable} changes something");
    }
}

/// `init` reads the variables of the SDK even if telemetry is configured in code.
#[test]
fn code_wins_over_the_variables_of_the_sdk() {
    let is_sdk = |field: &Field| field.is_read_by_sdk();
    for (variable, field) in VARIABLES.iter().filter(|(_, field)| is_sdk(field)) {
        let other = match field {
            Field::Headers | Field::HeadersOf(_) => "api-key=2",
            Field::MetricTemporality => "lowmemory",
            _ => "55",
        };
        let code = set(TelemetryConfig::default(), *field);
        let expected = effects(&code);
        let variables = variables_of(&[(variable, other)]);
        let read = Overlay::new(code, &variables, false)
            .apply_sdk_variables()
            .expect("accepted");
        assert_eq!(effects(&read), expected, "{variable}={other}");
        assert_eq!(read.ignored_variables(), [], "{variable}={other}");

        let read = Overlay::new(TelemetryConfig::default(), &variables, false)
            .apply_sdk_variables()
            .expect("accepted");
        let default = effects(&TelemetryConfig::default());
        assert_ne!(effects(&read), default, "{variable}={other} without code");
    }
}

/// Settings of a signal add up.
#[test]
fn the_settings_of_a_signal_are_merged() {
    let config = TelemetryConfig::default()
        .with_timeout(Duration::from_secs(4))
        .with_header("a", "1")
        .with_header("b", "1")
        .with_signal(Signal::Logs, SignalConfig::default().with_header("b", "2"))
        .with_signal(
            Signal::Logs,
            SignalConfig::default()
                .with_header("c", "3")
                .with_timeout(Duration::ZERO),
        );
    let headers = |signal| {
        let headers: Vec<(String, String)> = config.headers(signal).parsed().expect("headers");
        headers
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(headers(Signal::Logs), ["a=1", "b=2", "c=3"], "logs");
    assert_eq!(headers(Signal::Traces), ["a=1", "b=1"], "traces");
    let no_limit = Duration::from_millis(i32::MAX as u64);
    assert_eq!(config.timeout(Signal::Logs), no_limit, "zero is no limit");
    assert_eq!(
        config.timeout(Signal::Traces),
        Duration::from_secs(4),
        "the common one"
    );
}

#[test]
fn settings_of_code_are_checked() {
    let interval = |interval| SignalConfig::default().with_interval(interval);
    for (settings, expected) in [
        (
            interval(Duration::ZERO),
            "interval of metrics = \"0ns\" is not accepted: use an interval from 1 ms to 2147483647 ms",
        ),
        (
            SignalConfig::default().with_max_queue_size(0),
            "max_queue_size of metrics = \"0\" is not accepted: use a whole number from 1 to 1000000",
        ),
        (
            SignalConfig::default().with_max_export_batch_size(1_000_001),
            "max_export_batch_size of metrics = \"1000001\" is not accepted: use a whole number from 1 to 1000000",
        ),
        (
            SignalConfig::default().with_endpoint("collector"),
            "endpoint = \"collector\" is not accepted: use a URL such as http://127.0.0.1:4317 (gRPC) or \
             http://127.0.0.1:4318 (HTTP)",
        ),
    ] {
        let config = TelemetryConfig::default().with_signal(Signal::Metrics, settings);
        let error = config.check().expect_err(expected);
        assert_eq!(error.to_string(), expected, "the message");
    }
}
