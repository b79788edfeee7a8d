//! The parts of a span that the console stores.

use std::sync::Arc;
use std::time::SystemTime;

use opentelemetry::trace::{self, SpanId, Status};
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;
use throughline_trace_model::{SpanCall, SpanKind, SpanTime};

use crate::semconv;

use super::details::{Detail, details, find};
use super::text::plain;

/// The few bounded parts of a span that are printed. Unless details are wanted, prompts and other attributes
/// are dropped at once.
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
    /// The request that the span sends or serves, as `status host/path`.
    pub(super) request: Option<String>,
    pub(super) failure: Option<String>,
    /// Attributes and events, if they are wanted.
    pub(super) details: Vec<Detail>,
}

/// The model and the agent of a span.
#[derive(Debug)]
pub(super) struct GenAi {
    pub(super) model: Option<String>,
    pub(super) agent: Option<String>,
    pub(super) is_model_call: bool,
    pub(super) tokens: SpanTokens,
    /// In the currency of the configured prices.
    pub(super) cost: Option<f64>,
}

/// The tokens that a span reports. `None` means unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SpanTokens {
    pub(super) input: Option<u64>,
    pub(super) output: Option<u64>,
    pub(super) cached: Option<u64>,
    pub(super) reasoning: Option<u64>,
    pub(super) is_exact: bool,
    /// Whether the tokens of some calls are unknown.
    is_lower_bound: bool,
}

impl SpanRow {
    pub(super) fn new(span: &SpanData, service: &Arc<str>, has_details: bool) -> Self {
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
                cost: match find(&span.attributes, semconv::COST) {
                    Some(Value::F64(cost)) => Some(*cost),
                    _ => None,
                },
            },
            request: request(span),
            failure: failure(span),
            details: if has_details { details(span) } else { Vec::new() },
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
            cost: self.gen_ai.cost,
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
            // An estimate has another name than a count that the provider reported.
            input: number(semconv::USAGE_INPUT).or_else(|| number(semconv::TOKENS_INPUT)),
            output: number(semconv::USAGE_OUTPUT).or_else(|| number(semconv::TOKENS_OUTPUT)),
            cached: number(semconv::USAGE_CACHED),
            reasoning: number(semconv::USAGE_REASONING),
            is_exact: !source.is_some_and(|source| semconv::INEXACT_SOURCES.contains(&source.as_ref()))
                && number(semconv::TOKENS_ESTIMATED).is_none_or(|estimated| estimated == 0),
            is_lower_bound: number(semconv::TOKENS_UNKNOWN).is_some_and(|calls| calls > 0),
        }
    }

    /// Formats the tokens as `in 57 (40 cached) out 24 (8 reasoning)`. Empty if all counts are unknown.
    pub(super) fn text(self) -> String {
        let about = match (self.is_lower_bound, self.is_exact) {
            (true, _) => "≥",
            (false, false) => "~",
            (false, true) => "",
        };
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

/// Describes the request of a client or a server: its status, and its host and path, unless a server's name has
/// the route.
fn request(span: &SpanData) -> Option<String> {
    let text = |key| find(&span.attributes, key).map(|value| plain(&value.as_str()));
    let target = match span.span_kind {
        trace::SpanKind::Client => text(semconv::URL_FULL)
            .map(|url| host_and_path(&url).to_owned())
            .or_else(|| text(semconv::RPC_SYSTEM).and_then(|_| host(span))),
        trace::SpanKind::Server if !span.name.contains('/') => text(semconv::URL_PATH),
        trace::SpanKind::Server => None,
        _ => return None,
    };
    let status = text(semconv::HTTP_STATUS)
        .or_else(|| text(semconv::RPC_STATUS))
        .or_else(|| text(semconv::RPC_STATUS_LATER));
    // The status first, since the end of a line may be clipped.
    let parts: Vec<String> = status.into_iter().chain(target).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// Returns the part of a URL between its scheme and its query.
fn host_and_path(url: &str) -> &str {
    let (_, rest) = url.split_once("://").unwrap_or(("", url));
    let (target, _) = rest.split_once(['?', '#']).unwrap_or((rest, ""));
    target.strip_suffix('/').unwrap_or(target)
}

/// Returns the server of a call.
fn host(span: &SpanData) -> Option<String> {
    let host = find(&span.attributes, semconv::SERVER_ADDRESS)?;
    let host = plain(&host.as_str());
    Some(match find(&span.attributes, semconv::SERVER_PORT) {
        Some(Value::I64(port)) => format!("{host}:{port}"),
        _ => host,
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The sum of an agent used to look exact, although the calls beneath it showed `~`.
    #[test]
    fn sums_with_estimates_and_unknown_counts_are_marked() {
        for (attributes, expected) in [
            (
                &[(semconv::USAGE_INPUT, 57), (semconv::USAGE_OUTPUT, 24)][..],
                "in 57 out 24",
            ),
            (
                &[
                    (semconv::TOKENS_INPUT, 110),
                    (semconv::TOKENS_OUTPUT, 16),
                    (semconv::TOKENS_ESTIMATED, 126),
                ],
                "in ~110 out ~16",
            ),
            (
                &[
                    (semconv::TOKENS_INPUT, 110),
                    (semconv::TOKENS_ESTIMATED, 110),
                    (semconv::TOKENS_UNKNOWN, 1),
                ],
                "in ≥110",
            ),
        ] {
            let pairs = attributes.iter().map(|(key, value)| KeyValue::new(*key, *value));
            let attributes: Vec<KeyValue> = pairs.collect();
            assert_eq!(SpanTokens::new(&attributes).text(), expected, "{attributes:?}");
        }
    }
}
