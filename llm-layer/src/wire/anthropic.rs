//! Anthropic Messages, also on Vertex (`rawPredict`) and Bedrock (`InvokeModel`).
//!
//! <https://docs.claude.com/en/api/messages>

use serde_json::Value;

use super::ask::{Kind, Param, items, model_in};
use super::usage::{Field, Paths};
use super::{Ask, Channel, Reply, WireFormat, texts};
use crate::estimate::Prompt;
use crate::json::{Path, Scalar};
use crate::semconv;

/// `POST …/v1/messages`.
#[derive(Debug)]
pub(crate) struct Anthropic;

impl WireFormat for Anthropic {
    fn operation(&self) -> &'static str {
        "chat"
    }

    fn matches(&self, body: &Value) -> bool {
        body.get("messages").is_some_and(Value::is_array) && body.get("max_tokens").is_some()
    }

    fn ask(&self, path: &str, body: &Value) -> Ask {
        let mut ask = Ask::read(body, PARAMS);
        ask.model = ask.model.or_else(|| model_in(path));
        ask.stream |= path.ends_with(":streamRawPredict");
        ask
    }

    fn prompt(&self, body: &Value, prompt: &mut Prompt) {
        texts::count(body.get("system"), prompt);
        texts::messages(body.get("messages"), prompt);
        let functions = items(body.get("tools")).filter(|tool| tool.get("input_schema").is_some());
        texts::tools(functions, prompt);
    }

    fn channel(&self, at: &Path, _: &Reply) -> Option<Channel> {
        match at.as_str() {
            "delta.text" | "content[].text" => Some(Channel::Content),
            "delta.thinking" | "content[].thinking" => Some(Channel::Reasoning),
            "delta.partial_json" | "content_block.name" | "content[].name" => Some(Channel::ToolCall),
            path if path.starts_with("content[].input.") => Some(Channel::ToolCall),
            _ => None,
        }
    }

    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        // A stream begins with the message as far as it is known.
        let path = at.as_str();
        let path = path.strip_prefix("message.").unwrap_or(path);
        match (path, value.as_str()) {
            ("id", Some(id)) => reply.set_id(id),
            ("model", Some(model)) => reply.set_model(model),
            ("stop_reason" | "delta.stop_reason", Some(reason)) => reply.finish(at, reason),
            (path, _) => {
                reply.error(path, value);
                reply.usage.read(USAGE, path, value.as_count());
            }
        }
    }

    fn event(&self, name: &str, reply: &mut Reply) {
        reply.done |= name == "message_stop";
    }
}

const PARAMS: &[Param] = &[
    (semconv::REQUEST_MAX_TOKENS, "/max_tokens", Kind::Int),
    (semconv::REQUEST_TEMPERATURE, "/temperature", Kind::Double),
    (semconv::REQUEST_TOP_P, "/top_p", Kind::Double),
    (semconv::REQUEST_TOP_K, "/top_k", Kind::Int),
    (semconv::REQUEST_STOP_SEQUENCES, "/stop_sequences", Kind::Texts),
    (
        semconv::REQUEST_REASONING_LEVEL,
        "/output_config/effort",
        Kind::Text,
    ),
];

const USAGE: &Paths = &[
    ("usage.input_tokens", Field::UncachedInput),
    ("usage.output_tokens", Field::Output),
    ("usage.output_tokens_details.thinking_tokens", Field::Reasoning),
    ("usage.cache_read_input_tokens", Field::CacheRead),
    ("usage.cache_creation_input_tokens", Field::CacheWrite),
];
