//! Invalid variables are ignored and reported. Tests every variable with all kinds of invalid values.

mod effects;
mod table;

use std::time::Duration;

use crate::config::expected::Expected;
use crate::config::keys::{
    CHECKED_VARIABLES, DISABLED, ENABLED, INSECURE, INSECURE_OF, SAMPLER_ARG, STRICT, UNSUPPORTED, VARIABLES,
};
use crate::config::tests::{variables_of, vars};
use crate::config::{Exporter, IgnoredVariable, TelemetryConfig};
use crate::init::init;
use crate::signal::Signal;

use self::table::{FREE, KINDS, Kind, NUMBERS_THAT_ARE_NONE};

/// Enables telemetry, and sets nothing else.
fn on() -> TelemetryConfig {
    TelemetryConfig::default().with_enabled(true)
}

fn is_a_number(kind: &Kind) -> bool {
    kind.accepted.contains("whole number") || kind.accepted.contains("port") || kind.accepted == "a"
}

#[test]
fn invalid_values_are_ignored_and_reported() {
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
                let config = config.without_missing_files();
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
fn invalid_values_do_not_prevent_a_start() {
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
    let names = (VARIABLES.iter().map(|(variable, _)| *variable))
        .chain(INSECURE_OF.iter().map(|(variable, _)| *variable))
        .chain(UNSUPPORTED.iter().map(|row| row.variable))
        .chain(CHECKED_VARIABLES.iter().map(|row| row.variable))
        .chain(single);
    for variable in names {
        assert!(listed.contains(&variable), "{variable} has bad values to try");
    }
}

#[test]
fn any_text_is_a_name() {
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

/// By the specification, a Boolean that is not true is false.
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
    let accepted = Expected::Exporter;
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
        config.exporters_of(Signal::Traces),
        Exporter::Otlp,
        "the endpoint's default"
    );
}

/// A configuration that is read twice, as in the quickstart, warns once.
#[test]
fn a_second_reading_replaces_the_first() {
    let set = [
        ("OTEL_TRACES_SAMPLER", "xray"),
        ("OTEL_TRACES_EXPORTER", "zipkin"),
    ];
    let twice = vars(&set)
        .with_enabled(true)
        .overlay(&variables_of(&set))
        .expect("read");
    let used: Vec<_> = twice
        .ignored_variables()
        .iter()
        .map(|ignored: &IgnoredVariable| &*ignored.used)
        .collect();
    assert_eq!(used, ["console", "parentbased_always_on"], "as it is in the end");
}

#[test]
fn in_strict_mode_the_first_invalid_value_is_an_error() {
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
    let error = config.without_missing_files().check().expect_err("no such file");
    assert_eq!(
        error.to_string(),
        "tls.certificate (OTEL_EXPORTER_OTLP_CERTIFICATE) /nowhere/a.pem cannot be read",
        "a missing file"
    );
}
