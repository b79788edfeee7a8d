//! The protocol of an endpoint: found out if it is not configured, and named if it is the wrong one.

use std::time::Duration;

use throughline_telemetry::{Exporter, Protocol, Telemetry, TelemetryConfig, init};
use tonic::Code;

use crate::collector::{Answer, Collector};
use crate::grpc::Grpc;
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

/// The lines of the exports that a collector over HTTP has accepted.
fn exports(collector: &Collector) -> Vec<String> {
    let requests = collector.requests().into_iter();
    let lines = requests.filter_map(|request| request.head.lines().next().map(str::to_owned));
    lines.filter(|line| line.starts_with("POST ")).collect()
}

fn record_two(telemetry: Telemetry) {
    record(&telemetry, "first");
    telemetry.flush(TEST_TIMEOUT).expect("delivered");
    record(&telemetry, "second");
    telemetry.shutdown_within(TEST_TIMEOUT).expect("delivered");
}

/// Port 4317 without a path got gRPC, whatever the port answered.
#[test]
fn a_port_4317_that_uses_http_gets_http() {
    let _turn = turn();
    let address = "127.43.17.1:4317".parse().expect("an address");
    let collector = Collector::start_at(address, Answer::Accept, None);
    record_two(init(traces_to(&collector)).expect("started"));
    let line = "POST /v1/traces http/1.1";
    assert_eq!(exports(&collector), [line, line], "both spans, once, over HTTP");
}

#[test]
fn a_collector_that_starts_later_on_port_4317_gets_http() {
    let _turn = turn();
    let address = "127.43.17.2:4317".parse().expect("an address");
    let config = TelemetryConfig::default()
        .with_enabled(true)
        .with_exporter(Exporter::Otlp)
        .with_metrics_exporter(Exporter::None)
        .with_timeout(Duration::from_millis(100))
        .with_endpoint("http://127.43.17.2:4317");
    let telemetry = init(config).expect("started");
    record(&telemetry, "lost");
    let error = telemetry.flush(TEST_TIMEOUT).expect_err("nothing listens");
    assert!(error.to_string().contains("Connection refused"), "{error}");

    let collector = Collector::start_at(address, Answer::Accept, None);
    record(&telemetry, "work");
    telemetry.flush(TEST_TIMEOUT).expect("delivered");
    assert_eq!(exports(&collector), ["POST /v1/traces http/1.1"], "over HTTP");
    let diagnosis = telemetry.diagnose().to_string();
    assert!(
        !diagnosis.contains("not gRPC"),
        "a probe finds the same: {diagnosis}"
    );
    telemetry.shutdown_within(TEST_TIMEOUT).expect("nothing is left");
}

/// The port of a container is often mapped to another one.
#[test]
fn a_port_that_uses_grpc_gets_grpc() {
    let _turn = turn();
    let collector = Grpc::start(Code::Ok);
    let config = TelemetryConfig::default()
        .with_enabled(true)
        .with_exporter(Exporter::Otlp)
        .with_metrics_exporter(Exporter::None)
        .with_endpoint(format!("http://{}", collector.address));
    record_two(init(config).expect("started"));
    assert_eq!(
        collector.spans(),
        ["first", "second"],
        "both spans, once, over gRPC"
    );
}

/// A server that does not answer says nothing about its protocol.
#[test]
fn a_server_that_fails_keeps_the_protocol_of_its_port() {
    let _turn = turn();
    let collector = Collector::start(Answer::Close);
    let telemetry = init(traces_to(&collector).with_timeout(Duration::from_millis(300))).expect("started");
    record(&telemetry, "lost");
    let error = telemetry
        .flush(TEST_TIMEOUT)
        .expect_err("it closes the connection");
    assert!(
        error.to_string().contains("HTTP export failed"),
        "HTTP is not given up: {error}"
    );
    collector.answer(Answer::Accept);
    record(&telemetry, "work");
    telemetry.flush(TEST_TIMEOUT).expect("delivered");
    assert_eq!(exports(&collector), ["POST /v1/traces http/1.1"], "over HTTP");
    telemetry.shutdown_within(TEST_TIMEOUT).expect("nothing is left");
}
