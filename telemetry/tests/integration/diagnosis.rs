//! A diagnosis names the mistake in a configuration.

use std::io::Read;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use throughline_telemetry::{Exporter, Protocol, SignalDiagnosis, TelemetryConfig, init};
use throughline_test_support::Vacant;
use tonic::Code;
use tonic::transport::Server;

use crate::collector::{Answer, Collector};
use crate::grpc::Grpc;
use crate::{TEST_TIMEOUT, black_hole, turn};

/// What is found of the traces that go to a URL, by who waits until it is.
fn diagnosed(url: &str, protocol: Protocol) -> SignalDiagnosis {
    diagnosed_within(TEST_TIMEOUT, url, protocol)
}

/// Expects a report that nothing responds.
fn assert_silent(case: &str, url: &str, protocol: Protocol) {
    let mut patience = Duration::from_millis(200);
    loop {
        let found = diagnosed_within(patience, url, protocol);
        let no_connection = format!("no connection within {patience:?}");
        // A busy machine may be late with what takes no time.
        if found.unreachable.as_ref() == Some(&no_connection) && patience < TEST_TIMEOUT {
            patience *= 2;
            continue;
        }
        let fault = format!("it accepts the connection but does not respond within {patience:?}");
        return assert_found(case, &found, None, Some(&fault));
    }
}

fn diagnosed_within(patience: Duration, url: &str, protocol: Protocol) -> SignalDiagnosis {
    let config = TelemetryConfig::default()
        .with_enabled(true)
        .with_exporter(Exporter::Otlp)
        .with_metrics_exporter(Exporter::None);
    let telemetry = init(config.with_endpoint(url).with_protocol(protocol)).expect("started");
    let found = telemetry.diagnose_within(patience).signals.remove(0);
    telemetry
        .shutdown_within(TEST_TIMEOUT)
        .expect("nothing to deliver");
    found
}

fn assert_found(case: &str, found: &SignalDiagnosis, answer: Option<&str>, fault: Option<&str>) {
    assert_eq!(
        (found.answer.as_deref(), found.unreachable.as_deref()),
        (answer, fault),
        "{case}"
    );
    let counts = (found.counts.delivered, found.counts.lost);
    assert_eq!(counts, (0, 0), "{case}: a question is no delivery");
}

#[test]
fn what_a_collector_answers_over_http() {
    let _turn = turn();
    let headers = "it rejects the credentials: check the headers (OTEL_EXPORTER_OTLP_HEADERS)";
    for (reply, answer, fault) in [
        (Answer::Accept, Some("200 OK"), None),
        (
            Answer::Status(400),
            Some("400 Bad Request"),
            Some("it answers 400 Bad Request ({}): it does not accept traces".to_owned()),
        ),
        (
            Answer::Status(401),
            Some("401 Unauthorized"),
            Some(format!("it answers 401 Unauthorized ({{}}): {headers}")),
        ),
        (
            Answer::Page,
            Some("200 OK"),
            Some("it answers 200 OK ({}): with an HTML page, so it is not an OTLP receiver".to_owned()),
        ),
        (
            Answer::Status(302),
            Some("302 Found"),
            Some(
                "it answers 302 Found ({}): exports are not redirected: set the new URL as the endpoint"
                    .to_owned(),
            ),
        ),
        (
            Answer::Status(404),
            Some("404 Not Found"),
            Some(
                "it answers 404 Not Found ({}): it does not support OTLP at this path: check the endpoint"
                    .to_owned(),
            ),
        ),
        (
            Answer::Status(429),
            Some("429 Too Many Requests"),
            Some("it answers 429 Too Many Requests ({}): it limits the rate of requests".to_owned()),
        ),
        (
            Answer::Status(500),
            Some("500 Internal Server Error"),
            Some("it answers 500 Internal Server Error ({}): the error is on the server side".to_owned()),
        ),
        (
            Answer::Garbage,
            None,
            Some("the server does not use HTTP".to_owned()),
        ),
    ] {
        for protocol in [Protocol::HttpProtobuf, Protocol::HttpJson] {
            let collector = Collector::start(reply);
            let found = diagnosed(&format!("http://{}", collector.address), protocol);
            assert_found(
                &format!("{protocol:?} {reply:?}"),
                &found,
                answer,
                fault.as_deref(),
            );
        }
    }
    for protocol in [Protocol::HttpProtobuf, Protocol::HttpJson] {
        let collector = Collector::start(Answer::Silence);
        assert_silent(
            &format!("{protocol:?}, silence"),
            &format!("http://{}", collector.address),
            protocol,
        );
        collector.answer(Answer::Close);
    }
    let collector = Collector::start(Answer::Close);
    let found = diagnosed(&format!("http://{}", collector.address), Protocol::HttpProtobuf);
    let fault = found.unreachable.unwrap_or_default();
    assert!(
        fault.starts_with("it accepts the connection and closes it without a response ("),
        "{fault}"
    );
}

#[test]
fn what_a_collector_answers_over_grpc() {
    let _turn = turn();
    for (code, answer, fault) in [
        (Code::Ok, "OK", None),
        (
            Code::Unauthenticated,
            "Unauthenticated",
            Some(
                "it answers Unauthenticated: it rejects the credentials: check the headers \
                 (OTEL_EXPORTER_OTLP_HEADERS)",
            ),
        ),
        (
            Code::Unimplemented,
            "Unimplemented",
            Some("it answers Unimplemented: it supports gRPC, but not OTLP for traces"),
        ),
        (
            Code::ResourceExhausted,
            "ResourceExhausted",
            Some("it answers ResourceExhausted: it limits the rate of requests"),
        ),
        (
            Code::Internal,
            "Internal",
            Some("it answers Internal: the error is on the server side"),
        ),
    ] {
        let collector = Grpc::start(code);
        let found = diagnosed(&format!("http://{}", collector.address), Protocol::Grpc);
        assert_found(&format!("{code:?}"), &found, Some(answer), fault);
    }
    let silent = Collector::start(Answer::Silence);
    assert_silent("silence", &format!("http://{}", silent.address), Protocol::Grpc);
    silent.answer(Answer::Close);
    let garbage = Collector::start(Answer::Garbage);
    let found = diagnosed(&format!("http://{}", garbage.address), Protocol::Grpc);
    let fault = "the server does not use HTTP";
    assert_found("garbage", &found, None, Some(fault));
}

#[test]
fn no_listener_or_no_answer() {
    let _turn = turn();
    for protocol in [Protocol::Grpc, Protocol::HttpProtobuf] {
        let (_listener, url) = black_hole();
        assert_silent(&format!("{protocol:?} {url}"), &url, protocol);
        let vacant = Vacant::new();
        let url = format!("http://{}", vacant.address());
        let found = diagnosed(&url, protocol);
        let fault = "Connection refused (os error 111)";
        assert_found(&format!("{protocol:?} {url}"), &found, None, Some(fault));
        let found = diagnosed("http://nowhere.invalid:4317", protocol);
        let fault = found.unreachable.unwrap_or_default();
        assert!(
            fault.starts_with("failed to lookup address information")
                || fault.starts_with("no connection within "),
            "{protocol:?}: {fault}"
        );
    }
}

#[test]
fn the_port_of_the_other_protocol_is_reported() {
    let _turn = turn();
    let grpc = Grpc::start(Code::Ok);
    let found = diagnosed(&format!("http://{}", grpc.address), Protocol::HttpProtobuf);
    let fault = "the port uses HTTP/2, like gRPC, not HTTP/1.1: use the collector's HTTP port, usually 4318, or \
                 the protocol grpc (OTEL_EXPORTER_OTLP_PROTOCOL)";
    assert_found("HTTP to a port of gRPC", &found, None, Some(fault));

    let http = Collector::start(Answer::Accept);
    let found = diagnosed(&format!("http://{}", http.address), Protocol::Grpc);
    let fault = "the port uses HTTP/1.1, not gRPC: use the collector's gRPC port, usually 4317, or the \
                 protocol http/protobuf (OTEL_EXPORTER_OTLP_PROTOCOL)";
    assert_found("gRPC to a port of HTTP", &found, None, Some(fault));

    let any = "127.0.0.1:0".parse().expect("an address");
    let both = Grpc::serve(any, Code::Unimplemented, Server::builder().accept_http1(true));
    let found = diagnosed(&format!("http://{}", both.address), Protocol::Grpc);
    let fault = format!("it answers Unimplemented: {fault}");
    assert_found(
        "gRPC to a port of HTTP/1.1 and HTTP/2",
        &found,
        Some("Unimplemented"),
        Some(&fault),
    );
}

#[test]
fn every_signal_is_asked_by_itself_and_all_at_once() {
    let _turn = turn();
    let (listener, url) = black_hole();
    let config = TelemetryConfig::default()
        .with_enabled(true)
        .with_exporter(Exporter::Otlp)
        .with_logs_exporter(Exporter::Otlp)
        .with_protocol(Protocol::HttpProtobuf);
    let telemetry = init(config.clone().with_endpoint(url)).expect("started");
    thread::scope(|scope| {
        let diagnosis = scope.spawn(|| telemetry.diagnose_within(TEST_TIMEOUT));
        let mut waiting: Vec<TcpStream> = Vec::new();
        while waiting.len() < 3 {
            let (mut connection, _) = listener.accept().expect("a connection");
            // Some probes only connect.
            if matches!(connection.read(&mut [0]), Ok(1)) {
                waiting.push(connection);
            }
        }
        for connection in &waiting {
            connection.set_nonblocking(true).expect("set");
            let mut bytes = [0; 1 << 16];
            let read = std::iter::repeat_with(|| (&*connection).read(&mut bytes))
                .find(|read| !matches!(read, Ok(1..)));
            assert!(
                matches!(read, Some(Err(_))),
                "every probe began before the first timed out: {read:?}"
            );
        }
        drop((waiting, listener));
        let warnings = diagnosis.join().expect("no panic").warnings;
        assert_eq!(warnings.len(), 3, "a warning for each signal: {warnings:?}");
    });
    let _ = telemetry.shutdown_within(Duration::from_millis(50));

    let collector = Collector::start(Answer::Accept);
    let url = format!("http://{}", collector.address);
    let telemetry = init(config.with_endpoint(&url)).expect("started");
    let text = telemetry.diagnose_within(TEST_TIMEOUT).to_string();
    for signal in ["traces", "logs", "metrics"] {
        let expected = format!("{signal:<12}to {url}/v1/{signal}, which answers 200 OK; 0 delivered");
        assert!(text.contains(&expected), "{expected:?} in {text}");
    }
    telemetry.shutdown_within(TEST_TIMEOUT).expect("ended");
}

#[test]
fn the_page_for_prometheus_is_asked_for() {
    let _turn = turn();
    let config = TelemetryConfig::default()
        .with_enabled(true)
        .with_exporter(Exporter::None)
        .with_metrics_exporter(Exporter::Prometheus);
    let telemetry = init(config.clone().with_prometheus_listen(Some("127.0.0.1:0"))).expect("started");
    let found = telemetry.diagnose_within(TEST_TIMEOUT).signals.remove(0);
    assert_found("never read", &found, Some("200 OK"), None);
    telemetry.prometheus_text().expect("metrics");
    let text = telemetry.diagnose_within(TEST_TIMEOUT).to_string();
    let address = telemetry.prometheus_address().expect("a listener");
    let expected = format!("metrics     to http://{address}/metrics, which answers 200 OK; 1 delivered,");
    assert!(text.contains(&expected), "{expected:?} in {text}");
    telemetry.shutdown_within(TEST_TIMEOUT).expect("ended");

    let telemetry = init(config.with_prometheus_listen(None)).expect("started");
    let found = telemetry.diagnose().signals.remove(0);
    assert_eq!(
        found.destination, "a route of the program",
        "no destination is probed"
    );
    assert_found("no listener", &found, None, None);
    telemetry.shutdown_within(TEST_TIMEOUT).expect("ended");
}
