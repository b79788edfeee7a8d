//! OpenAI Responses.
//!
//! <https://platform.openai.com/docs/api-reference/responses>

use serde_json::Value;

use super::ask::{Kind, Param, items, member};
use super::openai_chat::{output_type, service_tier};
use super::usage::{Field, Paths};
use super::{Ask, Channel, Reply, WireFormat, texts};
use crate::estimate::Prompt;
use crate::json::{Path, Scalar};
use crate::semconv;

/// `POST …/responses`.
#[derive(Debug)]
pub(crate) struct OpenAiResponses;

impl WireFormat for OpenAiResponses {
    fn operation(&self) -> &'static str {
        "chat"
    }

    fn matches(&self, body: &Value) -> bool {
        ["input", "prompt", "previous_response_id", "conversation"]
            .iter()
            .any(|key| body.get(*key).is_some())
    }

    fn ask(&self, _: &str, body: &Value) -> Ask {
        let mut ask = Ask::read(body, PARAMS);
        if let Some(kind) = member(body, "/text/format/type")
            .and_then(Value::as_str)
            .and_then(output_type)
        {
            ask.put(semconv::OUTPUT_TYPE, kind);
        }
        service_tier(&mut ask, body);
        ask.put(semconv::OPENAI_API_TYPE, "responses");
        ask
    }

    fn prompt(&self, body: &Value, prompt: &mut Prompt) {
        texts::input(body.get("input"), prompt);
        texts::said("developer", body.get("instructions"), prompt);
        let functions = items(body.get("tools")).filter(|tool| tool.get("name").is_some());
        texts::tools(functions, prompt);
    }

    fn channel(&self, at: &Path, reply: &Reply) -> Option<Channel> {
        match at.as_str() {
            "delta" => delta(reply.event()),
            "item.name" if reply.event() == "response.output_item.added" => Some(Channel::ToolCall),
            "output[].content[].text" | "output[].content[].refusal" => Some(Channel::Content),
            "output[].summary[].text" => Some(Channel::Reasoning),
            "output[].name" | "output[].arguments" | "output[].input" => Some(Channel::ToolCall),
            _ => None,
        }
    }

    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        // In a stream, the response stands in a member of the event.
        let path = at.as_str();
        let path = path.strip_prefix("response.").unwrap_or(path);
        match (path, value.as_str()) {
            ("id", Some(id)) => reply.set_id(id),
            ("model", Some(model)) => reply.set_model(model),
            ("service_tier", Some(tier)) => reply.attribute(semconv::OPENAI_RESPONSE_SERVICE_TIER, tier),
            ("conversation.id", Some(id)) => reply.attribute(semconv::CONVERSATION_ID, id),
            // What the model called may stand before the status, and may stand after it.
            ("status", Some("completed")) if reply.kept() == TOOL_CALL => reply.finish(at, TOOL_CALL),
            ("status", Some("completed")) => reply.finish(at, "stop"),
            ("status", Some(reason @ ("incomplete" | "failed" | "cancelled")))
            | ("incomplete_details.reason", Some(reason)) => reply.finish(at, reason),
            ("output[].type", Some("function_call" | "custom_tool_call")) => {
                reply.keep(TOOL_CALL);
                reply.finish_instead(at, "stop", TOOL_CALL);
            }
            ("code", Some(_)) if reply.event() == "error" => reply.error("error.code", value),
            (path, _) => {
                reply.error(path, value);
                reply.usage.read(USAGE, path, value.as_count());
            }
        }
    }

    fn event(&self, name: &str, reply: &mut Reply) {
        if matches!(
            name,
            "response.completed" | "response.incomplete" | "response.failed"
        ) {
            reply.done = true;
        }
    }
}

/// What the delta of an event is.
fn delta(event: &str) -> Option<Channel> {
    match event.strip_prefix("response.").unwrap_or(event) {
        "output_text.delta" | "refusal.delta" | "audio.transcript.delta" | "" => Some(Channel::Content),
        event if event.starts_with("reasoning") => Some(Channel::Reasoning),
        "function_call_arguments.delta"
        | "custom_tool_call_input.delta"
        | "mcp_call_arguments.delta"
        | "code_interpreter_call_code.delta" => Some(Channel::ToolCall),
        _ => None,
    }
}

const TOOL_CALL: &str = "tool_call";

const PARAMS: &[Param] = &[
    (semconv::REQUEST_MAX_TOKENS, "/max_output_tokens", Kind::Int),
    (semconv::REQUEST_TEMPERATURE, "/temperature", Kind::Double),
    (semconv::REQUEST_TOP_P, "/top_p", Kind::Double),
    (semconv::REQUEST_REASONING_LEVEL, "/reasoning/effort", Kind::Text),
    (
        semconv::REQUEST_PREVIOUS_RESPONSE_ID,
        "/previous_response_id",
        Kind::Text,
    ),
    (semconv::CONVERSATION_ID, "/conversation/id", Kind::Text),
    (semconv::CONVERSATION_ID, "/conversation", Kind::Text),
    (semconv::PROMPT_NAME, "/prompt/id", Kind::Text),
    (semconv::PROMPT_VERSION, "/prompt/version", Kind::Text),
];

const USAGE: &Paths = &[
    ("usage.input_tokens", Field::Input),
    ("usage.output_tokens", Field::Output),
    ("usage.total_tokens", Field::Total),
    ("usage.input_tokens_details.cached_tokens", Field::CacheRead),
    ("usage.input_tokens_details.cache_write_tokens", Field::CacheWrite),
    ("usage.output_tokens_details.reasoning_tokens", Field::Reasoning),
];
