//! The client of the rates.

use std::error::Error;
use std::fmt;

use reqwest::Client;
use serde::Deserialize;
// ADDED
use throughline::{ClientLayer, client::Client as Traced};
use tower::{Layer, ServiceExt};

/// A service that tells what a euro is worth: `GET /rates/usd` answers `{"rate": …}`.
#[derive(Debug, Clone)]
pub(crate) struct Rates {
    url: String,
    builder: Client,
    // ADDED: what sends the requests that `builder` makes.
    http: Traced<Client>,
}

#[derive(Debug, Deserialize)]
struct Rate {
    rate: f64,
}

/// Why there is no rate, in words for the user.
#[derive(Debug)]
pub(crate) struct RatesError(String);

impl Rates {
    pub(crate) fn new(url: &str) -> Self {
        let builder = Client::new();
        Self {
            url: url.trim_end_matches('/').to_owned(),
            // ADDED: one client span a request, HTTP metrics, and the `traceparent` that continues the trace over there.
            http: ClientLayer::new().layer(builder.clone()),
            builder,
        }
    }

    /// What a euro is worth in dollars.
    pub(crate) async fn dollars(&self) -> Result<f64, RatesError> {
        let Self { url, .. } = self;
        let request = self.builder.get(format!("{url}/rates/usd"));
        // BEFORE: `let sent = request.send().await;`
        let sent = async { self.http.clone().oneshot(request.build()?).await }.await;
        let response = sent.map_err(|error| {
            RatesError(format!(
                "the rates at {url} cannot be reached: {}",
                innermost(&error)
            ))
        })?;
        if !response.status().is_success() {
            return Err(RatesError(format!(
                "the rates at {url} answered {}",
                response.status()
            )));
        }
        let rate: Result<Rate, _> = response.json().await;
        rate.map(|Rate { rate }| rate)
            .map_err(|_| RatesError(format!("the rates at {url} answered something that is no rate")))
    }
}

impl fmt::Display for RatesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for RatesError {}

/// The first cause: "Connection refused" says more than "error sending request".
fn innermost(error: &dyn Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
