//! The client of the model.

use std::fmt;

use reqwest::{Request, Response};
use serde_json::{Value, json};
use throughline::{ClientLayer, LlmLayer};
use tower::util::BoxCloneSyncService;
use tower::{BoxError, ServiceBuilder, ServiceExt};

/// The maximum size of one event of the model.
const MAX_EVENT_BYTES: usize = 1024 * 1024;

/// A client of a model. Cheap to clone, so that it can be state of a router.
#[derive(Clone)]
pub(crate) struct Model {
    url: String,
    name: String,
    /// Builds the requests.
    http: reqwest::Client,
    /// Sends them. Boxed, so that the type does not name the layers: adding one changes no signature.
    stack: BoxCloneSyncService<Request, Response, reqwest::Error>,
}

impl Model {
    pub(crate) fn new(url: &str, name: &str) -> Self {
        let http = reqwest::Client::new();
        let stack = ServiceBuilder::new()
            // One span per model call, until its answer ends: tokens, timing, finish reason, errors.
            .layer(LlmLayer::new())
            // A retry goes here.
            // One span per HTTP request, and a `traceparent` for the model.
            .layer(ClientLayer::new())
            .service(http.clone());
        Self {
            url: format!("{}/chat/completions", url.trim_end_matches('/')),
            name: name.to_owned(),
            http,
            stack: BoxCloneSyncService::new(stack),
        }
    }

    /// Sends a question to the model. Returns its answer while it is being written.
    pub(crate) async fn stream_answer(&self, question: &str) -> Result<Answer, reqwest::Error> {
        let body = json!({
            "model": self.name,
            "messages": [{ "role": "user", "content": question }],
            "stream": true,
            "stream_options": { "include_usage": true },
        });
        let request = self.http.post(&self.url).json(&body).build()?;
        let response = self.stack.clone().oneshot(request).await?;
        Ok(Answer {
            response: response.error_for_status()?,
            unread: Vec::new(),
        })
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// An answer of a model that arrives in pieces.
#[derive(Debug)]
pub(crate) struct Answer {
    response: Response,
    unread: Vec<u8>,
}

impl Answer {
    /// Returns the next piece of text, or `None` at the end.
    pub(crate) async fn next_text(&mut self) -> Option<Result<String, BoxError>> {
        loop {
            if let Some(end) = self.unread.windows(2).position(|bytes| bytes == b"\n\n") {
                let event: Vec<u8> = self.unread.drain(..end + 2).collect();
                match text(&event) {
                    Some(text) => return Some(Ok(text)),
                    None => continue,
                }
            }
            if self.unread.len() > MAX_EVENT_BYTES {
                return Some(Err("an event of the model is too long".into()));
            }
            match self.response.chunk().await {
                Ok(Some(chunk)) => self.unread.extend_from_slice(&chunk),
                Ok(None) => return None,
                Err(error) => return Some(Err(error.into())),
            }
        }
    }
}

/// Returns the text of an event, if it has any.
fn text(event: &[u8]) -> Option<String> {
    let data = std::str::from_utf8(event).ok()?.trim().strip_prefix("data:")?;
    let chunk: Value = serde_json::from_str(data).ok()?;
    let text = chunk.pointer("/choices/0/delta/content")?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}
