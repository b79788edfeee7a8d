//! A model call: its messages, parameters, usage, cost and timing.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::trace::v1::Span;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::store::{Provenance, StoredSpan};
use crate::{semconv, value};

use super::attribute::{Attribute, attributes};
use super::message::{Message, Source};

#[derive(Debug, Serialize)]
pub(crate) struct ModelCall {
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_model: Option<String>,
    parameters: Vec<Attribute>,
    conversation: Vec<Message>,
    /// `recorded` or `none`.
    content: &'static str,
    usage: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<CallCost>,
    finish_reasons: Vec<String>,
    timing: Timing,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools_offered: Option<usize>,
}

#[derive(Debug, Serialize)]
struct CallCost {
    #[serde(skip_serializing_if = "Option::is_none")]
    usd: Option<f64>,
    /// Whether the price is not known.
    unpriced: bool,
    /// The cost that the provider reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    reported: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Timing {
    #[serde(skip_serializing_if = "Option::is_none")]
    first_chunk: Option<u64>,
    total: u64,
}

impl ModelCall {
    /// Reads a call from its span. The content can also be in a log record of the span.
    pub(crate) fn new(stored: &StoredSpan, span: &Span, logs: &[LogRecord]) -> Self {
        let attributes_of_call = &span.attributes;
        let text = |keys| value::text(attributes_of_call, keys).map(str::to_owned);
        let conversation = std::iter::once(attributes_of_call)
            .chain(logs.iter().map(|log| &log.attributes))
            .map(|attributes| conversation(attributes))
            .find(|conversation| !conversation.is_empty())
            .unwrap_or_default();
        Self {
            operation: text(&[semconv::OPERATION_NAME]),
            provider: text(semconv::PROVIDER_NAME),
            request_model: text(semconv::REQUEST_MODEL),
            response_model: text(semconv::RESPONSE_MODEL),
            parameters: parameters(attributes_of_call),
            content: if conversation.is_empty() {
                "none"
            } else {
                "recorded"
            },
            conversation,
            usage: usage(stored, attributes_of_call),
            cost: cost(attributes_of_call),
            finish_reasons: finish_reasons(attributes_of_call),
            timing: Timing {
                first_chunk: stored.call.as_ref().and_then(|call| call.first_chunk),
                total: stored.end.saturating_sub(stored.start),
            },
            tools_offered: tools_offered(attributes_of_call),
        }
    }
}

fn conversation(attributes: &[KeyValue]) -> Vec<Message> {
    let mut messages = Vec::new();
    if let Some(parts) = json_of(attributes, semconv::SYSTEM_INSTRUCTIONS) {
        messages.extend(Message::instructions(&parts));
    }
    for (key, flat, source) in [
        (semconv::INPUT_MESSAGES, semconv::FLAT_INPUT, Source::Input),
        (semconv::OUTPUT_MESSAGES, semconv::FLAT_OUTPUT, Source::Output),
    ] {
        match json_of(attributes, key) {
            Some(list) => messages.extend(Message::list(&list, source)),
            None => messages.extend(Message::flattened(attributes, flat, source)),
        }
    }
    messages
}

/// Returns a value that is structured, or JSON in a string.
fn json_of(attributes: &[KeyValue], key: &str) -> Option<Value> {
    match value::to_json(value::find(attributes, key)?) {
        Value::String(text) => Some(serde_json::from_str(&text).unwrap_or(Value::String(text))),
        json => Some(json),
    }
}

/// The parameters of the request, without the model.
fn parameters(of_call: &[KeyValue]) -> Vec<Attribute> {
    let is_parameter = |attribute: &&KeyValue| {
        (attribute.key.starts_with(semconv::REQUEST_PREFIX)
            && !semconv::REQUEST_MODEL.contains(&attribute.key.as_str()))
            || attribute.key == semconv::INVOCATION_PARAMETERS
    };
    attributes(&of_call.iter().filter(is_parameter).cloned().collect::<Vec<_>>())
}

fn usage(stored: &StoredSpan, attributes: &[KeyValue]) -> Map<String, Value> {
    let mut usage = Map::new();
    let facts = stored.call.as_ref();
    let totals = [
        ("input", facts.and_then(|facts| facts.input)),
        ("output", facts.and_then(|facts| facts.output)),
    ];
    let parts = semconv::USAGE_PARTS
        .iter()
        .map(|(name, keys)| (*name, value::count(attributes, keys)));
    for (name, count) in totals.into_iter().chain(parts) {
        if let Some(count) = count {
            usage.insert(name.to_owned(), Value::from(count));
        }
    }
    // The parts that have no name here keep their own.
    for attribute in attributes {
        let Some(name) = attribute.key.strip_prefix(semconv::USAGE_PREFIX) else {
            continue;
        };
        let is_named = semconv::USAGE_PARTS
            .iter()
            .any(|(_, keys)| keys.contains(&attribute.key.as_str()))
            || semconv::USAGE_INPUT.contains(&attribute.key.as_str())
            || semconv::USAGE_OUTPUT.contains(&attribute.key.as_str());
        let count = value::count(attributes, &[attribute.key.as_str()]);
        if let Some(count) = count.filter(|_| !is_named && usage.len() < MAX_USAGE_PARTS) {
            usage.insert(name.to_owned(), Value::from(count));
        }
    }
    let provenance = facts.map_or(Provenance::Unknown, |facts| facts.provenance);
    usage.insert("provenance".to_owned(), Value::from(provenance.as_str()));
    usage
}

fn cost(attributes: &[KeyValue]) -> Option<CallCost> {
    let usd = value::number(attributes, semconv::COST);
    let reported = value::number(attributes, &[semconv::COST_REPORTED]);
    let cost = CallCost {
        usd,
        unpriced: usd.is_none(),
        reported,
    };
    (usd.is_some() || reported.is_some()).then_some(cost)
}

fn finish_reasons(attributes: &[KeyValue]) -> Vec<String> {
    let reasons = value::find_any(attributes, semconv::FINISH_REASONS).map(value::to_json);
    match reasons {
        Some(Value::String(reason)) => vec![reason],
        Some(Value::Array(reasons)) => {
            let reasons = reasons.iter().filter_map(Value::as_str);
            reasons.take(MAX_FINISH_REASONS).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

fn tools_offered(attributes: &[KeyValue]) -> Option<usize> {
    json_of(attributes, semconv::TOOL_DEFINITIONS)?
        .as_array()
        .map(Vec::len)
}

const MAX_USAGE_PARTS: usize = 32;
const MAX_FINISH_REASONS: usize = 64;
