//! No public type prints a secret that it holds: neither its debug form, nor its text, nor that of a
//! cause.

use std::error::Error;
use std::fmt::{Debug, Display};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use opentelemetry::trace::{Span, Tracer, TracerProvider};
use throughline_telemetry::{Exporter, InitError, Protocol, TelemetryConfig, init};

use crate::{TEST_TIMEOUT, turn};

const SECRET: &str = "S3cr3tV4lue";

fn is_hidden(of: &str, text: &str) {
    assert!(!text.contains(SECRET), "{of} prints the secret: {text}");
}

fn debug_hides(of: &str, value: &impl Debug) {
    is_hidden(of, &format!("{value:?}"));
    is_hidden(of, &format!("{value:#?}"));
}

fn text_hides(of: &str, value: &(impl Debug + Display)) {
    debug_hides(of, value);
    is_hidden(of, &value.to_string());
    is_hidden(of, &format!("{value:#}"));
}

fn error_hides(of: &str, error: &(dyn Error + 'static)) {
    let mut cause = Some(error);
    while let Some(error) = cause {
        for text in [
            error.to_string(),
            format!("{error:#}"),
            format!("{error:?}"),
            format!("{error:#?}"),
        ] {
            is_hidden(of, &text);
        }
        cause = error.source();
    }
}

/// Endpoints that hold a secret, accepted or not.
fn endpoints() -> Vec<String> {
    [
        "http://user:SECRET@127.0.0.1:4317",
        "http://SECRET@127.0.0.1:4318/v1/traces",
        "https://user:a/SECRET@collector",
        "https://user:a \"SECRET@collector",
        "https://user:a?SECRET@collector",
        "http://127.0.0.1:4318/?key=SECRET",
        "http://127.0.0.1:4318/v1#SECRET",
        "//user:SECRET@collector",
        "user:SECRET@collector:4317",
        "127.0.0.1:4317?key=SECRET",
        "http://127.0.0.1:port/p?next=https://cb/x&key=SECRET",
        "https%3A%2F%2Fuser%3ASECRET%40collector",
    ]
    .map(|endpoint| endpoint.replace("SECRET", SECRET))
    .to_vec()
}

#[test]
fn configurations_and_their_errors() {
    let _turn = turn();
    for endpoint in endpoints() {
        let config = TelemetryConfig::default()
            .with_enabled(true)
            .with_exporter(Exporter::Otlp)
            .with_endpoint(&endpoint)
            .with_header("authorization", format!("Bearer {SECRET}"))
            .with_resource_attribute("api.key", SECRET)
            .with_resource_attribute("url", format!("https://h/?key={SECRET}"));
        debug_hides(&endpoint, &config);
        let shown = format!("{config:?}");
        assert!(
            shown.contains("authorization"),
            "names of headers are shown: {shown}"
        );
        error_hides(
            &endpoint,
            &init(config).expect_err("an endpoint that is not accepted"),
        );
        for variable in ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"] {
            match TelemetryConfig::from_vars([(variable, endpoint.as_str())]) {
                Ok(config) => debug_hides(variable, &config),
                Err(error) => error_hides(variable, &error),
            }
        }
        let quoted = endpoint.replace('"', "\\\"");
        for (of, error) in [
            (
                "JSON",
                TelemetryConfig::from_json_str(&format!("{{\"otlp_endpoint\": \"{quoted}\"}}")),
            ),
            (
                "TOML",
                TelemetryConfig::from_toml_str(&format!("otlp_endpoint = \"{quoted}\"")),
            ),
        ] {
            error_hides(of, &error.expect_err("an endpoint that is not accepted"));
        }
    }
}

#[test]
fn texts_that_are_no_configuration() {
    let json = [
        "\"SECRET\"",
        "[\"SECRET\"]",
        "{\"otlp_endpoint\": \"SECRET\" x}",
        "{\"headers\": {\"x-api-key\": \"SECRET\"}}",
        "{\"https://u:SECRET@h\": 1}",
        "{\"tracing.enabled\": \"https://h/?key=SECRET\"}",
        "SECRET",
    ];
    let toml = [
        "otlp_endpoint = 'http://u:SECRET@h' x",
        "otlp_endpoint = http://u:SECRET@h",
        "x-api-key = \"SECRET",
        "SECRET",
        "[headers]\n'x-api-key' = 'SECRET'",
        "sampling_rate = 'https://u:SECRET@h'",
    ];
    for text in json {
        let error = TelemetryConfig::from_json_str(&text.replace("SECRET", SECRET)).expect_err(text);
        error_hides(text, &error);
    }
    for text in toml {
        let error = TelemetryConfig::from_toml_str(&text.replace("SECRET", SECRET)).expect_err(text);
        error_hides(text, &error);
        assert!(error.is_configuration(), "{text:?}: {error}");
    }
    let error = TelemetryConfig::from_toml_str("a = 1\nb = = 2").expect_err("two equals signs");
    let cause = error.source().expect("a cause").to_string();
    assert!(cause.ends_with("at line 2 column 5"), "it says where: {cause}");
    for name in ["OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"] {
        match TelemetryConfig::from_vars([(name, format!("{SECRET},authorization=Bearer {SECRET}"))]) {
            Ok(config) => debug_hides(name, &config),
            Err(error) => error_hides(name, &error),
        }
    }
}

#[test]
fn headers_that_no_client_takes() {
    let _turn = turn();
    for protocol in [Protocol::Grpc, Protocol::HttpProtobuf] {
        for (name, value) in [
            ("x-api-key", format!("{SECRET}\n")),
            ("not a name", SECRET.to_owned()),
        ] {
            let config = TelemetryConfig::default()
                .with_enabled(true)
                .with_exporter(Exporter::Otlp)
                .with_protocol(protocol)
                .with_header(name, value);
            let error: InitError = init(config).expect_err("a header that is not accepted");
            error_hides(name, &error);
        }
    }
}

/// Responses of a collector that repeat the request.
const ANSWER: &str = "HTTP/1.1 401 Unauthorized\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n\
                      no key in Authorization: Bearer SECRET of https://me:SECRET@h/v1/traces?key=SECRET";

#[test]
fn what_runs_and_what_it_says_of_its_collector() {
    let _turn = turn();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            let _ = connection.read(&mut [0; 65536]);
            let _ = connection.write_all(ANSWER.replace("SECRET", SECRET).as_bytes());
        }
    });
    for protocol in [Protocol::HttpProtobuf, Protocol::HttpJson, Protocol::Grpc] {
        let config = TelemetryConfig::default()
            .with_enabled(true)
            .with_exporter(Exporter::Otlp)
            .with_metrics_exporter(Exporter::None)
            .with_endpoint(format!("http://{address}"))
            .with_protocol(protocol)
            .with_header("authorization", format!("Bearer {SECRET}"));
        let telemetry = init(config).expect("started");
        debug_hides("Telemetry", &telemetry);
        let service = telemetry.for_service("other").expect("a service");
        debug_hides("ServiceTelemetry", &service);
        let tracer = telemetry.tracer_provider().expect("on").tracer("test");
        tracer.start("lost").end();
        let flushed = telemetry.flush(Duration::from_secs(5)).expect_err("refused");
        error_hides("ShutdownError of a flush", &flushed);
        let diagnosis = telemetry.diagnose_within(TEST_TIMEOUT);
        text_hides("Diagnosis", &diagnosis);
        debug_hides("SignalDiagnosis", &diagnosis.signals);
        debug_hides("LinkedVersions", &diagnosis.versions);
        if let Err(error) = telemetry.shutdown_within(Duration::from_secs(5)) {
            error_hides("ShutdownError", &error);
        }
    }
}
