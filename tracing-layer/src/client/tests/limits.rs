//! Long or many values of an upstream, or of a proxy's client, are cut or bounded.

use std::io;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Empty};
use throughline_test_support::Recorder;
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};

use super::{attribute, layer, request};
use crate::client::ClientLayer;
use crate::limits::MAX_ATTRIBUTE_BYTES;

type Answer = Response<Empty<Bytes>>;

/// A client whose upstreams answer with the status in the path.
fn client(
    layer: ClientLayer,
) -> impl Service<Request<Empty<Bytes>>, Response = impl Body, Error = io::Error> + Clone {
    let upstream = |request: Request<Empty<Bytes>>| async move {
        let mut response = Answer::new(Empty::new());
        let status = request.uri().path().trim_start_matches('/').parse();
        *response.status_mut() = status.unwrap_or_default();
        Ok::<_, io::Error>(response)
    };
    ServiceBuilder::new()
        .map_response(Response::into_body)
        .layer(layer)
        .service(service_fn(upstream))
}

#[tokio::test]
async fn every_attribute_of_a_request_is_bounded() {
    let host = "h".repeat(60_000);
    let path = "p".repeat(60_000);
    let cases = [
        ("url.full", "http://a/b", "GET", "http://a/b".len()),
        (
            "url.full",
            &format!("http://a/{path}"),
            "GET",
            MAX_ATTRIBUTE_BYTES,
        ),
        (
            "url.full",
            &format!("http://a/?{}", "q=1&".repeat(15_000)),
            "GET",
            MAX_ATTRIBUTE_BYTES,
        ),
        (
            "server.address",
            &format!("http://{host}/"),
            "GET",
            MAX_ATTRIBUTE_BYTES,
        ),
        ("server.address", "http://a/", "GET", 1),
        (
            "http.request.method_original",
            "http://a/",
            &*"M".repeat(60_000),
            MAX_ATTRIBUTE_BYTES,
        ),
    ];
    for (key, uri, method, expected) in cases {
        let recorder = Recorder::new();
        let mut request = request(uri);
        *request.method_mut() = method.parse().expect("a token");
        client(layer(&recorder)).oneshot(request).await.expect("sent");
        let found = attribute(&recorder, key);
        let lengths: Vec<_> = found.iter().map(|it| it.as_ref().map(String::len)).collect();
        assert_eq!(lengths, [Some(expected)], "{key} of {} bytes", uri.len());
        let longest = recorder.metrics().iter().map(String::len).max();
        assert!(longest < Some(400), "labels are short: {longest:?} bytes");
    }
}

/// A host that is cut must not match a host that may receive baggage.
#[tokio::test]
async fn baggage_is_decided_by_the_whole_host() {
    use throughline_propagation::Outgoing;

    let recorder = Recorder::new();
    let trusted = format!("{}.internal", "h".repeat(MAX_ATTRIBUTE_BYTES - ".internal".len()));
    for (host, expected) in [(trusted.clone(), true), (format!("{trusted}.evil.test"), false)] {
        let layer = layer(&recorder).with_outgoing(Outgoing::new().with_baggage_to(["*.internal"]));
        let service = layer.layer(service_fn(|request: Request<Empty<Bytes>>| async move {
            let has_baggage = request.headers().contains_key("baggage");
            let mut response = Answer::new(Empty::new());
            response.extensions_mut().insert(has_baggage);
            Ok::<_, io::Error>(response)
        }));
        let cx = opentelemetry::baggage::BaggageExt::with_baggage(
            &opentelemetry::Context::new(),
            [opentelemetry::KeyValue::new("user", "7")],
        );
        let _attached = cx.attach();
        let response = service
            .oneshot(request(&format!("http://{host}/")))
            .await
            .expect("sent");
        let sent = response.extensions().get::<bool>().copied();
        assert_eq!(sent, Some(expected), "baggage to a host of {} bytes", host.len());
    }
}

/// Sends hostile requests, then one to a host that was seen before the flood, and one to a new host.
#[tokio::test]
async fn a_flood_leaves_the_hosts_that_came_first() {
    type Flood = fn(usize) -> String;
    let floods: [(&str, Flood); 4] = [
        ("hosts", |n| format!("http://host-{n}.test/200")),
        ("ports", |n| format!("http://host.test:{}/200", n % 65_000 + 1)),
        ("statuses of one host", |n| {
            format!("http://one.test/{}", 200 + n % 800)
        }),
        ("hosts and statuses", |n| {
            format!("http://host-{n}.test/{}", 200 + n % 800)
        }),
    ];
    for (name, flood) in floods {
        let recorder = Recorder::with_sampler(opentelemetry_sdk::trace::Sampler::AlwaysOff);
        let client = client(layer(&recorder));
        let send = async |uri: &str| {
            let body = client.clone().oneshot(request(uri)).await.expect("sent");
            let _ = Box::pin(body).collect().await;
        };
        send("http://early.test/200").await;
        for n in 0..4_000 {
            send(&flood(n)).await;
        }
        for uri in [
            "http://early.test/200",
            "http://early.test/503",
            "http://late.test/200",
        ] {
            send(uri).await;
        }
        let metrics = recorder.metrics();
        let durations = || {
            metrics
                .iter()
                .filter(|line| line.starts_with("http.client.request.duration"))
        };
        let series = durations().count();
        assert!(series <= 1_900, "{name}: {series} series");
        assert!(
            !metrics.iter().any(|line| line.contains("otel.metric.overflow")),
            "{name}: nothing overflows"
        );
        let early = durations().filter(|line| line.contains("server.address=early.test,"));
        let early: Vec<&String> = early.collect();
        assert!(
            early
                .iter()
                .any(|line| line.contains("http.response.status_code=200") && line.ends_with(" count=2")),
            "{name}: the host that came first is as it was: {early:?}"
        );
        assert!(
            early.iter().any(|line| line.contains("error.type=")),
            "{name}: and its failure is there: {early:?}"
        );
        let late = durations().any(|line| line.contains("server.address=late.test,"));
        let others = durations().any(|line| line.contains("server.address=_OTHER"));
        assert!(
            late != others,
            "{name}: the host that came last is itself or _OTHER"
        );
        assert_eq!(others, name != "statuses of one host", "{name}: which");
    }
}

#[tokio::test]
async fn the_number_of_hosts_can_be_set() {
    let recorder = Recorder::new();
    let client = client(layer(&recorder).with_max_server_addresses(2));
    for host in ["a", "b", "c", "a"] {
        client
            .clone()
            .oneshot(request(&format!("http://{host}/200")))
            .await
            .expect("sent");
    }
    let metrics = recorder.metrics();
    let labels = metrics
        .iter()
        .filter_map(|line| line.split_once("server.address=")?.1.split([',', '}']).next());
    let labels: std::collections::BTreeSet<&str> = labels.collect();
    assert_eq!(
        labels.into_iter().collect::<Vec<_>>(),
        ["_OTHER", "a", "b"],
        "two hosts"
    );
    let spans: String = attribute(&recorder, "server.address")
        .into_iter()
        .flatten()
        .collect();
    assert_eq!(spans, "abca", "the spans have the real ones");
}
