//! The sources of the route.

use throughline_test_support::Recorder;
use tower::{Layer, ServiceExt, service_fn};

use super::{hello, layer, request, span_of};
use crate::server::{RouteLayer, set_route};

#[tokio::test]
async fn routes() {
    let recorder = Recorder::new();
    let by_function = layer(&recorder).with_route(|head| {
        let path = head.uri().path().strip_prefix("/users/")?;
        path.parse::<u64>().ok().map(|_| "/users/{id}".into())
    });
    let tree = span_of(&recorder, by_function, request("GET", "/users/7")).await;
    assert!(
        tree.starts_with("Server GET /users/{id}\n"),
        "by a function:\n{tree}"
    );
    assert!(tree.contains("http.route=\"/users/{id}\""), "{tree}");

    let recorder = Recorder::new();
    let late = layer(&recorder).layer(service_fn(|_| async {
        assert!(set_route("/{*rest}"), "a request is being served");
        assert!(set_route("/late/{id}"), "again");
        hello()
    }));
    late.oneshot(request("GET", "/late/7")).await.expect("infallible");
    let tree = recorder.tree(&[]);
    assert!(
        tree.starts_with("Server GET /late/{id}\n"),
        "the last word counts:\n{tree}"
    );
    assert_eq!(tree.matches("http.route").count(), 1, "recorded once:\n{tree}");
    let metrics = recorder.metrics().join("\n");
    assert!(
        metrics.contains("http.route=/late/{id}"),
        "on metrics too:\n{metrics}"
    );

    let recorder = Recorder::new();
    let routed = RouteLayer::named("/fixed").layer(service_fn(|_| async { hello() }));
    layer(&recorder)
        .layer(routed)
        .oneshot(request("GET", "/x"))
        .await
        .expect("infallible");
    assert!(
        recorder.tree(&[]).starts_with("Server GET /fixed\n"),
        "by a layer inside"
    );

    let recorder = Recorder::new();
    let tree = span_of(&recorder, layer(&recorder), request("GET", "/miss")).await;
    assert!(!tree.contains("http.route"), "none on a miss:\n{tree}");
    assert!(!set_route("/nobody"), "no request is being served any more");
}

#[tokio::test]
async fn a_request_served_inside_another_keeps_its_route_to_itself() {
    let (outer, inner) = (Recorder::new(), Recorder::new());
    let inside = layer(&inner).layer(service_fn(|_| async {
        set_route("/inner");
        hello()
    }));
    let service = layer(&outer).layer(service_fn(move |_| {
        let inside = inside.clone();
        async move {
            set_route("/outer");
            inside.oneshot(request("GET", "/")).await.map(|_| ())?;
            hello()
        }
    }));
    service.oneshot(request("GET", "/")).await.expect("infallible");
    assert!(
        outer.tree(&[]).starts_with("Server GET /outer\n"),
        "{}",
        outer.tree(&[])
    );
    assert!(
        inner.tree(&[]).starts_with("Server GET /inner\n"),
        "{}",
        inner.tree(&[])
    );
}
