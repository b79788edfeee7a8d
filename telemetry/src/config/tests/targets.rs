//! Where each signal goes.

use crate::config::{Protocol, TelemetryConfig};
use crate::signal::Signal;
use crate::target::Target;

#[test]
fn protocol_and_url_of_each_signal() {
    let config = TelemetryConfig::default();
    for (config, protocol, traces, metrics) in [
        (
            config.clone(),
            Protocol::Grpc,
            "http://127.0.0.1:4317",
            "http://127.0.0.1:4317",
        ),
        (
            config.clone().with_protocol(Protocol::HttpProtobuf),
            Protocol::HttpProtobuf,
            "http://127.0.0.1:4318/v1/traces",
            "http://127.0.0.1:4318/v1/metrics",
        ),
        (
            config.clone().with_endpoint("http://c:4317/"),
            Protocol::Grpc,
            "http://c:4317",
            "http://c:4317",
        ),
        (
            config.clone().with_endpoint("http://c"),
            Protocol::Grpc,
            "http://c",
            "http://c",
        ),
        (
            config.clone().with_endpoint("http://[::1]:4317"),
            Protocol::Grpc,
            "http://[::1]:4317",
            "http://[::1]:4317",
        ),
        (
            config.clone().with_endpoint("http://[::1]"),
            Protocol::Grpc,
            "http://[::1]",
            "http://[::1]",
        ),
        (
            config.clone().with_endpoint("http://c:4318"),
            Protocol::HttpProtobuf,
            "http://c:4318/v1/traces",
            "http://c:4318/v1/metrics",
        ),
        (
            config.clone().with_endpoint("http://127.0.0.1:4318/v1/traces"),
            Protocol::HttpProtobuf,
            "http://127.0.0.1:4318/v1/traces",
            "http://127.0.0.1:4318/v1/metrics",
        ),
        (
            config.clone().with_endpoint("https://c/otel/"),
            Protocol::HttpProtobuf,
            "https://c/otel/v1/traces",
            "https://c/otel/v1/metrics",
        ),
        (
            config
                .clone()
                .with_endpoint("http://c:4318")
                .with_protocol(Protocol::Grpc),
            Protocol::Grpc,
            "http://c:4318",
            "http://c:4318",
        ),
    ] {
        let targets =
            [Signal::Traces, Signal::Metrics].map(|signal| Target::new(&config, signal).expect("a target"));
        assert_eq!(
            targets.each_ref().map(|target| target.url.as_str()),
            [traces, metrics],
            "{:?}",
            config.endpoint
        );
        assert!(
            targets.iter().all(|target| target.protocol == protocol),
            "{:?}: {protocol:?}",
            config.endpoint
        );
    }
}
