//! Server layers in an axum router with one route.

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::IntoResponse;
use axum::routing::{Route, get};
use tower_layer::{Identity, Layer};
use tower_service::Service;

use super::server::{bridged, contrib, ours, tower_http, tower_otel, tower_otel_metrics};
use super::{Row, Section};
use crate::telemetry::Sdk;
use throughline_bench_workload::{Exercise, calls, incoming};

pub(super) fn section(sdk: &Sdk) -> Section {
    Section {
        title: "axum Router with a route, sampled",
        rows: vec![
            Row::new("Router with a layer that does nothing", with(Identity::new())),
            Row::new("Router without a layer", calls(router(), incoming::<Body>)),
            Row::new("ServerLayer, span + metrics", with(ours(sdk))),
            Row::new("instrumentation-tower, span + metrics", with(contrib(true))),
            Row::new(
                "tower-otel, span + metrics",
                with((tower_otel(), tower_otel_metrics(sdk))),
            ),
            Row::new("axum-tracing-opentelemetry, span only", with(bridged())),
            Row::new("tower-http trace, span only", with(tower_http())),
        ],
    }
}

fn router() -> Router {
    Router::new().route("/users/{id}", get(async || "hello"))
}

fn with<L, S>(layer: L) -> impl Exercise + use<L, S>
where
    L: Layer<Route, Service = S> + Clone + Send + Sync + 'static,
    S: Service<Request, Response: IntoResponse, Error: Into<Infallible>, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static,
{
    calls(router().layer(layer), incoming::<Body>)
}
