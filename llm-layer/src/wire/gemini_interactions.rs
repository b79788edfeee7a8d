//! Gemini's interactions, which are its newer API beside `generateContent`.
//!
//! <https://ai.google.dev/gemini-api/docs/interactions>

use serde_json::Value;

use super::ask::{Kind, Param, items, string};
use super::gemini::{CACHE_READ, INPUT, OUTPUT, modality};
use super::openai_chat::output_modality;
use super::usage::{Field, Paths};
use super::{Ask, Channel, Reply, WireFormat, texts};
use crate::estimate::Prompt;
use crate::json::{Path, Scalar};
use crate::semconv;

/// `POST …/interactions`.
#[derive(Debug)]
pub(crate) struct GeminiInteractions;

impl WireFormat for GeminiInteractions {
    fn operation(&self) -> &'static str {
        "generate_content"
    }

    fn matches(&self, body: &Value) -> bool {
        let asks = ["model", "agent"].iter().any(|key| string(body, key).is_some());
        asks && body.get("input").is_some()
    }

    fn ask(&self, _: &str, body: &Value) -> Ask {
        let mut ask = Ask::read(body, PARAMS);
        // An agent of Google's stands where a model else does.
        ask.model = ask.model.or_else(|| string(body, "agent").map(str::to_owned));
        let is_json = string(body, "response_mime_type") == Some("application/json");
        let kind = is_json.then_some("json");
        if let Some(kind) = kind.or_else(|| output_modality(body.get("response_modalities"))) {
            ask.put(semconv::OUTPUT_TYPE, kind);
        }
        ask
    }

    fn prompt(&self, body: &Value, prompt: &mut Prompt) {
        texts::count(body.get("system_instruction"), prompt);
        texts::input(body.get("input"), prompt);
        let functions = items(body.get("tools")).filter(|tool| tool.get("name").is_some());
        texts::tools(functions, prompt);
    }

    fn channel(&self, at: &Path, _: &Reply) -> Option<Channel> {
        match at.as_str() {
            "delta.text" | "steps[].content[].text" | "outputs[].text" => Some(Channel::Content),
            "delta.content.text" | "steps[].summary[].text" => Some(Channel::Reasoning),
            "delta.partial_arguments" | "delta.arguments" | "step.name" | "steps[].name" => {
                Some(Channel::ToolCall)
            }
            path if path.starts_with("steps[].arguments.") => Some(Channel::ToolCall),
            _ => None,
        }
    }

    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        // In a stream, the interaction stands in a member of the event.
        let path = at.as_str();
        let path = path.strip_prefix("interaction.").unwrap_or(path);
        match (path, value.as_str()) {
            ("id", Some(id)) => reply.set_id(id),
            ("model", Some(model)) => reply.set_model(model),
            ("status", Some("completed")) => reply.finish(at, "stop"),
            ("status", Some("requires_action")) => reply.finish(at, "tool_call"),
            ("status", Some(reason @ ("incomplete" | "failed" | "cancelled"))) => reply.finish(at, reason),
            ("error.status", Some(_)) => reply.error("error.code", value),
            (path, Some(modality)) if path.ends_with("_by_modality[].modality") => reply.keep(modality),
            (path, _) => match path.strip_suffix("_tokens_by_modality[].tokens") {
                Some("usage.input") => modality(INPUT, value.as_count(), reply),
                Some("usage.output") => modality(OUTPUT, value.as_count(), reply),
                Some("usage.cached") => modality(CACHE_READ, value.as_count(), reply),
                Some(_) => {}
                None => {
                    reply.error(path, value);
                    reply.usage.read(USAGE, path, value.as_count());
                }
            },
        }
    }

    fn event(&self, name: &str, reply: &mut Reply) {
        reply.done |= matches!(name, "interaction.completed" | "interaction.complete");
    }
}

const PARAMS: &[Param] = &[
    (
        semconv::REQUEST_MAX_TOKENS,
        "/generation_config/max_output_tokens",
        Kind::Int,
    ),
    (
        semconv::REQUEST_TEMPERATURE,
        "/generation_config/temperature",
        Kind::Double,
    ),
    (semconv::REQUEST_TOP_P, "/generation_config/top_p", Kind::Double),
    (semconv::REQUEST_SEED, "/generation_config/seed", Kind::Int),
    (
        semconv::REQUEST_STOP_SEQUENCES,
        "/generation_config/stop_sequences",
        Kind::Texts,
    ),
    (
        semconv::REQUEST_REASONING_LEVEL,
        "/generation_config/thinking_level",
        Kind::Text,
    ),
    (
        semconv::REQUEST_PREVIOUS_RESPONSE_ID,
        "/previous_interaction_id",
        Kind::Text,
    ),
];

const USAGE: &Paths = &[
    ("usage.total_input_tokens", Field::Input),
    ("usage.total_tool_use_tokens", Field::ToolInput),
    ("usage.total_cached_tokens", Field::CacheRead),
    ("usage.total_output_tokens", Field::Output),
    ("usage.total_thought_tokens", Field::Thoughts),
];
