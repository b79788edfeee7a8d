//! Mistral's conversations. Its chat completions are OpenAI's.
//!
//! <https://docs.mistral.ai/api/endpoint/beta/conversations>

use serde_json::Value;

use super::ask::{Kind, Param, items};
use super::usage::{Field, Paths};
use super::{Ask, Channel, Reply, WireFormat, texts};
use crate::estimate::Prompt;
use crate::json::{Path, Scalar};
use crate::semconv;

/// `POST /v1/conversations`, `/v1/conversations/{id}`, `/v1/conversations/{id}/restart`.
#[derive(Debug)]
pub(crate) struct MistralConversations;

impl WireFormat for MistralConversations {
    fn operation(&self) -> &'static str {
        "chat"
    }

    fn matches(&self, body: &Value) -> bool {
        body.get("inputs").is_some()
    }

    fn ask(&self, _: &str, body: &Value) -> Ask {
        Ask::read(body, PARAMS)
    }

    fn prompt(&self, body: &Value, prompt: &mut Prompt) {
        texts::input(body.get("inputs"), prompt);
        texts::said("system", body.get("instructions"), prompt);
        let functions = items(body.get("tools")).filter(|tool| tool.get("function").is_some());
        texts::tools(functions, prompt);
    }

    fn channel(&self, at: &Path, reply: &Reply) -> Option<Channel> {
        let path = at.as_str();
        let is_call = reply.event() == "function.call.delta";
        match path.strip_prefix("outputs[].").unwrap_or(path) {
            "content" | "content.text" | "content[].text" => Some(Channel::Content),
            "content.thinking[].text" | "content[].thinking[].text" => Some(Channel::Reasoning),
            "name" | "arguments" if is_call || path.starts_with("outputs[].") => Some(Channel::ToolCall),
            _ => None,
        }
    }

    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        match (at.as_str(), value.as_str()) {
            ("conversation_id", Some(id)) => reply.attribute(semconv::CONVERSATION_ID, id),
            ("model" | "outputs[].model", Some(model)) => reply.set_model(model),
            ("code", _) if reply.event() == "conversation.response.error" => {
                reply.error("error.code", value);
            }
            (path, _) => {
                reply.error(path, value);
                reply.usage.read(USAGE, path, value.as_count());
            }
        }
    }

    fn event(&self, name: &str, reply: &mut Reply) {
        reply.done |= name == "conversation.response.done";
    }
}

const PARAMS: &[Param] = &[
    (
        semconv::REQUEST_MAX_TOKENS,
        "/completion_args/max_tokens",
        Kind::Int,
    ),
    (
        semconv::REQUEST_TEMPERATURE,
        "/completion_args/temperature",
        Kind::Double,
    ),
    (semconv::REQUEST_TOP_P, "/completion_args/top_p", Kind::Double),
    (semconv::REQUEST_SEED, "/completion_args/random_seed", Kind::Int),
    (
        semconv::REQUEST_STOP_SEQUENCES,
        "/completion_args/stop",
        Kind::Texts,
    ),
    (
        semconv::REQUEST_FREQUENCY_PENALTY,
        "/completion_args/frequency_penalty",
        Kind::Double,
    ),
    (
        semconv::REQUEST_PRESENCE_PENALTY,
        "/completion_args/presence_penalty",
        Kind::Double,
    ),
];

const USAGE: &Paths = &[
    ("usage.prompt_tokens", Field::Input),
    ("usage.connector_tokens", Field::ToolInput),
    ("usage.completion_tokens", Field::Output),
    ("usage.total_tokens", Field::Total),
];
