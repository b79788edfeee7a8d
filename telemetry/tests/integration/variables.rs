//! What the SDK would read from the environment by itself: a bad value has no effect, and a good one has.
//!
//! The environment is the process's, so another process exports: these tests, begun again with variables.

use std::io::Read;
use std::process::{Command, Output};

use opentelemetry::logs::{LogRecord, Logger, LoggerProvider};
use opentelemetry::metrics::MeterProvider;
use opentelemetry::trace::{Span, Tracer, TracerProvider};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use throughline_telemetry::{Telemetry, TelemetryConfig, init, init_from_env};

use crate::TEST_TIMEOUT;
use crate::collector::{Answer, Collector};

const CHILD: &str = "THROUGHLINE_TEST_CHILD";
const SPANS: usize = 20;

/// What arrived at the collector.
#[derive(Debug, PartialEq, Eq)]
struct Arrived {
    spans: usize,
    /// Of the first span.
    attributes: usize,
    events: usize,
    logs: usize,
    /// The collections of metrics; at most so many, since a flush is one.
    is_metric_export_rare: bool,
    /// As OTLP numbers them: 1 is delta, 2 is cumulative.
    temporality: i32,
    /// Whether histograms have exponential buckets.
    is_exponential: bool,
    is_zipped: bool,
    service: String,
}

impl Arrived {
    fn as_usual() -> Self {
        Self {
            spans: SPANS,
            attributes: 2,
            events: 2,
            logs: 1,
            is_metric_export_rare: true,
            temporality: 2,
            is_exponential: false,
            is_zipped: false,
            service: "shop".into(),
        }
    }

    fn at(collector: &Collector) -> Self {
        let requests = collector.requests();
        let bodies = |path: &str| {
            let head = format!("POST /v1/{path} ");
            let of_path = requests
                .iter()
                .filter(move |request| request.head.starts_with(&head));
            of_path
                .map(|request| {
                    let mut body = request.body.clone();
                    if request.head.contains("content-encoding: gzip\r\n") {
                        body.clear();
                        let mut decoder = flate2::read::GzDecoder::new(&*request.body);
                        decoder.read_to_end(&mut body).expect("gzip");
                    }
                    body
                })
                .collect::<Vec<_>>()
        };
        let traces = bodies("traces").into_iter().flat_map(|body| {
            let request: ExportTraceServiceRequest = serde_json::from_slice(&body).expect("OTLP/JSON");
            request.resource_spans
        });
        let traces: Vec<_> = traces.collect();
        let service = traces
            .iter()
            .flat_map(|traces| &traces.resource)
            .flat_map(|it| &it.attributes);
        let mut service = service
            .filter(|attribute| attribute.key == "service.name")
            .map(|it| format!("{:?}", it.value));
        let service = service.next_back().unwrap_or_default();
        let spans = traces
            .iter()
            .flat_map(|traces| &traces.scope_spans)
            .flat_map(|scope| &scope.spans);
        let spans: Vec<_> = spans.collect();
        let logs = bodies("logs").into_iter().flat_map(|body| {
            let request: ExportLogsServiceRequest = serde_json::from_slice(&body).expect("OTLP/JSON");
            request.resource_logs
        });
        let logs = logs
            .flat_map(|logs| logs.scope_logs)
            .map(|scope| scope.log_records.len())
            .sum();
        let metrics = bodies("metrics");
        let data: Vec<Data> = metrics
            .iter()
            .flat_map(|body| {
                let request: ExportMetricsServiceRequest = serde_json::from_slice(body).expect("OTLP/JSON");
                request.resource_metrics
            })
            .flat_map(|metrics| metrics.scope_metrics)
            .flat_map(|scope| scope.metrics)
            .filter_map(|metric| metric.data)
            .collect();
        let temporality = data.iter().find_map(|data| match data {
            Data::Sum(sum) => Some(sum.aggregation_temporality),
            _ => None,
        });
        Self {
            spans: spans.len(),
            attributes: spans.first().map_or(0, |span| span.attributes.len()),
            events: spans.first().map_or(0, |span| span.events.len()),
            logs,
            is_metric_export_rare: metrics.len() <= 3,
            temporality: temporality.unwrap_or_default(),
            is_exponential: data
                .iter()
                .any(|data| matches!(data, Data::ExponentialHistogram(_))),
            is_zipped: requests
                .iter()
                .any(|request| request.head.contains("content-encoding: ")),
            service: if service.contains("\"shop\"") {
                "shop".into()
            } else {
                service
            },
        }
    }
}

/// Runs a test of this file in a process with these variables, and sends its telemetry to a collector.
fn child(test: &str, vars: &[(&str, &str)]) -> (Collector, Output) {
    let collector = Collector::start(Answer::Accept);
    let output = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", &format!("variables::{test}"), "--nocapture"])
        .env(CHILD, "1")
        .env(
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            format!("http://{}", collector.address),
        )
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")
        .env("OTEL_SERVICE_NAME", "shop")
        .envs(vars.iter().copied())
        .output()
        .expect("run");
    (collector, output)
}

/// Spans one by one, each delivered; a counter; a log record.
fn record_all_signals(telemetry: Telemetry) {
    let tracer = telemetry.tracer_provider().expect("traces").tracer("test");
    let meter = telemetry.meter_provider().expect("metrics").meter("test");
    let counter = meter.u64_counter("calls").build();
    meter.f64_histogram("duration").build().record(0.3, &[]);
    for _ in 0..SPANS {
        counter.add(1, &[]);
        let mut span = tracer.start("work");
        span.set_attributes([KeyValue::new("a", 1), KeyValue::new("b", 2)]);
        span.add_event("first", Vec::new());
        span.add_event("second", Vec::new());
        span.end();
        telemetry
            .tracer_provider()
            .expect("traces")
            .force_flush()
            .expect("delivered");
    }
    let logger = telemetry.logger_provider().expect("logs");
    let logger = logger.logger_with_scope(InstrumentationScope::builder("test").build());
    let mut log = logger.create_log_record();
    log.set_body("hello".into());
    logger.emit(log);
    telemetry.shutdown_within(TEST_TIMEOUT).expect("delivered");
}

#[test]
fn a_bad_value_has_no_effect() {
    if std::env::var_os(CHILD).is_some() {
        return record_all_signals(init_from_env().expect("started"));
    }
    for (variable, value) in [
        ("OTEL_METRIC_EXPORT_INTERVAL", "0"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "-1"),
        ("OTEL_METRIC_EXPORT_TIMEOUT", "soon"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "18446744073709551615"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "0"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "18446744073709551615"),
        ("OTEL_BSP_SCHEDULE_DELAY", "0"),
        ("OTEL_BSP_SCHEDULE_DELAY", "18446744073709551615"),
        ("OTEL_BSP_EXPORT_TIMEOUT", "-1"),
        ("OTEL_BLRP_MAX_QUEUE_SIZE", "0"),
        ("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "0"),
        ("OTEL_BLRP_SCHEDULE_DELAY", "0"),
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "-1"),
        ("OTEL_SPAN_EVENT_COUNT_LIMIT", "none"),
        ("OTEL_SPAN_LINK_COUNT_LIMIT", "1.5"),
        ("OTEL_TRACES_SAMPLER", "jaeger_remote"),
        ("OTEL_TRACES_SAMPLER", "ALWAYS_OF"),
        ("OTEL_PROPAGATORS", "ottrace"),
        ("OTEL_TRACES_EXPORTER", "zipkin"),
        ("OTEL_SDK_DISABLED", "1"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "-1"),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "0.5"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"),
        ("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "brotli"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/xml"),
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "collector"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "Bearer SECRET"),
        ("OTEL_EXPORTER_OTLP_INSECURE", "1"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/nowhere/ca.pem"),
        ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "/nowhere/key.pem"),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "low_memory"),
        (
            "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
            "exponential",
        ),
        ("OTEL_RESOURCE_ATTRIBUTES", "service.name=other,nonsense"),
        ("OTEL_LOG_LEVEL", "loud"),
    ] {
        let case = format!("{variable}={value}");
        let (collector, output) = child("a_bad_value_has_no_effect", &[(variable, value)]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{case}: {stderr}");
        assert_eq!(
            Arrived::at(&collector),
            Arrived::as_usual(),
            "{case}: as if it were not set"
        );
        let warnings: Vec<_> = stderr
            .lines()
            .filter(|line| line.contains("is ignored: "))
            .collect();
        let [warning] = warnings.as_slice() else {
            panic!("{case}: one warning, not {stderr}");
        };
        assert!(
            warning.starts_with(&format!("throughline: {variable} = \"")),
            "{case}: {warning}"
        );
        assert!(!stderr.contains("SECRET"), "{case}: {stderr}");
    }
}

#[test]
fn a_good_value_has_its_effect() {
    if std::env::var_os(CHILD).is_some() {
        return record_all_signals(init_from_env().expect("started"));
    }
    let usual = Arrived::as_usual;
    for (vars, expected) in [
        (
            &[("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", " 1 ")][..],
            Arrived {
                attributes: 1,
                ..usual()
            },
        ),
        (
            &[("OTEL_ATTRIBUTE_COUNT_LIMIT", "1")],
            Arrived {
                attributes: 1,
                ..usual()
            },
        ),
        (
            &[("OTEL_SPAN_EVENT_COUNT_LIMIT", "1")],
            Arrived { events: 1, ..usual() },
        ),
        (
            &[("OTEL_EXPORTER_OTLP_COMPRESSION", "GZip")],
            Arrived {
                is_zipped: true,
                ..usual()
            },
        ),
        (
            &[("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "DELTA")],
            Arrived {
                temporality: 1,
                ..usual()
            },
        ),
        (
            &[(
                "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
                "Base2_Exponential_Bucket_Histogram",
            )],
            Arrived {
                is_exponential: true,
                ..usual()
            },
        ),
        (
            &[("OTEL_TRACES_SAMPLER", "Always_Off")],
            Arrived {
                spans: 0,
                attributes: 0,
                events: 0,
                service: String::new(),
                ..usual()
            },
        ),
        (
            &[
                ("OTEL_SERVICE_NAME", "  "),
                ("OTEL_RESOURCE_ATTRIBUTES", "service.name=shop"),
            ],
            usual(),
        ),
        (
            &[
                ("OTEL_BSP_MAX_QUEUE_SIZE", "1"),
                ("OTEL_EXPORTER_OTLP_TIMEOUT", "0"),
            ],
            usual(),
        ),
    ] {
        let (collector, output) = child("a_good_value_has_its_effect", vars);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{vars:?}: {stderr}");
        assert_eq!(Arrived::at(&collector), expected, "{vars:?}");
        assert!(!stderr.contains("is ignored: "), "{vars:?}: {stderr}");
    }
}

/// The SDK's variables count for a configuration in code too, as for any program that uses the SDK.
#[test]
fn code_leaves_what_the_sdk_reads_to_the_operator() {
    if std::env::var_os(CHILD).is_some() {
        let variable = |name| std::env::var(name).expect("set by the parent");
        let config = TelemetryConfig::default()
            .with_enabled(true)
            .with_service_name("shop")
            .with_exporter(throughline_telemetry::Exporter::Otlp)
            .with_logs_exporter(throughline_telemetry::Exporter::Otlp)
            .with_protocol(throughline_telemetry::Protocol::HttpJson)
            .with_endpoint(variable("OTEL_EXPORTER_OTLP_ENDPOINT"));
        return record_all_signals(init(config).expect("started"));
    }
    let vars = [
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "1"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "0"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=1,nonsense"),
        // Empty is unset: the SDK would send no header at all with traces.
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", " "),
        // None of the SDK's: code decides.
        ("OTEL_TRACES_SAMPLER", "always_off"),
        // Read by the console itself, and reported with the others.
        ("THROUGHLINE_CONSOLE", "detials"),
    ];
    let (collector, output) = child("code_leaves_what_the_sdk_reads_to_the_operator", &vars);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let expected = Arrived {
        attributes: 1,
        ..Arrived::as_usual()
    };
    assert_eq!(Arrived::at(&collector), expected, "{stderr}");
    let requests = collector.requests();
    assert!(
        requests
            .iter()
            .all(|request| request.head.contains("api-key: 1\r\n")),
        "the good header is sent"
    );
    assert_eq!(stderr.matches("is ignored: ").count(), 4, "{stderr}");
}

/// An exporter that the environment chose and that cannot be set up turns its signal off, and keeps nothing
/// from starting.
#[test]
fn an_exporter_that_cannot_be_set_up_turns_its_signal_off() {
    if std::env::var_os(CHILD).is_some() {
        let telemetry = init_from_env().expect("started");
        eprintln!("{}", telemetry.diagnose_within(std::time::Duration::ZERO));
        telemetry.shutdown_within(TEST_TIMEOUT).expect("nothing was lost");
        return;
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().expect("an address").port().to_string();
    for (vars, variable, signal) in [
        (
            &[
                ("OTEL_METRICS_EXPORTER", "prometheus"),
                ("OTEL_EXPORTER_PROMETHEUS_PORT", &*taken),
            ],
            "OTEL_METRICS_EXPORTER",
            "metrics",
        ),
        (
            &[
                ("OTEL_METRICS_EXPORTER", "prometheus"),
                ("OTEL_EXPORTER_PROMETHEUS_HOST", "no.such.host.invalid"),
            ],
            "OTEL_METRICS_EXPORTER",
            "metrics",
        ),
        (
            &[
                ("OTEL_LOGS_EXPORTER", "file"),
                ("THROUGHLINE_FILE_PATH", "/proc/nowhere/x.jsonl"),
            ],
            "OTEL_LOGS_EXPORTER",
            "logs",
        ),
    ] {
        let (_collector, output) = child("an_exporter_that_cannot_be_set_up_turns_its_signal_off", vars);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{vars:?}: {stderr}");
        let warning = format!("throughline: {variable} = \"");
        assert!(stderr.contains(&warning), "{vars:?}: {stderr}");
        assert!(
            stderr.contains(&format!("instead: {signal} are not exported")),
            "{vars:?}: {stderr}"
        );
        assert!(
            !stderr.contains(&format!("\n{signal:<12}to ")),
            "{vars:?}: {stderr}"
        );
        assert!(
            stderr.contains("\ntraces      to http://"),
            "{vars:?}: the others go on: {stderr}"
        );
    }
}
