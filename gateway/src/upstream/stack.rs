//! The layers between the gateway's handler and the HTTP client.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use throughline::llm::drain::Drain;
use throughline::llm::include_usage::IncludeUsage;
use throughline::llm::{Llm, RequestBody};
use throughline::{ClientLayer, DrainLayer, IncludeUsageLayer, LlmLayer};
use tower::{Layer, ServiceExt};

use super::attempts::Attempts;
use super::connector::Endpoint;
use super::error::UpstreamError;
use super::idle::IdleTimeout;
use super::request_body::ForwardedBody;
use crate::body::{Body, BoxError};

/// The body that [`LlmLayer`] sends.
type Once = RequestBody<ForwardedBody<Body>>;
/// The body that [`LlmLayer`] sends beneath an [`IncludeUsageLayer`].
type Twice = RequestBody<Once>;

/// The layers around the HTTP client, of which those that are off are left out:
/// [`DrainLayer`] → [`IncludeUsageLayer`] → [`LlmLayer`] → attempts → [`ClientLayer`] → client.
pub(crate) enum Stack {
    Plain(Llm<Attempts<Once>>),
    Drained(Drain<Llm<Attempts<Once>>>),
    WithUsage(Drain<IncludeUsage<Llm<Attempts<Twice>>>>),
}

/// The settings of the layers.
#[derive(Debug)]
pub(crate) struct StackSettings {
    pub(crate) llm: LlmLayer,
    /// The layer that reads on if a client leaves.
    pub(crate) drain: Option<DrainLayer>,
    /// Whether streams are asked for their usage, also at these hosts.
    pub(crate) include_usage: Option<Vec<String>>,
}

impl Stack {
    pub(crate) fn new(endpoints: &[Endpoint], settings: StackSettings) -> Self {
        let StackSettings {
            llm,
            drain,
            include_usage,
        } = settings;
        let client = ClientLayer::new();
        let Some(hosts) = include_usage else {
            let llm = llm.layer(Attempts::new(endpoints, &client));
            return match drain {
                None => Self::Plain(llm),
                Some(drain) => Self::Drained(drain.layer(llm)),
            };
        };
        let usage = hosts
            .into_iter()
            .fold(IncludeUsageLayer::new(), IncludeUsageLayer::with_host);
        let inner = usage.layer(llm.layer(Attempts::new(endpoints, &client)));
        // A layer that may drain nothing only passes on.
        let drain =
            drain.unwrap_or_else(|| DrainLayer::new(tokio::runtime::Handle::current()).with_max_drains(0));
        Self::WithUsage(drain.layer(inner))
    }

    /// Whether the encoding of answers must be left out, so that an event can be removed from a stream.
    pub(crate) fn edits_streams(&self) -> bool {
        matches!(self, Self::WithUsage(_))
    }

    /// Sends a request, and returns the answer with a body that fails if nothing arrives within `idle`.
    pub(crate) async fn send(
        &self,
        request: Request<ForwardedBody<Body>>,
        idle: Duration,
    ) -> Result<Response<Body>, UpstreamError> {
        let sent = match self {
            Self::Plain(service) => service
                .clone()
                .oneshot(request)
                .await
                .map(|response| boxed(response, idle)),
            Self::Drained(service) => service
                .clone()
                .oneshot(request)
                .await
                .map(|response| boxed(response, idle)),
            Self::WithUsage(service) => service
                .clone()
                .oneshot(request)
                .await
                .map(|response| boxed(response, idle)),
        };
        sent.map_err(|error| error.downcast().unwrap_or(UpstreamError::Target))
    }
}

fn boxed<B>(response: Response<B>, idle: Duration) -> Response<Body>
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    response.map(|body| match body.is_end_stream() {
        true => Body::new(body),
        false => Body::new(IdleTimeout::new(body, idle)),
    })
}

impl std::fmt::Debug for Stack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stack").finish_non_exhaustive()
    }
}
