//! What is recorded of trusted and untrusted callers.

use std::future;

use opentelemetry::Context;
use opentelemetry::baggage::BaggageExt;
use opentelemetry_sdk::trace::Sampler;
use throughline_propagation::{ExtractLayer, PeerAddr, Trust, W3cPropagator};
use throughline_test_support::Recorder;
use tower::{Layer, ServiceExt, service_fn};

use super::{hello, layer, request, span_of, traced};
use crate::server::SpanLayer;

#[tokio::test]
async fn peers_and_proxies() {
    let recorder = Recorder::new();
    let mut request = request("GET", "/");
    let headers = request.headers_mut();
    headers.insert("user-agent", "curl/8".parse().expect("a value"));
    headers.insert(
        "forwarded",
        "for=203.0.113.7;host=shop;proto=https".parse().expect("a value"),
    );
    let peer = "10.0.0.1:4711".parse().expect("an address");
    request.extensions_mut().insert(PeerAddr(peer));
    let expected = "Server GET
  - client.address=\"203.0.113.7\"
  - http.request.method=\"GET\"
  - http.response.status_code=200
  - network.peer.address=\"10.0.0.1\"
  - network.peer.port=4711
  - network.protocol.version=\"1.1\"
  - server.address=\"shop\"
  - url.path=\"/\"
  - url.scheme=\"https\"
  - user_agent.original=\"curl/8\"
";
    assert_eq!(
        span_of(&recorder, layer(&recorder), request).await,
        expected,
        "the span"
    );
}

#[tokio::test]
async fn callers_that_are_believed_and_others() {
    let cases = [
        ("always", Trust::Always, true),
        ("never", Trust::Never, false),
        (
            "when",
            Trust::when(|head| head.headers().contains_key("x-forwarded-for")),
            true,
        ),
        (
            "a predicate that panics",
            Trust::when(|_| panic!("in the predicate")),
            false,
        ),
    ];
    for (name, trust, believed) in cases {
        let recorder = Recorder::new();
        let layer = layer(&recorder)
            .with_propagator(W3cPropagator::new())
            .with_trust(trust);
        let service = layer.layer(service_fn(move |_| {
            let baggage = Context::map_current(|cx| cx.baggage().len());
            assert_eq!(baggage, usize::from(believed), "{name}: baggage");
            future::ready(hello())
        }));
        service.oneshot(traced()).await.expect("infallible");
        let spans = recorder.spans();
        let [span] = spans.as_slice() else {
            panic!("{name}: one span")
        };
        let remote = "0af7651916cd43dd8448eb211c80319c";
        let joined = span.span_context.trace_id().to_string() == remote;
        assert_eq!(joined, believed, "{name}: the trace");
        let links: Vec<String> = span
            .links
            .iter()
            .map(|link| link.span_context.trace_id().to_string())
            .collect();
        let expected: &[&str] = if believed { &[] } else { &[remote] };
        assert_eq!(links, expected, "{name}: the links");
        let shows = |key| {
            span.attributes
                .iter()
                .any(|attribute| attribute.key.as_str() == key)
        };
        assert_eq!(
            shows("client.address"),
            believed,
            "{name}: who the caller says it is"
        );
        assert_eq!(shows("server.address"), believed, "{name}: whom it says it calls");
    }
}

#[tokio::test]
async fn a_caller_that_is_not_believed_decides_no_sampling() {
    let cases = [
        ("hides nothing", "00", Sampler::AlwaysOn, [0, 1]),
        ("forces nothing", "01", Sampler::AlwaysOff, [1, 0]),
    ];
    for (name, flags, root, [believed, not]) in cases {
        for (trust, expected) in [(Trust::Always, believed), (Trust::Never, not)] {
            let recorder = Recorder::with_sampler(Sampler::ParentBased(Box::new(root.clone())));
            let layer = layer(&recorder)
                .with_propagator(W3cPropagator::new())
                .with_trust(trust.clone());
            let mut request = traced();
            let traceparent = format!("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-{flags}");
            let value = traceparent.parse().expect("a value");
            request.headers_mut().insert("traceparent", value);
            let service = layer.layer(service_fn(|_| future::ready(hello())));
            service.oneshot(request).await.expect("infallible");
            assert_eq!(recorder.spans().len(), expected, "{name}, {trust:?}");
        }
    }
}

#[tokio::test]
async fn spans_alone_take_the_link_of_the_extraction_outside() {
    let recorder = Recorder::new();
    let spans = SpanLayer::from(layer(&recorder));
    let extract = ExtractLayer::new()
        .with_propagator(W3cPropagator::new())
        .with_trust(Trust::Never);
    let service = extract.layer(spans.layer(service_fn(|_| future::ready(hello()))));
    service.oneshot(traced()).await.expect("infallible");
    let spans = recorder.spans();
    assert_eq!(
        spans[0].links.len(),
        1,
        "a link to the caller that is not believed"
    );
    assert_eq!(recorder.metrics(), Vec::<String>::new(), "no metrics");
}
