//! Several services in one process: each has its name, and all share the way out.

use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;
use opentelemetry::trace::{Span, TraceContextExt, Tracer, TracerProvider};
use throughline_telemetry::{Exporter, Protocol, Telemetry, TelemetryConfig, init};
use throughline_test_support::Vacant;

use crate::collector::{Answer, Collector};
use crate::{Shared, TEST_TIMEOUT, console, turn};

/// A span of each service in one trace, the last beneath the others.
fn one_trace(telemetry: &Telemetry, services: &[&'static str]) {
    let mut cx = opentelemetry::Context::new();
    for name in services {
        let service = telemetry.for_service(*name).expect("a service");
        let tracer = service.tracer_provider().expect("spans are on").tracer("test");
        let span = tracer.start_with_context(format!("work of {name}"), &cx);
        cx = cx.with_span(span);
    }
}

#[test]
fn the_console_shows_one_tree_and_names_the_services() {
    let _turn = turn();
    let writer = Shared::default();
    let telemetry = init(console(&writer)).expect("started");
    one_trace(&telemetry, &["shop", "billing", "shop"]);
    let metrics = telemetry.for_service("billing").expect("the same");
    let meter = metrics.meter_provider().expect("metrics are on").meter("test");
    meter.u64_counter("bills").build().add(1, &[]);
    telemetry.shutdown_within(TEST_TIMEOUT).expect("ended");
    let text = writer.text();
    assert_eq!(
        text.matches("trace ").count(),
        1,
        "one tree, though the spans of two providers end: {text}"
    );
    let services: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split_once("internal  ")?.1.split_whitespace().next())
        .collect();
    assert_eq!(services, ["shop", "billing", "shop"], "{text}");
    assert!(text.contains("\nmetrics of billing\nbills 1\n"), "{text}");
    assert!(!text.contains("otel.sdk"), "the SDK's metrics of itself: {text}");
}

#[test]
fn each_service_is_a_resource_of_its_own_at_the_collector() {
    let _turn = turn();
    let collector = Collector::start(Answer::Accept);
    let config = TelemetryConfig::default()
        .with_enabled(true)
        .with_service_name("gateway")
        .with_exporter(Exporter::Otlp)
        .with_metrics_exporter(Exporter::None)
        .with_protocol(Protocol::HttpJson);
    let telemetry = init(config.with_endpoint(format!("http://{}", collector.address))).expect("started");
    crate::record(&telemetry, "work of gateway");
    one_trace(&telemetry, &["shop", "billing"]);
    telemetry.flush(TEST_TIMEOUT).expect("accepted");
    let sent = |collector: &Collector| {
        let mut sent = Vec::new();
        for request in collector.requests() {
            let request: serde_json::Value = serde_json::from_slice(&request.body).expect("JSON");
            let resource = &request["resourceSpans"][0];
            let attributes = resource["resource"]["attributes"].as_array().expect("attributes");
            let name = attributes
                .iter()
                .find(|attribute| attribute["key"] == "service.name");
            // A diagnosis sends no span.
            for span in resource["scopeSpans"][0]["spans"]
                .as_array()
                .into_iter()
                .flatten()
            {
                let service = name.and_then(|name| name["value"]["stringValue"].as_str());
                let span = span["name"].as_str().unwrap_or_default();
                sent.push((service.unwrap_or_default().to_owned(), span.to_owned()));
            }
        }
        sent.sort();
        sent
    };
    let expected = ["billing", "gateway", "shop"].map(|name| (name.to_owned(), format!("work of {name}")));
    assert_eq!(sent(&collector), expected, "flushed with the guard");
    one_trace(&telemetry, &["shop"]);
    let shop = telemetry.for_service("shop").expect("the same");
    assert_eq!(
        telemetry.diagnose_within(TEST_TIMEOUT).signals[0]
            .counts
            .delivered,
        3,
        "counted together before the end"
    );
    telemetry.shutdown_within(TEST_TIMEOUT).expect("ended");
    assert_eq!(sent(&collector).len(), 4, "the rest is delivered at the end");
    let mut late = shop
        .tracer_provider()
        .expect("a provider")
        .tracer("test")
        .start("late");
    assert!(!late.is_recording(), "shut down with the guard");
    late.end();
}

#[test]
fn what_a_service_loses_is_told_with_its_name() {
    let _turn = turn();
    let vacant = Vacant::new();
    let url = format!("http://{}", vacant.address());
    let config = TelemetryConfig::default()
        .with_enabled(true)
        .with_exporter(Exporter::Otlp)
        .with_metrics_exporter(Exporter::None);
    let telemetry = init(config.with_endpoint(url).with_protocol(Protocol::Grpc)).expect("started");
    one_trace(&telemetry, &["shop", "billing"]);
    let error = telemetry
        .shutdown_within(TEST_TIMEOUT)
        .expect_err("no listener")
        .to_string();
    let expected = "not everything was delivered; traces of billing, shop: ";
    assert!(error.starts_with(expected), "{error}");
}

#[test]
fn prometheus_reads_all_services_from_one_page() {
    let _turn = turn();
    let config = TelemetryConfig::default()
        .with_enabled(true)
        .with_exporter(Exporter::None)
        .with_metrics_exporter(Exporter::Prometheus)
        .with_prometheus_listen(None);
    let telemetry = init(config).expect("started");
    let count = |provider: &dyn MeterProvider, tokens| {
        let meter = provider.meter("test");
        let counter = meter.u64_counter("prompt_size").with_unit("{token}").build();
        counter.add(tokens, &[KeyValue::new("direction", "input")]);
    };
    count(telemetry.meter_provider().expect("metrics are on"), 1);
    for (name, tokens) in [("shop", 2), ("billing", 3)] {
        let service = telemetry.for_service(name).expect("a service");
        count(service.meter_provider().expect("metrics are on"), tokens);
    }
    let text = telemetry.prometheus_text().expect("Prometheus");
    let expected = "\
# TYPE prompt_size_total counter
prompt_size_total{direction=\"input\"} 1
prompt_size_total{direction=\"input\",job=\"shop\"} 2
prompt_size_total{direction=\"input\",job=\"billing\"} 3
";
    assert!(text.contains(expected), "{text}");
    assert_eq!(text.matches("# TYPE ").count(), 2, "each family once: {text}");
    telemetry.shutdown_within(TEST_TIMEOUT).expect("ended");
}

#[test]
fn where_telemetry_is_off_a_service_has_nothing() {
    let _turn = turn();
    let telemetry = init(TelemetryConfig::default()).expect("off");
    let service = telemetry.for_service("shop").expect("nothing to fail");
    assert!(
        service.tracer_provider().is_none()
            && service.meter_provider().is_none()
            && service.logger_provider().is_none(),
        "off"
    );
}
