//! Routes of axum's routers.

use axum::Router;
use axum::routing::{any_service, get};
use throughline_test_support::Recorder;
use throughline_tracing_layer::server::RouteLayer;
use tower::ServiceBuilder;

use crate::{outline, serve, server, spans};

async fn ok() -> &'static str {
    "ok"
}

fn api() -> Router {
    Router::new().route("/items/{id}", get(ok))
}

#[tokio::test]
async fn nested_merged_and_missed() {
    let cases = [
        (
            "/users/7",
            "Server GET /users/{id}\n  - http.route=\"/users/{id}\"",
        ),
        (
            "/api/items/7",
            "Server GET /api/items/{id}\n  - http.route=\"/api/items/{id}\"",
        ),
        ("/merged", "Server GET /merged\n  - http.route=\"/merged\""),
        ("/files/a/b", "Server GET"),
        (
            "/inside/a",
            "Server GET /inside/{name}\n  - http.route=\"/inside/{name}\"",
        ),
        ("/inside/a/b", "Server GET"),
        (
            "/rest/a/b",
            "Server GET /rest/{*path}\n  - http.route=\"/rest/{*path}\"",
        ),
        (
            "/better/a/b",
            "Server GET /better/{a}/{b}\n  - http.route=\"/better/{a}/{b}\"",
        ),
        (
            "/renamed",
            "Server GET /renamed?op=list\n  - http.route=\"/renamed\"",
        ),
        ("/api/miss", "Server GET"),
        ("/miss", "Server GET"),
    ];
    let inside = Router::new().route("/{name}", get(ok));
    let inside = inside.route_layer(RouteLayer::matched());
    let named = |template| get(ok).layer(RouteLayer::named(template));
    for (path, expected) in cases {
        let recorder = Recorder::new();
        let router = Router::new()
            .route("/users/{id}", get(ok))
            .nest("/api", api().fallback(ok))
            .merge(Router::new().route("/merged", get(ok)))
            .nest_service("/files", any_service(get(ok)))
            .nest_service("/inside", inside.clone())
            .route("/rest/{*path}", get(ok))
            .route("/better/{*path}", named("/better/{a}/{b}"))
            .route("/renamed", named("/renamed?op=list"))
            .fallback(ok)
            .layer(server(&recorder));
        let address = serve(router).await;
        reqwest::get(format!("http://{address}{path}"))
            .await
            .expect("a response");
        spans(&recorder, 1).await;
        assert_eq!(outline(&recorder, &["http.route"]), expected, "{path}");
    }
}

#[tokio::test]
async fn around_the_whole_router_a_route_layer_tells() {
    let recorder = Recorder::new();
    let inner = Router::new()
        .route("/users/{id}", get(ok))
        .nest("/api", api())
        .route_layer(RouteLayer::matched());
    let whole = ServiceBuilder::new().layer(server(&recorder)).service(inner);
    let address = serve(Router::new().fallback_service(whole)).await;
    for path in ["/users/7", "/api/items/7", "/miss"] {
        reqwest::get(format!("http://{address}{path}"))
            .await
            .expect("a response");
    }
    spans(&recorder, 3).await;
    let expected = "Server GET /users/{id}
  - http.route=\"/users/{id}\"
Server GET /api/items/{id}
  - http.route=\"/api/items/{id}\"
Server GET";
    assert_eq!(outline(&recorder, &["http.route"]), expected, "late routes");
}
