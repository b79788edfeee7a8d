//! The client that a service uses to call other services.

use std::fmt;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use reqwest::Client;
use serde_json::{Value, json};
use throughline::ClientLayer;
use throughline::client::{Attempt, Client as Traced, UrlTemplate};
use throughline::opentelemetry::Context;
use throughline::opentelemetry::context::FutureExt;
use tower::{ServiceBuilder, ServiceExt};

use crate::fleet::{Fleet, FleetError};
use crate::services::{Answer, Directory, Order, Service};

/// A client for the other services, with the spans of one service.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    service: Service,
    directory: Directory,
    builder: Client,
    http: Traced<Client>,
}

/// An error message for the customer. Services on the way back forward it unchanged.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    message: String,
}

impl Caller {
    pub(crate) fn new(service: Service, fleet: &Fleet, directory: Directory) -> Result<Self, FleetError> {
        let builder = Client::new();
        let http = ServiceBuilder::new()
            .layer(
                // One client span per call, and a `traceparent` that continues the trace in the called
                // service.
                ClientLayer::new()
                    // Record the span under the name of this service, not of the process.
                    .with_tracer_provider(fleet.provider(service)?)
                    // An excluded call has no span. Its `traceparent` carries the current span.
                    .with_filter(move |call| has_span(service, call)),
            )
            .service(builder.clone());
        Ok(Self {
            service,
            directory,
            builder,
            http,
        })
    }

    /// Calls another service.
    pub(crate) async fn call(&self, other: Service, order: &Order) -> Result<Answer, Failure> {
        let unavailable = |why: &str| Failure {
            status: StatusCode::BAD_GATEWAY,
            message: format!("{} cannot call {}: {why}", self.service.name(), other.name()),
        };
        let address = self
            .directory
            .get(&other)
            .ok_or_else(|| unavailable("no such service"))?;
        let url = format!("http://{address}{}", other.path());
        let request = self.builder.post(url).json(order).build();
        let request = request.map_err(|error| unavailable(&innermost(&error)))?;
        // The span is named after the method and this template: `POST /stock`.
        let context = Context::current_with_value(UrlTemplate(other.path().into()));
        let response = self.http.clone().oneshot(request).with_context(context).await;
        let response = response.map_err(|error| unavailable(&innermost(&error)))?;
        if response.status().is_success() {
            return response
                .json()
                .await
                .map_err(|error| unavailable(&innermost(&error)));
        }
        let status = response.status();
        let body: Value = response.json().await.unwrap_or_default();
        Err(match body.get("error").and_then(Value::as_str) {
            Some(message) => Failure {
                status: StatusCode::BAD_GATEWAY,
                message: message.to_owned(),
            },
            None => unavailable(status.as_str()),
        })
    }
}

impl Failure {
    /// Creates the error of a request for something that the service does not have.
    pub(crate) fn not_found(service: Service, what: &str) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            message: format!("{} has no {what}", service.name()),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": self.message }))).into_response()
    }
}

/// Returns whether a call has a span. Of Agent 1's calls, the document has a span for one: span 3, to Agent
/// 2.
fn has_span(service: Service, call: &Attempt<'_>) -> bool {
    service != Service::Main || call.path() == Service::Support.path()
}

/// Returns the root cause: "Connection refused" is more useful than "error sending request".
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
