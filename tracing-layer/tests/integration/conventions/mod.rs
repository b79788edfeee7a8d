//! Odd traffic over real sockets, and whether its spans and metrics keep to the conventions.

mod check;
mod client;
mod numbers;
mod odd;
mod server;
mod table;
mod witness;

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::routing::{any, get, post};
use futures_util::{StreamExt, stream};
use throughline_propagation::W3cPropagator;
use throughline_tracing_layer::{ClientLayer, ServerLayer};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

use self::witness::Witness;

fn traced_server(witness: &Witness) -> ServerLayer {
    ServerLayer::new()
        .with_tracer_provider(witness.tracer_provider())
        .with_meter_provider(witness.meter_provider())
        .with_propagator(W3cPropagator::new())
        .with_body_sizes(true)
        .with_request_headers(["x-tenant", "authorization"])
        .with_response_headers(["x-answer", "set-cookie"])
}

fn traced_client(witness: &Witness) -> ClientLayer {
    ClientLayer::new()
        .with_tracer_provider(witness.tracer_provider())
        .with_meter_provider(witness.meter_provider())
        .with_propagator(W3cPropagator::new())
        .with_body_sizes(true)
        .with_request_headers(["x-tenant", "cookie"])
        .with_response_headers(["x-answer", "set-cookie"])
}

/// Everything that a request can meet.
fn routes() -> Router {
    let timeout = TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, Duration::from_millis(5));
    let slow = Router::new()
        .route("/slow", get(std::future::pending::<()>))
        .layer(timeout);
    let caught = Router::new()
        .route("/caught", get(panics))
        .layer(CatchPanicLayer::new());
    let pieces = || async { Body::from_stream(stream::iter(["ab", "cde"].map(Ok::<_, std::io::Error>))) };
    let cut = || async {
        let first = stream::iter([Ok("ab"), Err(std::io::Error::from(std::io::ErrorKind::TimedOut))]);
        Body::from_stream(first.chain(stream::pending()))
    };
    Router::new()
        .route(
            "/users/{id}",
            any(|| async { ([("x-answer", "a"), ("set-cookie", "s3cr3t")], "a user") }),
        )
        .route("/only-get", get(|| async { "got" }))
        .route("/echo", post(|body: Bytes| async { body }))
        .route("/none", get(|| async { StatusCode::NO_CONTENT }))
        .route("/same", get(|| async { StatusCode::NOT_MODIFIED }))
        .route(
            "/moved",
            get(|| async { axum::response::Redirect::temporary("/users/7") }),
        )
        .route("/broken", get(|| async { StatusCode::INTERNAL_SERVER_ERROR }))
        .route(
            "/odd",
            get(|| async { StatusCode::from_u16(799).expect("a status code") }),
        )
        .route("/panic", get(panics))
        .route("/hang", get(std::future::pending::<()>))
        .route("/pieces", get(pieces))
        .route("/cut", get(cut))
        .merge(slow)
        .merge(caught)
}

async fn panics() -> &'static str {
    panic!("in the handler")
}

async fn serve(witness: &Witness) -> SocketAddr {
    crate::serve(routes().layer(traced_server(witness))).await
}
