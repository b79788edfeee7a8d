//! Two layers around one request, and a request within another one.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use throughline_propagation::{ExtractLayer, W3cPropagator};
use throughline_test_support::Recorder;
use tower::util::BoxCloneService;
use tower::{Layer, ServiceExt, service_fn};

use super::{hello, layer, request, traced};
use crate::server::{MetricsLayer, RouteLayer, ServerLayer, SpanLayer, set_route};

type Service = BoxCloneService<Request<Empty<Bytes>>, Response<Empty<Bytes>>, Infallible>;

/// Boxes the service and the body of its response.
fn boxed<S, B>(service: S) -> Service
where
    S: tower::Service<Request<Empty<Bytes>>, Response = Response<B>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
{
    let service = service.map_response(|response: Response<B>| response.map(|_| Empty::new()));
    BoxCloneService::new(service)
}

/// Serves a request without a layer.
fn bare() -> Service {
    boxed(service_fn(|_| async { hello() }))
}

/// The number of spans, and of measurements of the duration.
fn recorded(recorder: &Recorder) -> (usize, u64) {
    let counts = recorder.metrics().into_iter().filter_map(|line| {
        let (name, count) = line.split_once("} count=")?;
        name.starts_with("http.server.request.duration")
            .then(|| count.parse::<u64>().expect("a number"))
    });
    (recorder.spans().len(), counts.sum())
}

#[tokio::test]
async fn a_request_is_recorded_once_however_many_layers_see_it() {
    type Stack = fn(&ServerLayer) -> Service;
    // Layers from the inside out, then the spans and measurements of one request.
    let cases: [(&str, Stack, (usize, u64)); 9] = [
        ("one", |layer| boxed(layer.layer(bare())), (1, 1)),
        (
            "the same twice",
            |layer| boxed(layer.layer(boxed(layer.layer(bare())))),
            (1, 1),
        ),
        (
            "two of their own settings",
            |layer| {
                let other = layer.clone().with_body_sizes(false);
                boxed(layer.layer(boxed(other.layer(bare()))))
            },
            (1, 1),
        ),
        (
            "three",
            |layer| boxed(layer.layer(boxed(layer.layer(boxed(layer.layer(bare())))))),
            (1, 1),
        ),
        (
            "with a layer between that makes a new head of the request",
            |layer| {
                let inner = boxed(layer.layer(bare()));
                let rewrite = inner.map_request(|request: Request<Empty<Bytes>>| {
                    let (mut parts, body) = request.into_parts();
                    parts.uri = "/rewritten".parse().expect("a path");
                    parts.headers.insert("x-added", "1".parse().expect("a value"));
                    Request::from_parts(parts, body)
                });
                boxed(layer.layer(boxed(rewrite)))
            },
            (1, 1),
        ),
        (
            "spans around metrics",
            |layer| {
                let metrics = MetricsLayer::from(layer.clone());
                boxed(SpanLayer::from(layer.clone()).layer(boxed(metrics.layer(bare()))))
            },
            (1, 1),
        ),
        (
            "metrics around spans",
            |layer| {
                let spans = SpanLayer::from(layer.clone());
                boxed(MetricsLayer::from(layer.clone()).layer(boxed(spans.layer(bare()))))
            },
            (1, 1),
        ),
        (
            "spans around all",
            |layer| boxed(SpanLayer::from(layer.clone()).layer(boxed(layer.layer(bare())))),
            (1, 1),
        ),
        (
            "a filter that lets none pass around one without",
            |layer| {
                let none = layer.clone().with_filter(|_| false);
                boxed(none.layer(boxed(layer.layer(bare()))))
            },
            (1, 1),
        ),
    ];
    for (case, stack, expected) in cases {
        let recorder = Recorder::new();
        let service = stack(&layer(&recorder).with_propagator(W3cPropagator::new()));
        for times in 1..=3 {
            service.clone().oneshot(traced()).await.expect("infallible");
            let (spans, durations) = expected;
            let all = (spans * times, durations * times as u64);
            assert_eq!(recorded(&recorder), all, "{case}, request {times}");
        }
        let parents: Vec<_> = recorder
            .spans()
            .into_iter()
            .map(|span| span.parent_span_id.to_string())
            .collect();
        let remote = if case.starts_with("spans") || case == "metrics around spans" {
            "0000000000000000"
        } else {
            "b7ad6b7169203331"
        };
        assert_eq!(parents, [remote; 3], "{case}: the parent");
        let active = recorder
            .metrics()
            .into_iter()
            .find(|line| line.starts_with("http.server.active"));
        assert!(
            active.is_some_and(|line| line.ends_with(" 0")),
            "{case}: nothing is active"
        );
    }
}

#[tokio::test]
async fn spans_in_an_extraction_have_its_parent() {
    let recorder = Recorder::new();
    let spans = SpanLayer::from(layer(&recorder));
    let extract = ExtractLayer::new().with_propagator(W3cPropagator::new());
    let service = extract.layer(spans.layer(bare()));
    service.oneshot(traced()).await.expect("infallible");
    let parent = recorder.spans()[0].parent_span_id.to_string();
    assert_eq!(parent, "b7ad6b7169203331", "the caller's span");
}

#[tokio::test]
async fn a_request_that_a_handler_makes_is_one_of_its_own() {
    // Method and path of the inner request, which may be those of the outer one.
    for (method, path) in [("GET", "/"), ("POST", "/"), ("GET", "/other"), ("GET", "/?a=b")] {
        for same_layer in [true, false] {
            let recorder = Recorder::new();
            let outer = layer(&recorder);
            let inner = if same_layer {
                outer.clone()
            } else {
                layer(&recorder)
            };
            let inside = boxed(inner.layer(bare()));
            let service = outer.layer(service_fn(move |request: Request<Empty<Bytes>>| {
                let inside = inside.clone();
                async move {
                    drop(request);
                    inside.oneshot(super::request(method, path)).await
                }
            }));
            for times in 1..=3 {
                service
                    .clone()
                    .oneshot(request("GET", "/"))
                    .await
                    .expect("infallible");
                let (spans, durations) = recorded(&recorder);
                let case = format!("{method} {path}, same layer: {same_layer}, request {times}");
                assert_eq!((spans, durations), (2 * times, 2 * times as u64), "{case}");
            }
            let tree = recorder.tree(&[]);
            let nested = tree.lines().filter(|line| line.starts_with("  Server")).count();
            assert_eq!(nested, 3, "each inside of its own:\n{tree}");
        }
    }
}

#[tokio::test]
async fn the_inner_layer_tells_the_route_that_the_outer_one_does_not_know() {
    type Inner = fn(ServerLayer) -> Service;
    let cases: [(&str, Option<&'static str>, Inner, &str); 4] = [
        (
            "by its function",
            None,
            |layer| {
                let layer = layer.with_route(|_| Some("/inner/{id}".into()));
                boxed(layer.layer(bare()))
            },
            "/inner/{id}",
        ),
        (
            "not over the outer one's",
            Some("/outer"),
            |layer| {
                let layer = layer.with_route(|_| Some("/inner/{id}".into()));
                boxed(layer.layer(bare()))
            },
            "/outer",
        ),
        (
            "better than a wildcard",
            Some("/{*rest}"),
            |layer| {
                let layer = layer.with_route(|_| Some("/inner/{id}".into()));
                boxed(layer.layer(bare()))
            },
            "/inner/{id}",
        ),
        (
            "and what is inside of both wins",
            None,
            |layer| {
                let layer = layer.with_route(|_| Some("/inner/{id}".into()));
                boxed(layer.layer(boxed(RouteLayer::named("/late").layer(bare()))))
            },
            "/late",
        ),
    ];
    for (case, outer_route, inner, expected) in cases {
        let recorder = Recorder::new();
        let outer = layer(&recorder).with_route(move |_| outer_route.map(Into::into));
        let service = outer.layer(inner(layer(&recorder)));
        service
            .oneshot(request("GET", "/inner/7"))
            .await
            .expect("infallible");
        let tree = recorder.tree(&[]);
        assert!(
            tree.starts_with(&format!("Server GET {expected}\n")),
            "{case}:\n{tree}"
        );
        assert_eq!(recorded(&recorder), (1, 1), "{case}: once");
    }
    assert!(!set_route("/nobody"), "nothing is left on the thread");
}
