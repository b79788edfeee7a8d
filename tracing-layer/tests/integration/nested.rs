//! Nested routers of axum: path and client are recorded once.

use std::net::{Ipv6Addr, SocketAddr};

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::routing::get;
use throughline_test_support::Recorder;
use throughline_tracing_layer::ServerLayer;
use tokio::net::TcpListener;
use tower::ServiceExt;

use crate::{active, outline, serve, server, spans};

async fn ok() -> &'static str {
    "ok"
}

fn items(recorder: &Recorder) -> Router {
    Router::new()
        .route("/items/{id}", get(ok))
        .layer(server(recorder))
}

fn durations(recorder: &Recorder) -> u64 {
    let metrics = recorder.metrics().into_iter();
    let counts = metrics.filter(|line| line.starts_with("http.server.request.duration"));
    counts
        .map(|line| {
            line.rsplit('=')
                .next()
                .expect("a count")
                .parse::<u64>()
                .expect("a number")
        })
        .sum()
}

#[tokio::test]
async fn the_path_is_what_the_client_asked_for() {
    type Build = fn(&Recorder) -> Router;
    let route = "http.route";
    let keys = ["url.path", "url.query", "url.scheme", route];
    let cases: [(&str, Build, &str, &str); 6] = [
        (
            "a layer of the nested router",
            |recorder| Router::new().nest("/api", items(recorder)),
            "/api/items/7?a=b",
            "Server GET /api/items/{id}\n  - http.route=\"/api/items/{id}\"\n  - url.path=\"/api/items/7\"\n  - url.query=\"a=REDACTED\"\n  - url.scheme=\"http\"",
        ),
        (
            "two levels down",
            |recorder| Router::new().nest("/v1", Router::new().nest("/api", items(recorder))),
            "/v1/api/items/7",
            "Server GET /v1/api/items/{id}\n  - http.route=\"/v1/api/items/{id}\"\n  - url.path=\"/v1/api/items/7\"\n  - url.scheme=\"http\"",
        ),
        (
            "a nested service",
            |recorder| Router::new().nest_service("/api", items(recorder)),
            "/api/items/7",
            "Server GET /api/items/{id}\n  - http.route=\"/api/items/{id}\"\n  - url.path=\"/api/items/7\"\n  - url.scheme=\"http\"",
        ),
        (
            "the root of a nested router",
            |recorder| Router::new().nest("/api", Router::new().route("/", get(ok)).layer(server(recorder))),
            "/api",
            "Server GET /api\n  - http.route=\"/api\"\n  - url.path=\"/api\"\n  - url.scheme=\"http\"",
        ),
        (
            "a parameter in the prefix",
            |recorder| Router::new().nest("/{tenant}", items(recorder)),
            "/acme/items/7",
            "Server GET /{tenant}/items/{id}\n  - http.route=\"/{tenant}/items/{id}\"\n  - url.path=\"/acme/items/7\"\n  - url.scheme=\"http\"",
        ),
        (
            "no nesting",
            items,
            "/items/7",
            "Server GET /items/{id}\n  - http.route=\"/items/{id}\"\n  - url.path=\"/items/7\"\n  - url.scheme=\"http\"",
        ),
    ];
    for (case, build, path, expected) in cases {
        let recorder = Recorder::new();
        let address = serve(build(&recorder)).await;
        let answer = reqwest::get(format!("http://{address}{path}"))
            .await
            .expect("a response");
        assert_eq!(answer.status(), 200, "{case}: found");
        spans(&recorder, 1).await;
        assert_eq!(outline(&recorder, &keys), expected, "{case}");
    }
}

#[tokio::test]
async fn layers_of_a_router_and_of_one_in_it_record_once() {
    type Build = fn(&Recorder) -> Router;
    let cases: [(&str, Build, &str); 5] = [
        (
            "router and nested router",
            |recorder| {
                Router::new()
                    .nest("/api", items(recorder))
                    .layer(server(recorder))
            },
            "Server GET /api/items/{id}",
        ),
        (
            "router and nested service",
            |recorder| {
                Router::new()
                    .nest_service("/api", items(recorder))
                    .layer(server(recorder))
            },
            "Server GET /api/items/{id}",
        ),
        (
            "the same layer twice",
            |recorder| {
                let layer = server(recorder);
                let router = Router::new().route("/api/items/{id}", get(ok));
                router.layer(layer.clone()).layer(layer)
            },
            "Server GET /api/items/{id}",
        ),
        (
            "around a handler, a router, and all",
            |recorder| {
                let one = get(ok).layer(server(recorder));
                let inner = Router::new().route("/items/{id}", one).layer(server(recorder));
                Router::new().nest("/api", inner).layer(server(recorder))
            },
            "Server GET /api/items/{id}",
        ),
        (
            "with a middleware between",
            |recorder| {
                let add = from_fn(|mut request: Request, next: Next| async move {
                    request
                        .headers_mut()
                        .insert("x-added", "1".parse().expect("a value"));
                    next.run(request).await
                });
                Router::new()
                    .nest("/api", items(recorder))
                    .layer(add)
                    .layer(server(recorder))
            },
            "Server GET /api/items/{id}",
        ),
    ];
    for (case, build, expected) in cases {
        let recorder = Recorder::new();
        let address = serve(build(&recorder)).await;
        for times in 1..=3 {
            let answer = reqwest::get(format!("http://{address}/api/items/7"))
                .await
                .expect("a response");
            assert_eq!(answer.text().await.expect("a body"), "ok", "{case}: it passes");
            spans(&recorder, times).await;
            assert_eq!(
                durations(&recorder),
                times as u64,
                "{case}: measured once a request"
            );
        }
        let expected = [expected; 3].join("\n");
        assert_eq!(outline(&recorder, &[]), expected, "{case}: one span a request");
        assert!(
            active(&recorder).iter().all(|line| line.ends_with(" 0")),
            "{case}: none is active"
        );
    }
}

#[tokio::test]
async fn a_router_that_a_handler_asks_is_a_server_of_its_own() {
    let recorder = Recorder::new();
    let inner = items(&recorder);
    let outer = get(move || {
        let inner = inner.clone();
        async move {
            let request = Request::get("/items/7")
                .body(axum::body::Body::empty())
                .expect("a request");
            inner.oneshot(request).await
        }
    });
    let address = serve(Router::new().route("/items/{id}", outer).layer(server(&recorder))).await;
    for times in 1..=3 {
        let answer = reqwest::get(format!("http://{address}/items/7"))
            .await
            .expect("a response");
        assert_eq!(answer.text().await.expect("a body"), "ok", "it passes");
        spans(&recorder, 2 * times).await;
        assert_eq!(durations(&recorder), 2 * times as u64, "both are measured");
    }
    let pair = "Server GET /items/{id}\n  Server GET /items/{id}";
    assert_eq!(outline(&recorder, &[]), [pair; 3].join("\n"), "one in the other");
}

#[tokio::test]
async fn a_client_of_a_listener_for_both_versions_is_of_version_4() {
    let any: SocketAddr = (Ipv6Addr::UNSPECIFIED, 0).into();
    let listener = TcpListener::bind(any).await.expect("IP version 6");
    let port = listener.local_addr().expect("an address").port();
    let recorder = Recorder::new();
    let believes_loopback =
        throughline_propagation::Trust::when(|head| head.peer().is_some_and(|peer| peer.ip().is_loopback()));
    let layer: ServerLayer = server(&recorder).with_trust(believes_loopback);
    let router = Router::new().route("/", get(ok)).layer(layer);
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    drop(tokio::spawn(async move { axum::serve(listener, service).await }));
    reqwest::get(format!("http://127.0.0.1:{port}/"))
        .await
        .expect("a response");
    spans(&recorder, 1).await;
    let spans = recorder.spans();
    let shown = |key: &str| {
        let found = spans[0]
            .attributes
            .iter()
            .find(|attribute| attribute.key.as_str() == key);
        found.map(|attribute| attribute.value.to_string())
    };
    for key in ["client.address", "network.peer.address", "server.address"] {
        assert_eq!(shown(key).as_deref(), Some("127.0.0.1"), "{key}");
    }
}
