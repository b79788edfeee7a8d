//! The parts of a span that the console stores.

use std::sync::Arc;
use std::time::SystemTime;

use opentelemetry::trace::{self, SpanId, Status};
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;
use throughline_trace_model::{SpanCall, SpanKind, SpanTime};

use crate::semconv;

use super::text::plain;

/// The few bounded parts of a span that are printed. Prompts and other attributes are dropped at once.
#[derive(Debug)]
pub(super) struct SpanRow {
    pub(super) id: SpanId,
    pub(super) parent: SpanId,
    pub(super) is_local_root: bool,
    /// The `service.name` of its resource; empty if there is none.
    pub(super) service: Arc<str>,
    pub(super) name: String,
    pub(super) kind: SpanKind,
    pub(super) start: SystemTime,
    pub(super) end: SystemTime,
    pub(super) gen_ai: GenAi,
    pub(super) failure: Option<String>,
}

/// The model and the agent of a span.
#[derive(Debug)]
pub(super) struct GenAi {
    pub(super) model: Option<String>,
    pub(super) agent: Option<String>,
    pub(super) is_model_call: bool,
    pub(super) tokens: SpanTokens,
}

/// The tokens that a span reports. `None` means unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SpanTokens {
    pub(super) input: Option<u64>,
    pub(super) output: Option<u64>,
    pub(super) cached: Option<u64>,
    pub(super) reasoning: Option<u64>,
    pub(super) is_exact: bool,
}

impl SpanRow {
    pub(super) fn new(span: &SpanData, service: &Arc<str>) -> Self {
        let text = |key| find(&span.attributes, key).map(|value| plain(&value.as_str()));
        let operation = text(semconv::OPERATION_NAME).unwrap_or_default();
        Self {
            id: span.span_context.span_id(),
            parent: span.parent_span_id,
            is_local_root: span.parent_span_id == SpanId::INVALID || span.parent_span_is_remote,
            service: Arc::clone(service),
            name: plain(&span.name),
            kind: kind(&span.span_kind),
            start: span.start_time,
            end: span.end_time.max(span.start_time),
            gen_ai: GenAi {
                model: text(semconv::RESPONSE_MODEL).or_else(|| text(semconv::REQUEST_MODEL)),
                agent: text(semconv::AGENT_NAME),
                is_model_call: semconv::MODEL_CALLS.contains(&operation.as_str()),
                tokens: SpanTokens::new(&span.attributes),
            },
            failure: failure(span),
        }
    }

    /// Its place in the tree and in time.
    pub(super) fn time(&self) -> SpanTime {
        SpanTime {
            id: u64::from_be_bytes(self.id.to_bytes()),
            parent: u64::from_be_bytes(self.parent.to_bytes()),
            kind: self.kind,
            start: nanos(self.start),
            end: nanos(self.end),
        }
    }

    /// Its model call.
    pub(super) fn call(&self) -> SpanCall<'_> {
        SpanCall {
            agent: self.gen_ai.agent.as_deref(),
            is_model_call: self.gen_ai.is_model_call,
            input: self.gen_ai.tokens.input,
            output: self.gen_ai.tokens.output,
            is_exact: self.gen_ai.tokens.is_exact,
            cost: None,
        }
    }
}

impl SpanTokens {
    fn new(attributes: &[KeyValue]) -> Self {
        let number = |key| match find(attributes, key) {
            Some(Value::I64(number)) => u64::try_from(*number).ok(),
            _ => None,
        };
        let source = find(attributes, semconv::TOKENS_SOURCE).map(Value::as_str);
        Self {
            input: number(semconv::USAGE_INPUT),
            output: number(semconv::USAGE_OUTPUT),
            cached: number(semconv::USAGE_CACHED),
            reasoning: number(semconv::USAGE_REASONING),
            is_exact: !source.is_some_and(|source| semconv::INEXACT_SOURCES.contains(&source.as_ref())),
        }
    }

    /// Formats the tokens as `in 57 (40 cached) out 24 (8 reasoning)`. Empty if all counts are unknown.
    pub(super) fn text(self) -> String {
        let about = if self.is_exact { "" } else { "~" };
        let side = |word: &str, total: Option<u64>, part: Option<u64>, kind: &str| {
            let total = total.map(|total| format!("{word} {about}{total}"))?;
            let part = part
                .filter(|part| *part > 0)
                .map(|part| format!(" ({part} {kind})"));
            Some(total + &part.unwrap_or_default())
        };
        let sides = [
            side("in", self.input, self.cached, "cached"),
            side("out", self.output, self.reasoning, "reasoning"),
        ];
        sides.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

/// Describes the error of a span: its type, its status and its exception.
fn failure(span: &SpanData) -> Option<String> {
    let Status::Error { description } = &span.status else {
        return None;
    };
    let kind = find(&span.attributes, semconv::ERROR_TYPE).map(|value| plain(&value.as_str()));
    let kind = kind.map(|kind| {
        if kind.bytes().all(|byte| byte.is_ascii_digit()) {
            format!("error {kind}")
        } else {
            kind
        }
    });
    let mut thrown = span
        .events
        .iter()
        .filter_map(|event| find(&event.attributes, semconv::EXCEPTION_MESSAGE));
    let thrown = thrown.next_back().map(|value| plain(&value.as_str()));
    let mut words: Vec<String> = Vec::new();
    for part in [kind, Some(plain(description)), thrown].into_iter().flatten() {
        if !part.is_empty() && !words.iter().any(|word| word.contains(&part)) {
            words.push(part);
        }
    }
    Some(if words.is_empty() {
        "error".into()
    } else {
        words.join(": ")
    })
}

fn find<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Value> {
    attributes
        .iter()
        .rev()
        .find(|attribute| attribute.key.as_str() == key)
        .map(|attribute| &attribute.value)
}

fn kind(kind: &trace::SpanKind) -> SpanKind {
    match kind {
        trace::SpanKind::Client => SpanKind::Client,
        trace::SpanKind::Server => SpanKind::Server,
        trace::SpanKind::Producer => SpanKind::Producer,
        trace::SpanKind::Consumer => SpanKind::Consumer,
        trace::SpanKind::Internal => SpanKind::Internal,
    }
}

/// Nanoseconds since the Unix epoch; 0 for times before it.
fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
