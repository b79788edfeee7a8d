//! The bytes on the wire are what was recorded, under the right headers.

use std::io::Read;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use throughline_telemetry::{Compression, Exporter, Protocol, TelemetryConfig, init};
use tonic::Code;

use crate::collector::{Answer, Collector};
use crate::grpc::Grpc;
use crate::{TEST_TIMEOUT, record, turn};

#[test]
fn each_encoding_is_what_its_headers_say() {
    let _turn = turn();
    for (protocol, compression, content_type, is_zipped) in [
        (
            Protocol::HttpProtobuf,
            Compression::None,
            "application/x-protobuf",
            false,
        ),
        (
            Protocol::HttpProtobuf,
            Compression::Gzip,
            "application/x-protobuf",
            true,
        ),
        (Protocol::HttpJson, Compression::None, "application/json", false),
        (Protocol::HttpJson, Compression::Gzip, "application/json", true),
    ] {
        let collector = Collector::start(Answer::Accept);
        let config = collector.of_traces(protocol).with_compression(compression);
        let telemetry = init(config).expect("started");
        record(&telemetry, "a span with a name");
        telemetry.shutdown_within(TEST_TIMEOUT).expect("accepted");

        let request = collector.requests().remove(0);
        let case = format!("{protocol:?} {compression:?}: {}", request.head);
        assert!(request.head.starts_with("POST /v1/traces "), "{case}");
        assert!(
            request
                .head
                .contains(&format!("content-type: {content_type}\r\n")),
            "{case}"
        );
        assert_eq!(
            request.head.contains("content-encoding: gzip\r\n"),
            is_zipped,
            "{case}"
        );
        let mut body = request.body;
        if is_zipped {
            let zipped = std::mem::take(&mut body);
            flate2::read::GzDecoder::new(&*zipped)
                .read_to_end(&mut body)
                .expect("gzip");
        }
        let is_json = serde_json::from_slice::<ExportTraceServiceRequest>(&body).is_ok();
        assert_eq!(is_json, protocol == Protocol::HttpJson, "{case}");
        let name = b"a span with a name";
        assert!(body.windows(name.len()).any(|part| part == name), "{case}");
    }
}

/// The environment is the process's, so another process exports: this test, begun again with variables.
#[test]
fn the_headers_of_the_environment_arrive() {
    if std::env::var_os("OTEL_EXPORTER_OTLP_HEADERS").is_some() {
        let telemetry = throughline_telemetry::init_from_env().expect("started");
        record(&telemetry, "work");
        telemetry.shutdown_within(TEST_TIMEOUT).expect("accepted");
        return;
    }
    let (http, grpc) = (Collector::start(Answer::Accept), Grpc::start(Code::Ok));
    for (protocol, address) in [("http/protobuf", http.address), ("grpc", grpc.address)] {
        let test = std::process::Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "wire::the_headers_of_the_environment_arrive"])
            .env(
                "OTEL_EXPORTER_OTLP_HEADERS",
                "api-key=a%20key%3D,authorization=Bearer%20x",
            )
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{address}"))
            .env("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
            .output()
            .expect("run");
        assert!(test.status.success(), "{protocol}: {test:?}");
    }
    let request = http.requests().remove(0);
    for line in ["api-key: a key=\r\n", "authorization: bearer x\r\n"] {
        assert!(request.head.contains(line), "{line:?} in {}", request.head);
    }
    let headers = grpc.headers().remove(0);
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    assert_eq!(
        (header("api-key"), header("authorization")),
        (Some("a key="), Some("Bearer x")),
        "{headers:?}"
    );
}

#[test]
fn the_headers_of_the_code_arrive() {
    let _turn = turn();
    let (http, grpc) = (Collector::start(Answer::Accept), Grpc::start(Code::Ok));
    let config = |protocol, address| {
        let config = TelemetryConfig::default()
            .with_enabled(true)
            .with_exporter(Exporter::Otlp)
            .with_metrics_exporter(Exporter::None);
        config
            .with_protocol(protocol)
            .with_endpoint(format!("http://{address}"))
    };
    for (protocol, address) in [(Protocol::HttpJson, http.address), (Protocol::Grpc, grpc.address)] {
        let config = config(protocol, address)
            .with_header("Api-Key", "first")
            .with_header("api-key", "secret");
        assert!(
            !format!("{config:?}").contains("secret"),
            "a secret is not printed"
        );
        let telemetry = init(config).expect("started");
        record(&telemetry, "work");
        telemetry.shutdown_within(TEST_TIMEOUT).expect("accepted");
    }
    let head = http.requests().remove(0).head;
    assert_eq!(head.matches("api-key: secret\r\n").count(), 1, "{head}");
    let headers = grpc.headers().remove(0);
    let values: Vec<_> = headers.get_all("api-key").iter().collect();
    assert_eq!(values, ["secret"], "{headers:?}");

    for protocol in [Protocol::HttpProtobuf, Protocol::Grpc] {
        let error =
            init(config(protocol, http.address).with_header("api-key", "se\ncret")).expect_err("two lines");
        let expected = "header api-key = \"REDACTED\" is not accepted: use a name of letters, digits and dashes, and a \
                        value without line breaks";
        assert_eq!(error.to_string(), expected, "{protocol:?}");
    }
}
