//! Anthropic Messages, also on Vertex (`rawPredict`) and Bedrock (`InvokeModel`).
//!
//! <https://docs.claude.com/en/api/messages>

use crate::json::{Path, Scalar};
use crate::parameter::{ParameterPath, ParameterType};
use crate::path_segments::model_in;
use crate::usage::{Paths, UsagePart};
use crate::{Channel, Operation, Parameter, PromptPart, Reply, RequestInfo, WireFormat};

/// `POST …/v1/messages`.
#[derive(Debug)]
pub(crate) struct Anthropic;

impl WireFormat for Anthropic {
    fn operation(&self) -> Operation {
        Operation::Chat
    }

    fn members(&self) -> &'static [&'static str] {
        &["messages", "max_tokens"]
    }

    fn matches(&self, request: &RequestInfo) -> bool {
        request.has_array("messages") && request.has("max_tokens")
    }

    fn request_value(&self, at: &Path, value: Scalar<'_>, request: &mut RequestInfo) {
        request.read(&[PARAMS], at, value);
    }

    fn finish_request(&self, path: &str, request: &mut RequestInfo) {
        request.default_model(|| model_in(path));
        if path.ends_with(":streamRawPredict") {
            request.stream = Some(true);
        }
    }

    fn prompt(&self, at: &Path) -> Option<PromptPart> {
        match at.as_str() {
            "system" => Some(PromptPart::Texts),
            "messages[]" => Some(PromptPart::Message),
            "tools[]" => Some(PromptPart::Function("input_schema")),
            _ => None,
        }
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
                reply.read_error(path, value);
                reply.usage.read_billing(path, value);
                reply.usage.read(USAGE, path, value.as_count());
            }
        }
    }

    fn event(&self, name: &str, reply: &mut Reply) {
        reply.is_complete |= name == "message_stop";
    }
}

pub(super) const PARAMS: &[ParameterPath] = &[
    (Parameter::MaxTokens, "max_tokens", ParameterType::Int),
    (Parameter::Temperature, "temperature", ParameterType::Double),
    (Parameter::TopP, "top_p", ParameterType::Double),
    (Parameter::TopK, "top_k", ParameterType::Int),
    (Parameter::StopSequences, "stop_sequences", ParameterType::Texts),
    (
        Parameter::ReasoningLevel,
        "output_config.effort",
        ParameterType::Text,
    ),
];

const USAGE: &Paths = &[
    ("usage.input_tokens", UsagePart::UncachedInput),
    ("usage.output_tokens", UsagePart::Output),
    (
        "usage.output_tokens_details.thinking_tokens",
        UsagePart::Reasoning,
    ),
    ("usage.cache_read_input_tokens", UsagePart::CacheRead),
    ("usage.cache_creation_input_tokens", UsagePart::CacheWrite),
    (
        "usage.cache_creation.ephemeral_1h_input_tokens",
        UsagePart::CacheWriteHour,
    ),
];
