//! A bad variable is ignored, and said: every variable that is known, with everything that can be wrong.

use std::time::Duration;

use crate::config::keys::{
    DISABLED, ENABLED, INSECURE, INSECURE_OF, LAYER_VARIABLES, SAMPLER_ARG, STRICT, UNSUPPORTED, VARIABLES,
};
use crate::config::sdk::MetricTemporality;
use crate::config::tests::vars;
use crate::config::{Exporter, IgnoredVariable, Propagator, TelemetryConfig};
use crate::init::init;
use crate::signal::Signal;

/// What variables of one kind take.
struct Kind {
    variables: &'static [&'static str],
    bad: &'static [&'static str],
    good: &'static [&'static str],
    accepted: &'static str,
}

const NUMBERS_THAT_ARE_NONE: &[&str] = &[
    "nonsense",
    "",
    " ",
    "1.5",
    "5s",
    "1e3",
    "-1",
    "0x10",
    "99999999999999999999",
    "NaN",
];

const KINDS: &[Kind] = &[
    Kind {
        variables: &[
            "OTEL_SDK_DISABLED",
            "THROUGHLINE_STRICT",
            "OTEL_EXPORTER_OTLP_INSECURE",
            "OTEL_EXPORTER_OTLP_TRACES_INSECURE",
            "OTEL_EXPORTER_OTLP_METRICS_INSECURE",
            "OTEL_EXPORTER_OTLP_LOGS_INSECURE",
        ],
        bad: &["1", "0", "-1", "yes", "on", "nonsense", "truee", "t"],
        good: &["", "false", "FALSE", " False "],
        accepted: "true or false",
    },
    Kind {
        variables: &["OTEL_TRACES_EXPORTER", "OTEL_LOGS_EXPORTER"],
        bad: &[
            "zipkin",
            "logging",
            "nonsense",
            "0",
            "-1",
            "prometheus",
            "Prometheus",
        ],
        good: &["", "  "],
        accepted: r#""prometheus""#,
    },
    Kind {
        variables: &["OTEL_METRICS_EXPORTER"],
        bad: &["statsd", "logging", "nonsense", "0", "-1"],
        good: &["", "  "],
        accepted: r#""console""#,
    },
    Kind {
        variables: &[
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
            "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
        ],
        bad: &[
            "nonsense",
            "127.0.0.1:4317",
            "ftp://c",
            "http://",
            "http://:4317",
            "http://c:port",
            "http://c:70000",
            "http://c:0",
            "http://c/a b",
            "http://c?key=1",
            "-1",
            "0",
            "unix:///x",
            "http://é",
        ],
        good: &["", "  "],
        accepted: "a URL such as http://127.0.0.1:4317",
    },
    Kind {
        variables: &[
            "OTEL_EXPORTER_OTLP_PROTOCOL",
            "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
            "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
            "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL",
        ],
        bad: &["http/xml", "http", "nonsense", "0", "-1", "grpc,http/json"],
        good: &["", "GRPC", " grpc "],
        accepted: r#""grpc", "http/protobuf" or "http/json""#,
    },
    Kind {
        variables: &[
            "OTEL_EXPORTER_OTLP_COMPRESSION",
            "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION",
            "OTEL_EXPORTER_OTLP_METRICS_COMPRESSION",
            "OTEL_EXPORTER_OTLP_LOGS_COMPRESSION",
        ],
        bad: &["zstd", "br", "nonsense", "0", "-1", "true"],
        good: &["", "None", " NONE "],
        accepted: r#""gzip" or "none""#,
    },
    Kind {
        variables: &[
            "OTEL_EXPORTER_OTLP_HEADERS",
            "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
            "OTEL_EXPORTER_OTLP_METRICS_HEADERS",
            "OTEL_EXPORTER_OTLP_LOGS_HEADERS",
        ],
        bad: &[
            "Bearer key",
            "=key",
            "a b=key",
            "a=key%0A",
            "a=%FF",
            "a-bin=key",
            "nonsense",
            "é=1",
        ],
        good: &["", " ", ","],
        accepted: "name",
    },
    Kind {
        variables: &["OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"],
        bad: &["low_memory", "nonsense", "0", "-1", "sum"],
        good: &["", "Cumulative"],
        accepted: r#""cumulative", "delta" or "lowmemory""#,
    },
    Kind {
        variables: &["OTEL_TRACES_SAMPLER"],
        bad: &[
            "jaeger_remote",
            "parentbased_jaeger_remote",
            "xray",
            "parentbased_xray",
            "nonsense",
            "0.5",
            "-1",
            "on",
        ],
        good: &["", "PARENTBASED_ALWAYS_ON", " parentbased_traceidratio "],
        accepted: r#""always_on""#,
    },
    Kind {
        variables: &["OTEL_TRACES_SAMPLER_ARG"],
        bad: &[
            "1.5",
            "-0.1",
            "NaN",
            "inf",
            "half",
            "1,0",
            "endpoint=http://localhost:14250",
        ],
        good: &["", "0.5", " 1 ", "0"],
        accepted: "a number from 0.0 to 1.0",
    },
    Kind {
        variables: &["OTEL_PROPAGATORS"],
        bad: &["ottrace", "nonsense", "0", "-1", "w3c", "trace context"],
        good: &[
            "",
            ",",
            "TraceContext, BAGGAGE",
            "tracecontext,tracecontext,,baggage",
        ],
        accepted: r#""tracecontext", "baggage""#,
    },
    Kind {
        variables: &[
            "OTEL_BSP_SCHEDULE_DELAY",
            "OTEL_BLRP_SCHEDULE_DELAY",
            "OTEL_METRIC_EXPORT_INTERVAL",
        ],
        bad: &["0", "2147483648", "-5000", "+", "5000 ms"],
        good: &[],
        accepted: "a whole number of milliseconds from 1 to 2147483647",
    },
    Kind {
        variables: &[
            "OTEL_BSP_EXPORT_TIMEOUT",
            "OTEL_BLRP_EXPORT_TIMEOUT",
            "OTEL_METRIC_EXPORT_TIMEOUT",
            "OTEL_EXPORTER_OTLP_TIMEOUT",
            "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
            "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT",
            "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT",
        ],
        bad: &["2147483648", "-10000", "10 s"],
        good: &[],
        accepted: "a whole number of milliseconds from 0, which is no limit, to 2147483647",
    },
    Kind {
        variables: &["OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BLRP_MAX_QUEUE_SIZE"],
        bad: &["0", "1000001", "4294967295", "18446744073709551615"],
        good: &[" 2048 "],
        accepted: "a whole number from 1 to 1000000",
    },
    Kind {
        variables: &[
            "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
            "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE",
        ],
        bad: &["0", "2049", "1000000", "1000001", "18446744073709551615"],
        good: &[],
        accepted: "a",
    },
    Kind {
        variables: &[
            "OTEL_ATTRIBUTE_COUNT_LIMIT",
            "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
            "OTEL_SPAN_EVENT_COUNT_LIMIT",
            "OTEL_SPAN_LINK_COUNT_LIMIT",
            "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT",
            "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT",
        ],
        bad: &["2147483648", "4294967296"],
        good: &[" 128 "],
        accepted: "a whole number from 0 to 2147483647",
    },
    Kind {
        variables: &[
            "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
            "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
        ],
        bad: &["2147483648"],
        good: &[],
        accepted: "a whole number of characters from 0 to 2147483647",
    },
    Kind {
        variables: &["OTEL_RESOURCE_ATTRIBUTES"],
        bad: &["nonsense", "a=1,b", "=1", "a=%FF", "0", "-1"],
        good: &["", ","],
        accepted: "name=value",
    },
    Kind {
        variables: &["OTEL_EXPORTER_PROMETHEUS_HOST"],
        bad: &["a b", "http://c", "c/d", "é"],
        good: &["", "127.0.0.1"],
        accepted: "the name of a host or an address",
    },
    Kind {
        variables: &["OTEL_EXPORTER_PROMETHEUS_PORT"],
        bad: &["65536", "http"],
        good: &["9464", " 9464 "],
        accepted: "a port from 0 to 65535",
    },
    Kind {
        variables: &[
            "OTEL_EXPORTER_OTLP_CERTIFICATE",
            "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE",
            "OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE",
            "OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE",
            "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
            "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE",
            "OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE",
            "OTEL_EXPORTER_OTLP_LOGS_CLIENT_CERTIFICATE",
            "OTEL_EXPORTER_OTLP_CLIENT_KEY",
            "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY",
            "OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY",
            "OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY",
        ],
        bad: &["/nowhere/a.pem", "nonsense", "0", "-1", "/"],
        good: &["", " "],
        accepted: "",
    },
    Kind {
        variables: &["THROUGHLINE_STARTUP_HOOK"],
        bad: &["nowhere:hook", "0", "-1"],
        good: &["", " "],
        accepted: "",
    },
    Kind {
        variables: &["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"],
        bad: &["nonsense", "1", "0", "-1", "SPAN", "yes"],
        good: &["", "span_only", " NO_CONTENT ", "True"],
        accepted: r#""SPAN_ONLY""#,
    },
    Kind {
        variables: &["OTEL_SEMCONV_STABILITY_OPT_IN"],
        bad: &["nonsense", "1", "0", "-1", "gen-ai"],
        good: &["", "GEN_AI", "http,database/dup", "gen_ai_latest_experimental"],
        accepted: r#""gen_ai""#,
    },
    // These have no effect, whatever their value.
    Kind {
        variables: &[
            "OTEL_LOG_LEVEL",
            "OTEL_CONFIG_FILE",
            "OTEL_EXPERIMENTAL_CONFIG_FILE",
            "OTEL_ENTITIES",
            "OTEL_METRICS_EXEMPLAR_FILTER",
            "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
            "OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT",
            "OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT",
        ],
        bad: &["nonsense", "0", "-1", "debug", "99999999999999999999"],
        good: &["", " "],
        accepted: "",
    },
];

/// Every text is a name, a path or a model.
const FREE: &[&str] = &[
    "OTEL_SERVICE_NAME",
    "THROUGHLINE_FILE_PATH",
    "THROUGHLINE_TOKENIZER_TARGET_MODEL",
];

/// On, and nothing else.
fn on() -> TelemetryConfig {
    TelemetryConfig::default().with_enabled(true)
}

fn is_a_number(kind: &Kind) -> bool {
    kind.accepted.contains("whole number") || kind.accepted.contains("port") || kind.accepted == "a"
}

#[test]
fn each_bad_value_is_ignored_and_said() {
    for kind in KINDS {
        let numbers: &[&str] = if is_a_number(kind) {
            NUMBERS_THAT_ARE_NONE
        } else {
            &[]
        };
        for variable in kind.variables {
            for value in kind
                .bad
                .iter()
                .chain(numbers)
                .filter(|value| !value.trim().is_empty())
            {
                let case = format!("{variable}={value:?}");
                let config = vars(&[("THROUGHLINE_ENABLED", "true"), (variable, value)]);
                let config = config.without_what_is_missing();
                assert_eq!(config, on(), "{case}: the defaults");
                let [ignored] = config.ignored_variables() else {
                    panic!("{case}: one warning, not {:?}", config.ignored_variables());
                };
                assert_eq!(ignored.variable, *variable, "{case}: its name");
                let shown = if variable.ends_with("_HEADERS") {
                    "REDACTED"
                } else {
                    value.trim()
                };
                let shown = if value.contains('?') {
                    "http://c?REDACTED"
                } else {
                    shown
                };
                assert!(
                    ignored.value.eq_ignore_ascii_case(shown),
                    "{case}: its value, not {}",
                    ignored.value
                );
                let accepted = ignored.accepted.clone().unwrap_or_default();
                assert!(
                    accepted.contains(kind.accepted),
                    "{case}: what is accepted, not {accepted:?}"
                );
                assert_eq!(
                    ignored.accepted.is_some(),
                    !kind.accepted.is_empty(),
                    "{case}: {accepted:?}"
                );
                assert!(
                    !ignored.used.is_empty() && !ignored.reason.is_empty(),
                    "{case}: {ignored}"
                );
            }
            for value in kind.good {
                let config = vars(&[("THROUGHLINE_ENABLED", "true"), (variable, value)]);
                assert_eq!(config.ignored_variables(), [], "{variable}={value:?} is good");
            }
        }
    }
}

#[test]
fn no_bad_value_keeps_a_program_from_starting() {
    for kind in KINDS {
        for variable in kind.variables {
            let set: Vec<_> = kind.bad.iter().map(|value| [(*variable, *value)]).collect();
            for set in &set {
                let config = vars(set).with_enabled(true).with_exporter(Exporter::Console);
                let config = config.with_console_writer(std::io::sink());
                let telemetry = init(config).unwrap_or_else(|error| panic!("{set:?}: {error}"));
                let diagnosis = telemetry.diagnose_within(Duration::ZERO);
                let ignored: Vec<_> = diagnosis
                    .ignored
                    .iter()
                    .map(|ignored| &*ignored.variable)
                    .collect();
                assert_eq!(ignored, [*variable], "{set:?}: diagnosed");
                let text = diagnosis.to_string();
                assert!(
                    text.contains(&format!("\nwarning: {variable} = \"")),
                    "{set:?}: {text}"
                );
                telemetry
                    .shutdown()
                    .unwrap_or_else(|error| panic!("{set:?}: {error}"));
            }
        }
    }
}

#[test]
fn every_variable_is_in_the_table() {
    let listed: Vec<&str> = KINDS
        .iter()
        .flat_map(|kind| kind.variables)
        .chain(FREE)
        .copied()
        .collect();
    let single = [DISABLED, STRICT, INSECURE, SAMPLER_ARG];
    let known = (VARIABLES.iter().map(|(variable, _)| *variable))
        .chain(INSECURE_OF.iter().map(|(variable, _)| *variable))
        .chain(UNSUPPORTED.iter().map(|known| known.variable))
        .chain(LAYER_VARIABLES.iter().map(|known| known.variable))
        .chain(single);
    for variable in known {
        assert!(listed.contains(&variable), "{variable} has bad values to try");
    }
}

#[test]
fn a_text_of_any_kind_is_a_name() {
    for variable in FREE {
        for value in ["nonsense", "0", "-1", "é", "a b", "99999999999999999999"] {
            assert_eq!(
                vars(&[(variable, value)]).ignored_variables(),
                [],
                "{variable}={value:?}"
            );
        }
    }
}

/// The specification: a Boolean that is not true is false.
#[test]
fn a_boolean_that_is_not_true_is_false() {
    let on = ("OTEL_TRACES_EXPORTER", "otlp");
    for (set, enabled, warnings) in [
        ([on, (ENABLED, "true")], true, 0),
        ([on, (ENABLED, "TRUE")], true, 0),
        ([on, (ENABLED, " True ")], true, 0),
        ([on, (ENABLED, "")], true, 0),
        ([on, (ENABLED, "false")], false, 0),
        ([on, (ENABLED, "1")], false, 1),
        ([on, (ENABLED, "yes")], false, 1),
        ([on, (DISABLED, "1")], true, 1),
        ([on, (DISABLED, "yes")], true, 1),
        ([on, (DISABLED, "false")], true, 0),
        ([on, (DISABLED, "True")], false, 0),
    ] {
        let config = vars(&set);
        assert_eq!(
            (config.enabled, config.ignored_variables().len()),
            (enabled, warnings),
            "{set:?}"
        );
    }
    assert_eq!(
        vars(&[(DISABLED, "1")]).ignored_variables()[0].used,
        "false",
        "what is used instead"
    );
}

/// An unknown member drops itself only.
#[test]
fn lists_keep_what_is_known() {
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
        ("zipkin,otlp", Exporter::Otlp, vec!["zipkin"]),
        ("Console,otlp", Exporter::Console, vec!["otlp"]),
        ("none, otlp", Exporter::None, vec!["otlp"]),
        ("otlp,", Exporter::Otlp, vec![]),
        ("JAEGER", Exporter::Otlp, vec![]),
    ];
    for (value, expected, dropped) in cases {
        let config = vars(&[("OTEL_TRACES_EXPORTER", value)]);
        assert_eq!(config.exporter_of(Signal::Traces), expected, "{value}");
        let ignored: Vec<_> = config
            .ignored_variables()
            .iter()
            .map(|ignored| &*ignored.value)
            .collect();
        assert_eq!(ignored, dropped, "{value}");
    }
}

/// The good headers are sent, and none of the bad is shown.
#[test]
fn headers_keep_what_can_be_sent() {
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
        ["its member 2 is not name=value", "its member 4 cannot be sent"],
        "each by its place"
    );
    let text = format!("{config:?}{:?}", config.ignored_variables());
    assert!(
        !text.contains("SECRET") && !text.contains("PLAIN"),
        "no value: {text}"
    );
}

#[test]
fn an_ignored_variable_turns_nothing_on() {
    for (variable, value) in [
        ("OTEL_TRACES_EXPORTER", "zipkin"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector"),
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "ftp://c"),
        ("OTEL_LOGS_EXPORTER", "prometheus"),
    ] {
        let config = vars(&[(variable, value)]);
        assert!(!config.enabled, "{variable}={value}");
    }
    let config = vars(&[("OTEL_TRACES_EXPORTER", "zipkin")]);
    let accepted = Exporter::ACCEPTED;
    let expected = format!(
        "OTEL_TRACES_EXPORTER = \"zipkin\" is ignored: it is not accepted; use {accepted}; instead: telemetry is off"
    );
    assert_eq!(config.ignored_variables()[0].to_string(), expected, "the warning");
    let config = vars(&[
        ("OTEL_TRACES_EXPORTER", "zipkin"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4317"),
    ]);
    assert_eq!(
        config.ignored_variables()[0].used,
        "otlp",
        "the endpoint's default"
    );
    assert_eq!(
        config.exporter_of(Signal::Traces),
        Exporter::Otlp,
        "the endpoint's default"
    );
}

/// What is set for all signals stands in for what a signal's variable fails to say.
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
fn good_values_take_effect() {
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
    let (traces, logs) = (
        config.sdk.batches.of(Signal::Traces),
        config.sdk.batches.of(Signal::Logs),
    );
    let millis = Duration::from_millis;
    assert_eq!(
        (traces.schedule_delay, logs.schedule_delay),
        (millis(100), millis(200)),
        "delays"
    );
    assert_eq!((traces.max_queue_size, logs.max_queue_size), (50, 60), "queues");
    assert_eq!(
        (traces.max_export_batch_size(), logs.max_export_batch_size()),
        (50, 20),
        "batches"
    );
    assert_eq!(config.sdk.metric_interval, millis(300), "interval");
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

/// An endpoint without a scheme is unencrypted if that is said, and else refused.
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
    let endpoints = Signal::ALL.map(|signal| own.signals.of(signal).endpoint.as_deref());
    assert_eq!(
        endpoints,
        [None, Some("http://c:4317"), None],
        "the signal's own wins"
    );
}

/// A configuration that is read twice, as the quickstart's is, warns once.
#[test]
fn a_second_reading_replaces_the_first() {
    let set = [
        ("OTEL_TRACES_SAMPLER", "xray"),
        ("OTEL_TRACES_EXPORTER", "zipkin"),
    ];
    let twice = vars(&set)
        .with_enabled(true)
        .overlay(&super::variables_of(&set))
        .expect("read");
    let used: Vec<_> = twice
        .ignored_variables()
        .iter()
        .map(|ignored: &IgnoredVariable| &*ignored.used)
        .collect();
    assert_eq!(used, ["console", "parentbased_always_on"], "as it is in the end");
}

#[test]
fn strictly_the_first_bad_value_is_an_error() {
    for value in ["true", "TRUE"] {
        let error = TelemetryConfig::from_vars([(STRICT, value), (DISABLED, "1")]).expect_err("strict");
        let expected = "in the environment, OTEL_SDK_DISABLED = \"1\" is not accepted: use true or false";
        assert_eq!(error.to_string(), expected, "the message");
    }
    for (variable, value) in [(STRICT, "1"), ("OTEL_LOG_LEVEL", "debug")] {
        let config = TelemetryConfig::from_vars([(variable, value)]);
        assert!(config.is_ok(), "{variable}={value} is no error: {config:?}");
    }
    let missing = [
        (STRICT, "true"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/nowhere/a.pem"),
    ];
    let config = TelemetryConfig::from_vars(missing).expect("read");
    let error = config
        .without_what_is_missing()
        .check()
        .expect_err("no such file");
    assert_eq!(
        error.to_string(),
        "tls.certificate (OTEL_EXPORTER_OTLP_CERTIFICATE) /nowhere/a.pem cannot be read",
        "a missing file"
    );
}
