//! Cohere's chat, version 2, and version 1 as far as usage goes.
//!
//! <https://docs.cohere.com/reference/chat>

use serde_json::Value;

use super::ask::{Kind, Param, items, member, string};
use super::openai_chat::output_type;
use super::usage::{Field, Paths};
use super::{Ask, Channel, Reply, WireFormat, texts};
use crate::estimate::Prompt;
use crate::json::{Path, Scalar};
use crate::semconv;

/// `POST /v2/chat` or `/v1/chat`.
#[derive(Debug)]
pub(crate) struct Cohere;

impl WireFormat for Cohere {
    fn operation(&self) -> &'static str {
        "chat"
    }

    fn matches(&self, body: &Value) -> bool {
        let asks = body.get("messages").is_some_and(Value::is_array) || string(body, "message").is_some();
        asks && string(body, "model").is_some()
    }

    fn ask(&self, _: &str, body: &Value) -> Ask {
        let mut ask = Ask::read(body, PARAMS);
        if let Some(kind) = member(body, "/response_format/type")
            .and_then(Value::as_str)
            .and_then(output_type)
        {
            ask.put(semconv::OUTPUT_TYPE, kind);
        }
        ask
    }

    fn prompt(&self, body: &Value, prompt: &mut Prompt) {
        texts::messages(body.get("messages"), prompt);
        texts::messages(body.get("chat_history"), prompt);
        for key in ["preamble", "message", "documents"] {
            texts::count(body.get(key), prompt);
        }
        texts::tools(items(body.get("tools")), prompt);
    }

    fn channel(&self, at: &Path, _: &Reply) -> Option<Channel> {
        let path = at.as_str();
        match path.strip_prefix("delta.").unwrap_or(path) {
            "message.content.text" | "message.content[].text" | "text" => Some(Channel::Content),
            "message.content.thinking" | "message.content[].thinking" | "message.tool_plan" => {
                Some(Channel::Reasoning)
            }
            "message.tool_calls.function.name"
            | "message.tool_calls.function.arguments"
            | "message.tool_calls[].function.name"
            | "message.tool_calls[].function.arguments" => Some(Channel::ToolCall),
            _ => None,
        }
    }

    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        let path = at.as_str();
        let path = ["delta.", "response."]
            .iter()
            .find_map(|prefix| path.strip_prefix(prefix))
            .unwrap_or(path);
        match (path, value.as_str()) {
            ("id" | "generation_id", Some(id)) => reply.set_id(id),
            ("finish_reason", Some(reason)) => reply.finish(at, reason),
            ("error", Some(_)) => reply.error("error", value),
            (path, _) => reply.usage.read(USAGE, path, value.as_count()),
        }
    }

    fn event(&self, name: &str, reply: &mut Reply) {
        reply.done |= matches!(name, "message-end" | "stream-end");
    }
}

const PARAMS: &[Param] = &[
    (semconv::REQUEST_MAX_TOKENS, "/max_tokens", Kind::Int),
    (semconv::REQUEST_TEMPERATURE, "/temperature", Kind::Double),
    (semconv::REQUEST_TOP_P, "/p", Kind::Double),
    (semconv::REQUEST_TOP_K, "/k", Kind::Int),
    (semconv::REQUEST_SEED, "/seed", Kind::Int),
    (semconv::REQUEST_STOP_SEQUENCES, "/stop_sequences", Kind::Texts),
    (
        semconv::REQUEST_FREQUENCY_PENALTY,
        "/frequency_penalty",
        Kind::Double,
    ),
    (
        semconv::REQUEST_PRESENCE_PENALTY,
        "/presence_penalty",
        Kind::Double,
    ),
];

// `cached_tokens` are a part of what was used, which is more than what is billed.
const USAGE: &Paths = &[
    ("usage.tokens.input_tokens", Field::Input),
    ("usage.tokens.output_tokens", Field::Output),
    ("usage.billed_units.input_tokens", Field::BilledInput),
    ("usage.billed_units.output_tokens", Field::BilledOutput),
    ("meta.tokens.input_tokens", Field::Input),
    ("meta.tokens.output_tokens", Field::Output),
    ("meta.billed_units.input_tokens", Field::BilledInput),
    ("meta.billed_units.output_tokens", Field::BilledOutput),
];
