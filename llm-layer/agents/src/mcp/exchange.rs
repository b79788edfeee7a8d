//! A request and its response, or a notification.

use std::sync::Arc;
use std::time::Instant;

use opentelemetry::trace::{SpanKind, Status, TraceContextExt};
use opentelemetry::{Context, ContextGuard, KeyValue};
use serde_json::Value;
use throughline_tracing_layer::provider::{LazyInstruments, SpanInContext};
use throughline_tracing_layer::redaction::redact;

use super::instruments::Instruments;
use super::message::{Message, short};
use crate::content::ContentSettings;
use crate::scope::Failure;
use crate::semconv::{self, mcp};

/// An exchange that has started. Dropping it ends the exchange.
#[derive(Debug)]
#[must_use = "the exchange ends when this is dropped"]
pub struct McpExchange {
    side: Side,
    cx: Context,
    /// Whether the context's span is this exchange's own.
    has_span: bool,
    started: Instant,
    /// `None` if the JSON is not a message.
    dimensions: Option<Vec<KeyValue>>,
    labels: Vec<KeyValue>,
    instruments: LazyInstruments<Instruments>,
    answered: bool,
    failure: Option<Failure>,
    code: Option<i64>,
    /// How the result of a tool is recorded, if it is.
    content: Option<Arc<ContentSettings>>,
}

/// What an exchange starts with.
pub(super) struct ExchangeStart<'a> {
    pub(super) side: Side,
    pub(super) parent: Context,
    pub(super) span: Option<SpanInContext>,
    pub(super) labels: Vec<KeyValue>,
    pub(super) instruments: LazyInstruments<Instruments>,
    pub(super) message: Option<&'a Message<'a>>,
    /// How content is recorded, if it is.
    pub(super) content: Option<Arc<ContentSettings>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Client,
    Server,
}

impl Side {
    pub(super) fn kind(self) -> SpanKind {
        match self {
            Self::Client => SpanKind::Client,
            Self::Server => SpanKind::Server,
        }
    }
}

impl McpExchange {
    pub(super) fn new(start: ExchangeStart<'_>) -> Self {
        Self {
            side: start.side,
            has_span: start.span.is_some(),
            cx: match start.span {
                Some(span) => span.context,
                None => start.parent,
            },
            started: Instant::now(),
            dimensions: start.message.map(Message::dimensions),
            labels: start.labels,
            instruments: start.instruments,
            answered: !start.message.is_some_and(Message::is_request),
            failure: None,
            code: None,
            content: start
                .content
                .filter(|_| start.message.is_some_and(Message::is_tool_call)),
        }
    }

    /// Returns the context of the exchange, to run work in it.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.cx
    }

    /// Makes the exchange current on this thread until the guard is dropped. Never hold the guard across an
    /// `.await`.
    #[must_use = "the exchange is current until this is dropped"]
    pub fn attach(&self) -> ContextGuard {
        self.cx.clone().attach()
    }

    /// Sets the answer: a JSON-RPC response with a result or an error.
    pub fn answer(&mut self, response: &Value) {
        self.answered = true;
        let result = response.get("result");
        if let Some(error) = response.get("error") {
            self.record_error(error);
        } else if result.and_then(|result| result.get("isError")) == Some(&Value::Bool(true)) {
            self.failure = Some(Failure {
                error_type: mcp::TOOL_ERROR.into(),
                description: String::new(),
            });
        } else if let (Some(content), Some(result), true) = (&self.content, result, self.is_recording()) {
            let result = content.attribute(result.clone());
            let result = result.map(|result| KeyValue::new(semconv::TOOL_CALL_RESULT, result));
            self.cx.span().set_attributes(result);
        }
        let version = result.and_then(|result| result.get("protocolVersion")?.as_str());
        if let Some(version) = version.filter(|_| self.has_span && self.agrees_on_version()) {
            let version = KeyValue::new(mcp::PROTOCOL_VERSION, short(version).to_owned());
            self.cx.span().set_attribute(version);
        }
    }

    /// Whether there is a span of this exchange that is sampled.
    fn is_recording(&self) -> bool {
        self.has_span && self.cx.span().is_recording()
    }

    /// Whether the answer sets the version.
    fn agrees_on_version(&self) -> bool {
        let method = self.dimensions.as_ref().and_then(|dimensions| dimensions.first());
        let mut keys = self.labels.iter().map(|label| label.key.as_str());
        method.is_some_and(|method| method.value.as_str() == "initialize")
            && keys.all(|key| key != mcp::PROTOCOL_VERSION)
    }

    /// Marks the exchange as failed, since there was no answer or the work failed: `error.type` is the
    /// error's [class](throughline_tracing_layer::error_type).
    pub fn fail<E: std::fmt::Display + 'static>(&mut self, error: &E) {
        self.answered = true;
        self.failure = Some(Failure::new(error));
    }

    /// Records that the exchange needs no answer.
    pub(super) fn done(&mut self) {
        self.answered = true;
    }

    fn record_error(&mut self, error: &Value) {
        self.code = error.get("code").and_then(Value::as_i64);
        if self.blames_caller() {
            return;
        }
        let message = error.get("message").and_then(Value::as_str);
        self.failure = Some(Failure {
            error_type: self
                .code
                .map_or_else(|| semconv::OTHER.into(), |code| code.to_string().into()),
            description: redact(short(message.unwrap_or_default())).into_owned(),
        });
    }

    /// Whether this side answered with an error that the client caused.
    fn blames_caller(&self) -> bool {
        self.side == Side::Server && self.code.is_some_and(|code| BLAMES_CALLER.contains(&code))
    }

    fn record(&mut self, ends: &[KeyValue]) {
        let Some(mut labels) = self.dimensions.take() else {
            return;
        };
        let Some(instruments) = self.instruments.in_context(&self.cx) else {
            return;
        };
        if self.blames_caller() {
            // A client can make up any name, so none becomes a series.
            labels.retain(|label| ![semconv::TOOL_NAME, semconv::PROMPT_NAME].contains(&label.key.as_str()));
            if let Some(method) = labels.first_mut().filter(|_| self.code != Some(INVALID_PARAMS)) {
                method.value = semconv::OTHER.into();
            }
        }
        labels.append(&mut self.labels);
        labels.extend_from_slice(ends);
        instruments.budget().bound(&mut labels);
        let duration = match self.side {
            Side::Client => &instruments.client,
            Side::Server => &instruments.server,
        };
        duration.record(self.started.elapsed().as_secs_f64(), &labels);
    }
}

impl Drop for McpExchange {
    fn drop(&mut self) {
        let failure = match self.failure.take() {
            _ if std::thread::panicking() => Some(Failure::panicked()),
            None if !self.answered => Some(Failure::cancelled()),
            failure => failure,
        };
        let code = self
            .code
            .map(|code| KeyValue::new(mcp::STATUS_CODE, code.to_string()));
        let kind = failure
            .as_ref()
            .map(|failure| KeyValue::new(semconv::ERROR_TYPE, failure.error_type.clone()));
        let ends: Vec<KeyValue> = code.into_iter().chain(kind).collect();
        self.record(&ends);
        if self.has_span {
            let span = self.cx.span();
            span.set_attributes(ends);
            if let Some(failure) = failure {
                span.set_status(Status::error(failure.description));
            }
            span.end();
        }
    }
}

const INVALID_PARAMS: i64 = -32602;
/// <https://github.com/open-telemetry/semantic-conventions-genai/blob/main/model/mcp/common.yaml>
const BLAMES_CALLER: [i64; 5] = [-32700, -32600, -32601, INVALID_PARAMS, -32002];
