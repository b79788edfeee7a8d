//! A client of an OpenAI-compatible model: both layers, and chat completions with and without streaming.

use std::fmt;

use reqwest::{Client, Request, Response, Url};
use serde_json::{Value, json};
use throughline::client::Client as Traced;
use throughline::llm::{Capture, Llm};
use throughline::{ClientLayer, LlmLayer};
use tower::{ServiceBuilder, ServiceExt};

/// The maximum length of an answer, in tokens.
const MAX_TOKENS: u32 = 64;

/// A model behind a URL.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    http: Llm<Traced<Client>>,
    builder: Client,
    url: Url,
    name: String,
    key: Option<String>,
    capture: Capture,
}

/// An error message for the user.
#[derive(Debug)]
pub(crate) struct ModelError(String);

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ModelError {}

impl Model {
    /// Creates a client of the model `name` at `base_url`, such as `http://127.0.0.1:8080/v1`.
    pub(crate) fn new(
        base_url: &str,
        name: &str,
        key: Option<String>,
        capture: Capture,
    ) -> Result<Self, ModelError> {
        let url = format!("{}/chat/completions", base_url.trim_end_matches('/'));
        let url = Url::parse(&url).map_err(|error| {
            ModelError(format!(
                "--model-url {base_url:?}: {error}; expected a URL such as http://127.0.0.1:8080/v1"
            ))
        })?;
        let builder = Client::new();
        // One span per model call: tokens, timing, finish reason, errors. Content only if the user enables
        // capture.
        let http = ServiceBuilder::new()
            .layer(LlmLayer::new().with_capture(capture))
            // One span per HTTP attempt, and a `traceparent` that continues the trace in the model's server.
            .layer(ClientLayer::new())
            .service(builder.clone());
        Ok(Self {
            http,
            builder,
            url,
            name: name.to_owned(),
            key,
            capture,
        })
    }

    /// Returns whether the spans record the content of prompts, answers and posts.
    pub(crate) fn is_captured(&self) -> bool {
        matches!(self.capture, Capture::SpanOnly | Capture::SpanAndEvent)
    }

    /// Requests a text.
    pub(crate) async fn complete(&self, system: &str, user: &str) -> Result<String, ModelError> {
        self.unary(self.body(system, user)).await
    }

    /// Requests JSON that matches a schema.
    pub(crate) async fn complete_json(
        &self,
        system: &str,
        user: &str,
        schema: Value,
    ) -> Result<String, ModelError> {
        let mut body = self.body(system, user);
        let schema = json!({ "name": "plan", "strict": true, "schema": schema });
        body["response_format"] = json!({ "type": "json_schema", "json_schema": schema });
        self.unary(body).await
    }

    /// Requests a text as a stream, and collects it.
    pub(crate) async fn complete_streamed(&self, system: &str, user: &str) -> Result<String, ModelError> {
        let mut body = self.body(system, user);
        body["stream"] = json!(true);
        body["stream_options"] = json!({ "include_usage": true });
        let mut response = self.send(&body).await?;
        let (mut lines, mut answer, mut finished) = (Vec::new(), String::new(), false);
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| self.interrupted(&innermost(&error)))?
        {
            lines.extend_from_slice(&chunk);
            while let Some(end) = lines.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = lines.drain(..=end).collect();
                let Some(event) = data(&line)? else { continue };
                answer.push_str(
                    event["choices"][0]["delta"]["content"]
                        .as_str()
                        .unwrap_or_default(),
                );
                finished |= event["choices"][0]["finish_reason"].is_string();
            }
        }
        if finished {
            Ok(answer)
        } else {
            Err(self.interrupted(&"it ended before its last event"))
        }
    }

    async fn unary(&self, body: Value) -> Result<String, ModelError> {
        let reply: Value = self
            .send(&body)
            .await?
            .json()
            .await
            .map_err(|_| self.invalid_answer())?;
        let text = reply["choices"][0]["message"]["content"].as_str();
        Ok(text.ok_or_else(|| self.invalid_answer())?.to_owned())
    }

    fn body(&self, system: &str, user: &str) -> Value {
        json!({
            "model": self.name,
            "temperature": 0.0,
            "max_tokens": MAX_TOKENS,
            "messages": [{ "role": "system", "content": system }, { "role": "user", "content": user }],
        })
    }

    async fn send(&self, body: &Value) -> Result<Response, ModelError> {
        let response = self
            .http
            .clone()
            .oneshot(self.request(body)?)
            .await
            .map_err(|error| {
                ModelError(format!(
                    "the model at {} cannot be reached: {}",
                    self.url,
                    innermost(&error)
                ))
            })?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let error: Value = response.json().await.unwrap_or_default();
        let message = error["error"]["message"].as_str().unwrap_or("no error message");
        Err(ModelError(format!(
            "the model at {} answered {status}: {message}",
            self.url
        )))
    }

    fn request(&self, body: &Value) -> Result<Request, ModelError> {
        let mut request = self.builder.post(self.url.clone()).json(body);
        if let Some(key) = &self.key {
            request = request.bearer_auth(key);
        }
        request
            .build()
            .map_err(|error| ModelError(format!("cannot build the request: {error}")))
    }

    fn invalid_answer(&self) -> ModelError {
        ModelError(format!(
            "the answer of the model at {} is not a chat completion",
            self.url
        ))
    }

    fn interrupted(&self, why: &dyn fmt::Display) -> ModelError {
        ModelError(format!(
            "the stream of the model at {} was interrupted: {why}",
            self.url
        ))
    }
}

/// Returns the JSON of a line of an event stream, if the line has any.
fn data(line: &[u8]) -> Result<Option<Value>, ModelError> {
    let Some(data) = line.strip_prefix(b"data:").map(<[u8]>::trim_ascii) else {
        return Ok(None);
    };
    if data == b"[DONE]" {
        return Ok(None);
    }
    let event: Value = serde_json::from_slice(data).map_err(|error| {
        ModelError(format!(
            "the model's stream has an event that is not JSON: {error}"
        ))
    })?;
    match event["error"]["message"].as_str() {
        Some(message) => Err(ModelError(format!(
            "the model's stream ended with an error: {message}"
        ))),
        None => Ok(Some(event)),
    }
}

/// Returns the root cause: "Connection refused" is more useful than "error sending request".
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
