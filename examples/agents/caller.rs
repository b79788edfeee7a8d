//! How a service calls another one.

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

/// A service, as the caller of others.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    service: Service,
    directory: Directory,
    builder: Client,
    http: Traced<Client>,
}

/// Why there is no answer, in words for the customer; passed on unchanged by the services between.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    words: String,
}

impl Caller {
    pub(crate) fn new(service: Service, fleet: &Fleet, directory: Directory) -> Result<Self, FleetError> {
        let builder = Client::new();
        let http = ServiceBuilder::new()
            .layer(
                // One client span a call, and the `traceparent` that continues the trace in the service called.
                ClientLayer::new()
                    // The span is this service's, not the process's.
                    .with_tracer_provider(fleet.provider(service)?)
                    // A call that the filter leaves out has no span, yet its `traceparent` names the current one.
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

    /// Asks another service.
    pub(crate) async fn ask(&self, other: Service, order: &Order) -> Result<Answer, Failure> {
        let unavailable = |why: &str| Failure {
            status: StatusCode::BAD_GATEWAY,
            words: format!(
                "{} gets no answer of {}: {why}",
                self.service.name(),
                other.name()
            ),
        };
        let address = self
            .directory
            .get(&other)
            .ok_or_else(|| unavailable("no such service"))?;
        let url = format!("http://{address}{}", other.path());
        let request = self.builder.post(url).json(order).build();
        let request = request.map_err(|error| unavailable(&innermost(&error)))?;
        // The span's name is `POST` and this.
        let named = Context::current_with_value(UrlTemplate(other.path().into()));
        let response = self.http.clone().oneshot(request).with_context(named).await;
        let response = response.map_err(|error| unavailable(&innermost(&error)))?;
        if response.status().is_success() {
            return response
                .json()
                .await
                .map_err(|error| unavailable(&innermost(&error)));
        }
        let status = response.status();
        let said: Value = response.json().await.unwrap_or_default();
        Err(match said.get("error").and_then(Value::as_str) {
            Some(words) => Failure {
                status: StatusCode::BAD_GATEWAY,
                words: words.to_owned(),
            },
            None => unavailable(status.as_str()),
        })
    }
}

impl Failure {
    /// A request about something that the service does not know.
    pub(crate) fn unknown(service: Service, what: &str) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            words: format!("{} does not know {what}", service.name()),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl std::error::Error for Failure {}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": self.words }))).into_response()
    }
}

/// The document counts one span for all that Agent 1 forwards: span 3, to Agent 2.
fn has_span(service: Service, call: &Attempt<'_>) -> bool {
    service != Service::Main || call.path() == Service::Support.path()
}

/// The first cause: "Connection refused" says more than "error sending request".
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
