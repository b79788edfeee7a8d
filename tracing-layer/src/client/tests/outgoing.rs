//! Which headers are sent to which hosts.

use bytes::Bytes;
use http::Request;
use http_body_util::Empty;
use opentelemetry::baggage::BaggageExt;
use opentelemetry::trace::noop::NoopTracerProvider;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use opentelemetry::{Context, KeyValue};
use throughline_propagation::{Outgoing, W3cPropagator};
use throughline_test_support::Recorder;
use tower::{Layer, ServiceExt, service_fn};

use super::{layer, ok, request};
use crate::client::ClientLayer;

#[tokio::test]
async fn baggage_goes_only_to_hosts_that_were_named() {
    let outgoing = Outgoing::new().with_baggage_to(["*.internal"]);
    let cases = [("http://a.internal:1/", true), ("http://example.com/", false)];
    for (uri, expected) in cases {
        let recorder = Recorder::new();
        let layer = layer(&recorder)
            .with_propagator(W3cPropagator::new())
            .with_outgoing(outgoing.clone());
        let client = layer.layer(service_fn(move |request: Request<Empty<Bytes>>| async move {
            assert!(
                request.headers().contains_key("traceparent"),
                "{uri}: trace context"
            );
            assert_eq!(
                request.headers().contains_key("baggage"),
                expected,
                "{uri}: baggage"
            );
            ok()
        }));
        let _baggage = Context::new().with_baggage([KeyValue::new("user", "7")]).attach();
        client.oneshot(request(uri)).await.expect("sent");
    }
}

#[tokio::test]
async fn a_trace_passes_also_where_nothing_records() {
    let client = ClientLayer::new()
        .with_tracer_provider(NoopTracerProvider::new())
        .with_propagator(W3cPropagator::new());
    let client = client.layer(service_fn(|request: Request<Empty<Bytes>>| async move {
        let sent = request.headers().get("traceparent").cloned();
        let expected = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(sent.expect("a traceparent"), expected, "unchanged");
        ok()
    }));
    let remote = SpanContext::new(
        TraceId::from_hex("0af7651916cd43dd8448eb211c80319c").expect("an id"),
        SpanId::from_hex("b7ad6b7169203331").expect("an id"),
        TraceFlags::SAMPLED,
        true,
        TraceState::default(),
    );
    let _remote = Context::new().with_remote_span_context(remote).attach();
    client.oneshot(request("http://a/")).await.expect("sent");
}
