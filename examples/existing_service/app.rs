//! The service: `GET /prices/{item}` answers `{"price": …}` or `{"error": …}`.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
// ADDED
use throughline::ServerLayer;
use tower_http::trace::TraceLayer;
use tracing::{info, warn};

use crate::rates::Rates;

/// The price of each item, in euros.
const PRICES: &[(&str, f64)] = &[("chair", 120.0), ("desk", 450.0), ("lamp", 35.0)];

pub(crate) fn app(rates: Rates) -> Router {
    Router::new()
        .route("/prices/{item}", get(price))
        .with_state(rates)
        // A `tracing` span around the request, an event at its start and one at its end.
        .layer(TraceLayer::new_for_http())
        // ADDED: one server span per request, a child of the incoming `traceparent`, and HTTP metrics. Added
        // last, so that it is the outermost layer and the events of tower-http are part of the trace.
        .layer(ServerLayer::new())
}

async fn price(State(rates): State<Rates>, Path(item): Path<String>) -> (StatusCode, Json<Value>) {
    let Some((_, euros)) = PRICES.iter().find(|(name, _)| *name == item) else {
        let error = format!("unknown item {item:?}; expected chair, desk or lamp");
        return (StatusCode::NOT_FOUND, Json(json!({ "error": error })));
    };
    match rates.dollars().await {
        Ok(rate) => {
            info!(item, rate, "priced");
            (StatusCode::OK, Json(json!({ "price": euros * rate })))
        }
        Err(error) => {
            warn!(item, %error, "no price");
            (
                StatusCode::BAD_GATEWAY,
                Json(json!({ "error": error.to_string() })),
            )
        }
    }
}
