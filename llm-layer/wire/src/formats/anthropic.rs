//! Anthropic Messages, also on Vertex (`rawPredict`) and Bedrock (`InvokeModel`).
//!
//! <https://docs.claude.com/en/api/messages>

use super::openai_chat::ENVELOPES;
use crate::content::{Content, Document, Members};
use crate::format::WireFormat;
use crate::json::{Path, Scalar};
use crate::operation::Operation;
use crate::parameter::{Parameter, ParameterPath, ParameterType};
use crate::path_segments::model_in;
use crate::prompt_part::PromptPart;
use crate::reply::{Channel, Reply};
use crate::request::RequestInfo;
use crate::usage::{Paths, UsagePart};

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

    fn content(&self, body: &Document) -> Content {
        let members = Members {
            instructions: &["/system"],
            messages: &["/messages"],
            tools: &["/tools"],
        };
        members.read(body)
    }

    fn envelopes(&self) -> &'static [&'static str] {
        ENVELOPES
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

    fn items(&self) -> &'static [&'static str] {
        &["content[]", "content_block"]
    }

    fn continued(&self, at: &Path, _: &Reply) -> Option<&'static str> {
        match at.as_str() {
            "delta.partial_json" => Some("input"),
            "delta.content" => Some("content"),
            _ => None,
        }
    }

    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        // A stream begins with the message as far as it is known.
        let path = at.as_str();
        let path = path.strip_prefix("message.").unwrap_or(path);
        match (path, value.as_str()) {
            ("id", Some(id)) => reply.set_id(id),
            // If another model took over, it is the one that answered.
            ("model" | "content_block.to.model" | "content[].to.model", Some(model)) => {
                reply.set_model(model);
            }
            ("content_block.type" | "content[].type" | "usage.iterations[].type", Some("compaction")) => {
                reply.flags.is_compacted = true;
            }
            ("usage.iterations[].model", Some(model)) => reply.usage.read_run_model(at.position(0), model),
            ("stop_reason" | "delta.stop_reason", Some(reason)) => reply.finish(at, reason),
            (path, _) => {
                reply.read_error(path, value);
                reply.usage.read_billing(path, value);
                let count = value.as_count();
                // The counts beside the list leave out compaction and fallbacks, which are billed too.
                if let Some(member) = path.strip_prefix("usage.iterations[].") {
                    reply.usage.read_run(at.position(0), USAGE, member, count);
                } else if let Some(member) = path.strip_prefix("usage.") {
                    reply.usage.read(USAGE, member, count);
                }
            }
        }
    }

    fn event(&self, name: &str, reply: &mut Reply) {
        reply.flags.is_complete |= name == "message_stop";
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

/// The members of `usage`, and of each of its iterations.
const USAGE: &Paths = &[
    ("input_tokens", UsagePart::UncachedInput),
    ("output_tokens", UsagePart::Output),
    ("output_tokens_details.thinking_tokens", UsagePart::Reasoning),
    ("cache_read_input_tokens", UsagePart::CacheRead),
    ("cache_creation_input_tokens", UsagePart::CacheWrite),
    (
        "cache_creation.ephemeral_1h_input_tokens",
        UsagePart::CacheWriteHour,
    ),
];
