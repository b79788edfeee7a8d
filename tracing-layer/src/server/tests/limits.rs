//! Long or many values of a client are cut or bounded.

use opentelemetry::{Array, KeyValue, Value};
use throughline_test_support::Recorder;

use super::{layer, request, span_of};
use crate::limits::{MAX_ARRAY_ITEMS, MAX_ATTRIBUTE_BYTES};

/// The total bytes of a value, and the maximum number of items of an array.
fn size(value: &Value) -> (usize, usize) {
    match value {
        Value::Array(Array::String(items)) => {
            (items.iter().map(|item| item.as_str().len()).sum(), items.len())
        }
        other => (other.as_str().len(), 1),
    }
}

#[tokio::test]
async fn every_attribute_that_a_client_chooses_is_bounded() {
    let long = "x".repeat(250_000);
    let path = format!("/{}", "p".repeat(60_000));
    /// A key, the method, the URI and the text of a request, and the size of the attribute.
    type Case<'a> = (&'a str, &'a str, &'a str, &'a str, (usize, usize));
    let cases: [Case<'_>; 9] = [
        ("url.path", "GET", &path, "x", (1024, 1)),
        ("url.path", "GET", "/short", "x", (6, 1)),
        (
            "url.query",
            "GET",
            &format!("/?{}", "q=1&".repeat(15_000)),
            "x",
            (1024, 1),
        ),
        ("user_agent.original", "GET", "/", &long, (1024, 1)),
        ("user_agent.original", "GET", "/", "curl/8.9", (8, 1)),
        (
            "http.request.method_original",
            &"M".repeat(60_000),
            "/",
            "x",
            (1024, 1),
        ),
        (
            "http.request.header.x-many",
            "GET",
            "/",
            "x",
            (MAX_ARRAY_ITEMS, MAX_ARRAY_ITEMS),
        ),
        ("http.request.header.x-long", "GET", "/", &long, (1024, 1)),
        ("server.address", "GET", "/", &long, (1024, 1)),
    ];
    for (key, method, uri, text, expected) in cases {
        let recorder = Recorder::new();
        let mut request = request(method, uri);
        let headers = request.headers_mut();
        headers.insert("user-agent", text.parse().expect("a value"));
        headers.append("x-long", text.parse().expect("a value"));
        headers.append("x-long", text.parse().expect("a value"));
        for _ in 0..1_000 {
            headers.append("x-many", "1".parse().expect("a value"));
        }
        if key == "server.address" {
            headers.insert("x-forwarded-host", text.parse().expect("a value"));
        }
        span_of(
            &recorder,
            layer(&recorder).with_request_headers(["x-many", "x-long"]),
            request,
        )
        .await;
        let [span] = &recorder.spans()[..] else {
            panic!("{key}: one span")
        };
        let find = |attribute: &&KeyValue| attribute.key.as_str() == key;
        let found = span.attributes.iter().find(find).map(|it| size(&it.value));
        let expected = match key {
            // The first of two values takes all the space that it needs.
            "http.request.header.x-long" if text.len() < MAX_ATTRIBUTE_BYTES => (2 * text.len(), 2),
            _ => expected,
        };
        assert_eq!(found, Some(expected), "{key} of {} bytes", text.len());
        for attribute in &span.attributes {
            let (bytes, items) = size(&attribute.value);
            assert!(
                bytes <= MAX_ATTRIBUTE_BYTES && items <= MAX_ARRAY_ITEMS,
                "{}: {bytes} bytes, {items} items",
                attribute.key
            );
        }
        assert!(
            span.name.len() <= 128,
            "the span's name: {} bytes",
            span.name.len()
        );
    }
}

#[tokio::test]
async fn a_flood_of_clients_makes_no_series() {
    let recorder = Recorder::new();
    let layer = layer(&recorder);
    for n in 0..300 {
        let mut hostile = request(&format!("M{n}"), &format!("/{n}?{n}"));
        let headers = hostile.headers_mut();
        headers.insert("host", format!("h{n}:{n}").parse().expect("a value"));
        headers.insert("user-agent", format!("a{n}").parse().expect("a value"));
        headers.insert("x-forwarded-proto", format!("p{n}").parse().expect("a value"));
        span_of(&recorder, layer.clone(), hostile).await;
    }
    let metrics = recorder.metrics();
    assert_eq!(metrics.len(), 4, "a series an instrument: {metrics:?}");
}
