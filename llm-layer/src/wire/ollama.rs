//! Ollama's own API: `/api/chat` and `/api/generate`, whose answers are streams of JSON lines unless asked otherwise.
//!
//! <https://github.com/ollama/ollama/blob/main/docs/api.md>

use serde_json::Value;

use super::ask::{Kind, Param, items, string};
use super::usage::{Field, Paths};
use super::{Ask, Channel, Reply, WireFormat, texts};
use crate::estimate::Prompt;
use crate::json::{Path, Scalar};
use crate::semconv;

/// `POST /api/chat` or `/api/generate`.
#[derive(Debug)]
pub(crate) enum Ollama {
    Chat,
    Generate,
}

impl WireFormat for Ollama {
    fn operation(&self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Generate => "text_completion",
        }
    }

    fn matches(&self, body: &Value) -> bool {
        let text = match self {
            Self::Chat => "messages",
            Self::Generate => "prompt",
        };
        string(body, "model").is_some() && body.get(text).is_some()
    }

    fn ask(&self, _: &str, body: &Value) -> Ask {
        let mut ask = Ask::read(body, PARAMS);
        ask.stream = body.get("stream").and_then(Value::as_bool) != Some(false);
        match body.get("format") {
            Some(Value::Object(_)) => ask.put(semconv::OUTPUT_TYPE, "json"),
            Some(Value::String(format)) if format == "json" => ask.put(semconv::OUTPUT_TYPE, "json"),
            _ => {}
        }
        ask
    }

    fn prompt(&self, body: &Value, prompt: &mut Prompt) {
        texts::messages(body.get("messages"), prompt);
        texts::count(body.get("system"), prompt);
        texts::count(body.get("prompt"), prompt);
        texts::tools(items(body.get("tools")), prompt);
    }

    fn channel(&self, at: &Path, _: &Reply) -> Option<Channel> {
        match at.as_str() {
            "message.content" | "response" => Some(Channel::Content),
            "message.thinking" | "thinking" => Some(Channel::Reasoning),
            "message.tool_calls[].function.name" => Some(Channel::ToolCall),
            path if path.starts_with("message.tool_calls[].function.arguments.") => Some(Channel::ToolCall),
            _ => None,
        }
    }

    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        match (at.as_str(), value) {
            ("model", Scalar::Text(model)) => reply.set_model(model),
            ("done", Scalar::Bool(done)) => reply.done |= done,
            ("done_reason", Scalar::Text(reason)) => reply.finish(at, reason),
            (path, _) => {
                reply.error(path, value);
                reply.usage.read(USAGE, path, value.as_count());
            }
        }
    }
}

const PARAMS: &[Param] = &[
    (semconv::REQUEST_MAX_TOKENS, "/options/num_predict", Kind::Int),
    (semconv::REQUEST_TEMPERATURE, "/options/temperature", Kind::Double),
    (semconv::REQUEST_TOP_P, "/options/top_p", Kind::Double),
    (semconv::REQUEST_TOP_K, "/options/top_k", Kind::Int),
    (semconv::REQUEST_SEED, "/options/seed", Kind::Int),
    (semconv::REQUEST_STOP_SEQUENCES, "/options/stop", Kind::Texts),
    (
        semconv::REQUEST_FREQUENCY_PENALTY,
        "/options/frequency_penalty",
        Kind::Double,
    ),
    (
        semconv::REQUEST_PRESENCE_PENALTY,
        "/options/presence_penalty",
        Kind::Double,
    ),
    (semconv::REQUEST_REASONING_LEVEL, "/think", Kind::Text),
];

const USAGE: &Paths = &[
    ("prompt_eval_count", Field::Input),
    ("prompt_eval_cached_count", Field::CacheRead),
    ("eval_count", Field::Output),
];
