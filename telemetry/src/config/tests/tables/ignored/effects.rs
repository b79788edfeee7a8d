//! The effects of partly invalid and of valid values.

use std::time::Duration;

use crate::config::sdk::MetricTemporality;
use crate::config::tests::vars;
use crate::config::{Exporter, Exporters, HistogramBuckets, Propagator, TelemetryConfig};
use crate::signal::Signal;

/// Only unknown members are dropped.
#[test]
fn lists_retain_valid_members() {
    let cases: &[(&str, &[Propagator], &[&str])] = &[
        ("tracecontext,ottrace", &[Propagator::TraceContext], &["ottrace"]),
        (
            "ottrace , B3,zipkin,b3",
            &[Propagator::B3],
            &["ottrace", "zipkin"],
        ),
        ("none", &[], &[]),
        ("NONE", &[], &[]),
        ("none,b3", &[Propagator::B3], &["none"]),
        ("xray,jaeger", &[Propagator::XRay, Propagator::Jaeger], &[]),
        ("b3multi", &[Propagator::B3Multi], &[]),
    ];
    for (value, expected, dropped) in cases {
        let config = vars(&[("OTEL_PROPAGATORS", value)]);
        assert_eq!(config.propagators, *expected, "{value}");
        let ignored: Vec<_> = config
            .ignored_variables()
            .iter()
            .map(|ignored| &*ignored.value)
            .collect();
        assert_eq!(ignored, *dropped, "{value}");
    }
    let cases = [
        ("zipkin,otlp", Exporters::from(Exporter::Otlp), vec!["zipkin"]),
        (
            "Console,otlp",
            Exporters::from([Exporter::Console, Exporter::Otlp]),
            vec![],
        ),
        ("none, otlp", Exporter::Otlp.into(), vec!["none"]),
        ("otlp,", Exporter::Otlp.into(), vec![]),
        ("JAEGER", Exporter::Jaeger.into(), vec![]),
    ];
    for (value, expected, dropped) in cases {
        let config = vars(&[("OTEL_TRACES_EXPORTER", value)]);
        assert_eq!(config.exporters_of(Signal::Traces), expected, "{value}");
        let ignored: Vec<_> = config
            .ignored_variables()
            .iter()
            .map(|ignored| &*ignored.value)
            .collect();
        assert_eq!(ignored, dropped, "{value}");
    }
}

/// Valid headers are sent, and invalid headers are not shown.
#[test]
fn valid_headers_are_retained() {
    let config = vars(&[
        (
            "OTEL_EXPORTER_OTLP_HEADERS",
            "api-key=PLAIN,SECRET,X-Tenant = a%20b ,bad name=SECRET",
        ),
        ("OTEL_EXPORTER_OTLP_LOGS_HEADERS", "api-key=logs"),
        ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", " "),
    ]);
    let config = config.with_header("X-Tenant", "code");
    let sent = |signal| {
        config
            .headers(signal)
            .parsed::<String, String>()
            .expect("headers")
    };
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        sent(Signal::Traces),
        [pair("api-key", "PLAIN"), pair("x-tenant", "code")],
        "traces"
    );
    assert_eq!(
        sent(Signal::Metrics),
        [pair("api-key", "PLAIN"), pair("x-tenant", "code")],
        "empty is unset"
    );
    assert_eq!(
        sent(Signal::Logs),
        [pair("api-key", "logs"), pair("x-tenant", "code")],
        "logs"
    );
    let reasons: Vec<_> = config
        .ignored_variables()
        .iter()
        .map(|ignored| &*ignored.reason)
        .collect();
    assert_eq!(
        reasons,
        ["member 2 is not name=value", "member 4 cannot be sent"],
        "each by its place"
    );
    let text = format!("{config:?}{:?}", config.ignored_variables());
    assert!(
        !text.contains("SECRET") && !text.contains("PLAIN"),
        "no value: {text}"
    );
}

/// A signal whose own variable is ignored uses the common one.
#[test]
fn what_is_used_instead() {
    for (set, expected) in [
        (
            &[
                ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
                ("OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", "br"),
            ],
            "gzip",
        ),
        (
            &[
                ("OTEL_EXPORTER_OTLP_TIMEOUT", "300"),
                ("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "-1"),
            ],
            "300 ms",
        ),
        (
            &[
                ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
                ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "x"),
            ],
            "grpc",
        ),
        (
            &[
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"),
                ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "x"),
            ],
            "http://c:4318/v1/logs",
        ),
        (
            &[
                ("OTEL_ATTRIBUTE_COUNT_LIMIT", "7"),
                ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "-1"),
            ],
            "7",
        ),
        (
            &[
                ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "7"),
                ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "-1"),
            ],
            "7",
        ),
        (
            &[
                ("OTEL_BSP_MAX_QUEUE_SIZE", "100"),
                ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "101"),
            ],
            "100",
        ),
        (
            &[
                ("OTEL_BSP_MAX_QUEUE_SIZE", "100"),
                ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "0"),
            ],
            "100",
        ),
        (
            &[
                ("OTEL_TRACES_SAMPLER", "traceidratio"),
                ("OTEL_TRACES_SAMPLER_ARG", "half"),
            ],
            "1",
        ),
        (
            &[
                ("OTEL_TRACES_SAMPLER", "xray"),
                ("OTEL_TRACES_SAMPLER_ARG", "0.5"),
            ],
            "parentbased_always_on",
        ),
        (
            &[
                ("OTEL_EXPORTER_PROMETHEUS_HOST", "::1"),
                ("OTEL_EXPORTER_PROMETHEUS_PORT", "-1"),
            ],
            "[::1]:9464",
        ),
        (
            &[
                ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=1"),
                ("OTEL_EXPORTER_OTLP_LOGS_HEADERS", "x"),
            ],
            "the headers api-key",
        ),
    ] {
        let config = vars(set);
        let used: Vec<_> = config
            .ignored_variables()
            .iter()
            .map(|ignored| &*ignored.used)
            .collect();
        assert_eq!(used, [expected], "{set:?}");
    }
}

#[test]
fn valid_values_take_effect() {
    let config = vars(&[
        ("OTEL_BSP_SCHEDULE_DELAY", " 100 "),
        ("OTEL_BLRP_SCHEDULE_DELAY", "200"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "50"),
        ("OTEL_BLRP_MAX_QUEUE_SIZE", "60"),
        ("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "20"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "300"),
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "0"),
        ("OTEL_ATTRIBUTE_COUNT_LIMIT", "9"),
        ("OTEL_SPAN_EVENT_COUNT_LIMIT", "1"),
        ("OTEL_SPAN_LINK_COUNT_LIMIT", "2"),
        ("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "3"),
        ("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "4"),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "LowMemory"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "0"),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "700"),
        ("OTEL_BSP_EXPORT_TIMEOUT", "500"),
        ("OTEL_METRIC_EXPORT_TIMEOUT", "800"),
    ]);
    assert_eq!(config.ignored_variables(), [], "all are good");
    let (traces, logs) = (config.batches(Signal::Traces), config.batches(Signal::Logs));
    let millis = Duration::from_millis;
    assert_eq!(
        (traces.interval, logs.interval),
        (millis(100), millis(200)),
        "delays"
    );
    assert_eq!((traces.max_queue_size, logs.max_queue_size), (50, 60), "queues");
    assert_eq!(
        (traces.max_export_batch_size, logs.max_export_batch_size),
        (50, 20),
        "batches"
    );
    assert_eq!(config.batches(Signal::Metrics).interval, millis(300), "interval");
    assert_eq!(
        config.sdk.temporality,
        MetricTemporality::LowMemory,
        "temporality"
    );
    let limits = config.sdk.span_limits;
    let limits = [
        limits.attributes,
        limits.events,
        limits.links,
        limits.attributes_per_event,
        limits.attributes_per_link,
    ];
    assert_eq!(limits, [0, 1, 2, 3, 4], "limits: the span's own wins");
    let timeouts = Signal::ALL.map(|signal| config.timeout(signal));
    let forever = millis(2_147_483_647);
    assert_eq!(
        timeouts,
        [millis(500), forever, millis(800)],
        "the shorter of two; 0 is no limit"
    );
}

/// An endpoint without a scheme is unencrypted if a variable says so, and ignored otherwise.
#[test]
fn endpoints_without_a_scheme() {
    for (set, endpoint) in [
        (
            &[("OTEL_EXPORTER_OTLP_INSECURE", "true")][..],
            Some("http://c:4317"),
        ),
        (&[("OTEL_EXPORTER_OTLP_INSECURE", "True")], Some("http://c:4317")),
        (&[("OTEL_EXPORTER_OTLP_INSECURE", "1")], None),
        (&[("OTEL_EXPORTER_OTLP_TRACES_INSECURE", "true")], None),
        (&[], None),
    ] {
        let all = [&[("OTEL_EXPORTER_OTLP_ENDPOINT", "c:4317")], set].concat();
        assert_eq!(vars(&all).endpoint.as_deref(), endpoint, "{all:?}");
    }
    let own = vars(&[
        ("OTEL_EXPORTER_OTLP_INSECURE", "true"),
        ("OTEL_EXPORTER_OTLP_TRACES_INSECURE", "false"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "c:4317"),
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "c:4317"),
    ]);
    let endpoints = Signal::ALL.map(|signal| own.signals.get(signal).endpoint.as_deref());
    assert_eq!(
        endpoints,
        [None, Some("http://c:4317"), None],
        "the signal's own wins"
    );
}

/// The variable used to have no effect. By the specification, it is for OTLP, and the SDK has one choice for all
/// readers.
#[test]
fn buckets_of_histograms_are_those_of_otlp() {
    const BUCKETS: &str = "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION";
    const EXPONENTIAL: &str = "base2_exponential_bucket_histogram";
    for (exporters, expected, ignored) in [
        ("otlp", HistogramBuckets::Exponential, false),
        ("otlp,console", HistogramBuckets::Exponential, false),
        ("console", HistogramBuckets::Explicit, false),
        ("prometheus", HistogramBuckets::Explicit, false),
        ("otlp,prometheus", HistogramBuckets::Explicit, true),
    ] {
        let config = vars(&[("OTEL_METRICS_EXPORTER", exporters), (BUCKETS, EXPONENTIAL)]);
        let buckets = config.sdk.metric_views.histogram_buckets;
        assert_eq!(buckets, expected, "{exporters}");
        let shown: Vec<String> = config
            .ignored_variables()
            .iter()
            .map(ToString::to_string)
            .collect();
        let warning = format!(
            "{BUCKETS} = \"{EXPONENTIAL}\" is ignored: all exporters of metrics have the same buckets, and \
             Prometheus has explicit ones only; use \"explicit_bucket_histogram\", or remove the exporter prometheus; \
             instead: explicit_bucket_histogram"
        );
        let warnings = if ignored { vec![warning] } else { Vec::new() };
        assert_eq!(shown, warnings, "{exporters}");
    }
}

#[test]
fn exponential_buckets_for_prometheus_are_refused_in_code() {
    let config = TelemetryConfig::default()
        .with_metrics_exporter(Exporter::Prometheus)
        .with_histogram_buckets(HistogramBuckets::Exponential);
    let error = config
        .check_exporter_feature(Signal::Metrics, Exporter::Prometheus)
        .expect_err("refused");
    assert_eq!(
        error.to_string(),
        "the exporter prometheus has explicit buckets only, and with_histogram_buckets sets exponential ones for all \
         exporters of metrics: remove one of the two"
    );
}
