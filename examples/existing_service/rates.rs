//! The client of the rates service.

use std::error::Error;
use std::fmt;

use reqwest::Client;
use serde::Deserialize;
// ADDED
use throughline::{ClientLayer, client::Client as Traced};
use tower::{Layer, ServiceExt};

/// A client of the service of exchange rates: `GET /rates/usd` answers `{"rate": …}`.
#[derive(Debug, Clone)]
pub(crate) struct Rates {
    url: String,
    builder: Client,
    // ADDED: sends the requests that `builder` builds.
    http: Traced<Client>,
}

#[derive(Debug, Deserialize)]
struct Rate {
    rate: f64,
}

/// An error message for the user.
#[derive(Debug)]
pub(crate) struct RatesError(String);

impl Rates {
    pub(crate) fn new(url: &str) -> Self {
        let builder = Client::new();
        Self {
            url: url.trim_end_matches('/').to_owned(),
            // ADDED: one client span per request, HTTP metrics, and a `traceparent` that continues the trace.
            http: ClientLayer::new().layer(builder.clone()),
            builder,
        }
    }

    /// Returns the value of one euro in dollars.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn dollars(&self) -> Result<f64, RatesError> {
        let Self { url, .. } = self;
        let request = self.builder.get(format!("{url}/rates/usd"));
        // BEFORE: `let sent = request.send().await;`
        let sent = async { self.http.clone().oneshot(request.build()?).await }.await;
        let response = sent.map_err(|error| {
            RatesError(format!(
                "the rates service at {url} cannot be reached: {}",
                innermost(&error)
            ))
        })?;
        if !response.status().is_success() {
            return Err(RatesError(format!(
                "the rates service at {url} answered {}",
                response.status()
            )));
        }
        let rate: Result<Rate, _> = response.json().await;
        rate.map(|Rate { rate }| rate)
            .map_err(|_| RatesError(format!("the rates service at {url} sent an invalid answer")))
    }
}

impl fmt::Display for RatesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for RatesError {}

/// Returns the root cause: "Connection refused" is more useful than "error sending request".
fn innermost(error: &dyn Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
