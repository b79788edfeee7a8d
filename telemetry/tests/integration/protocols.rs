//! The protocol of an endpoint: HTTP if it is not configured, and named if it is the wrong one.

use throughline_telemetry::{Exporter, Protocol, TelemetryConfig, init};

use crate::collector::{Answer, Collector};
use crate::{TEST_TIMEOUT, record, turn};

fn traces_to(collector: &Collector) -> TelemetryConfig {
    TelemetryConfig::default()
        .with_enabled(true)
        .with_exporter(Exporter::Otlp)
        .with_metrics_exporter(Exporter::None)
        .with_endpoint(format!("http://{}", collector.address))
}

/// An HTTP port other than 4318 used to get gRPC.
#[test]
fn a_port_that_is_not_of_grpc_gets_http() {
    let _turn = turn();
    let collector = Collector::start(Answer::Accept);
    let telemetry = init(traces_to(&collector)).expect("started");
    record(&telemetry, "work");
    telemetry.shutdown_within(TEST_TIMEOUT).expect("delivered");
    let exports: Vec<String> = collector
        .requests()
        .into_iter()
        .filter_map(|request| request.head.lines().next().map(str::to_owned))
        .filter(|line| line.starts_with("POST "))
        .collect();
    assert_eq!(exports, ["POST /v1/traces http/1.1"], "over HTTP");
}

/// The protocol used to be found only at the start, so a collector that starts later got gRPC forever.
#[test]
fn a_collector_that_starts_later_gets_http() {
    let _turn = turn();
    let collector = Collector::start(Answer::Silence);
    let telemetry = init(traces_to(&collector)).expect("started");
    collector.answer(Answer::Accept);
    record(&telemetry, "work");
    telemetry.flush(TEST_TIMEOUT).expect("delivered");
    let exports = || -> Vec<String> {
        let requests = collector.requests().into_iter();
        let lines = requests.filter_map(|request| request.head.lines().next().map(str::to_owned));
        lines.filter(|line| line.starts_with("POST ")).collect()
    };
    assert_eq!(exports(), ["POST /v1/traces http/1.1"], "over HTTP");
    let diagnosis = telemetry.diagnose().to_string();
    assert!(
        !diagnosis.contains("not gRPC"),
        "it is probed over HTTP: {diagnosis}"
    );
    telemetry.shutdown_within(TEST_TIMEOUT).expect("nothing is left");
}

/// Only `diagnose` used to say it.
#[test]
fn a_failure_says_that_the_protocol_is_the_wrong_one() {
    let _turn = turn();
    let collector = Collector::start(Answer::Accept);
    let config = traces_to(&collector).with_protocol(Protocol::Grpc);
    let telemetry = init(config).expect("started");
    record(&telemetry, "work");
    let error = telemetry
        .shutdown_within(TEST_TIMEOUT)
        .expect_err("it is no gRPC")
        .to_string();
    let hint = "the port uses HTTP/1.1, not gRPC: use the collector's gRPC port, usually 4317, or the protocol \
                http/protobuf (OTEL_EXPORTER_OTLP_PROTOCOL)";
    assert!(error.ends_with(hint), "{error}");
    assert_eq!(error.matches("the port uses").count(), 1, "once: {error}");
}

#[test]
fn a_failure_says_that_the_credentials_are_rejected() {
    let _turn = turn();
    let collector = Collector::start(Answer::Status(401));
    let config = traces_to(&collector).with_protocol(Protocol::HttpJson);
    let telemetry = init(config).expect("started");
    record(&telemetry, "work");
    let error = telemetry
        .shutdown_within(TEST_TIMEOUT)
        .expect_err("refused")
        .to_string();
    let expected = "not everything was delivered; traces: HTTP export failed with status code: 401; it rejects the \
                    credentials: check the headers (OTEL_EXPORTER_OTLP_HEADERS)";
    assert_eq!(error, expected, "the hint of the diagnosis");
}
