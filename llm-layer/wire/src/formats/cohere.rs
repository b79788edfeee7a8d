//! Cohere's chat, version 2, and version 1 as far as usage goes.
//!
//! <https://docs.cohere.com/reference/chat>

use super::openai_chat::output_type;
use crate::content::{Content, Document, Members};
use crate::format::WireFormat;
use crate::json::{Path, Scalar};
use crate::operation::Operation;
use crate::parameter::{Parameter, ParameterPath, ParameterType};
use crate::prompt_part::PromptPart;
use crate::reply::{Channel, Reply};
use crate::request::RequestInfo;
use crate::usage::{Paths, UsagePart};

/// `POST /v2/chat` or `/v1/chat`.
#[derive(Debug)]
pub(crate) struct Cohere;

impl WireFormat for Cohere {
    fn operation(&self) -> Operation {
        Operation::Chat
    }

    fn members(&self) -> &'static [&'static str] {
        &["messages", "message", "model"]
    }

    fn matches(&self, request: &RequestInfo) -> bool {
        let has_prompt = request.has_array("messages") || request.has_string("message");
        has_prompt && request.has_string("model")
    }

    fn request_value(&self, at: &Path, value: Scalar<'_>, request: &mut RequestInfo) {
        request.read(&[PARAMS], at, value);
        if let ("response_format.type", Some(kind)) = (at.as_str(), value.as_str().and_then(output_type)) {
            request.set(Parameter::OutputType, kind);
        }
    }

    fn prompt(&self, at: &Path) -> Option<PromptPart> {
        match at.as_str() {
            "messages[]" | "chat_history[]" => Some(PromptPart::Message),
            "preamble" | "message" | "documents" => Some(PromptPart::Texts),
            "tools[]" => Some(PromptPart::Function("")),
            _ => None,
        }
    }

    fn content(&self, body: &Document) -> Content {
        let members = Members {
            instructions: &["/preamble"],
            messages: &["/messages", "/chat_history", "/message"],
            tools: &["/tools"],
        };
        members.read(body)
    }

    fn envelopes(&self) -> &'static [&'static str] {
        &["data", "result", "output", "body"]
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

    fn items(&self) -> &'static [&'static str] {
        &["message.tool_calls[]", "delta.message.tool_calls"]
    }

    fn continued(&self, at: &Path, _: &Reply) -> Option<&'static str> {
        match at.as_str() {
            "delta.message.tool_calls.function.arguments" => Some("function.arguments"),
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
            ("finish_reason", Some(reason)) => {
                reply.finish(at, reason);
                // `ERROR`, `ERROR_TOXIC`, `ERROR_LIMIT`, under status 200.
                if reason.starts_with("ERROR") || reason == "TIMEOUT" {
                    reply.fail(reason);
                }
            }
            // They are a part of what was used, which is more than what is billed.
            ("usage.cached_tokens", _) => {
                let billed = reply.usage.part(UsagePart::BilledInput);
                let cached = value.as_count().filter(|cached| Some(*cached) <= billed);
                reply.usage.add(UsagePart::CacheRead, cached);
            }
            ("error", Some(_)) => reply.read_error("error", value),
            (path, _) => {
                reply.usage.read_billing(path, value);
                reply.usage.read(USAGE, path, value.as_count());
            }
        }
    }

    fn event(&self, name: &str, reply: &mut Reply) {
        reply.flags.is_complete |= matches!(name, "message-end" | "stream-end");
    }
}

const PARAMS: &[ParameterPath] = &[
    (Parameter::MaxTokens, "max_tokens", ParameterType::Int),
    (Parameter::Temperature, "temperature", ParameterType::Double),
    (Parameter::TopP, "p", ParameterType::Double),
    (Parameter::TopK, "k", ParameterType::Int),
    (Parameter::Seed, "seed", ParameterType::Int),
    (Parameter::StopSequences, "stop_sequences", ParameterType::Texts),
    (
        Parameter::FrequencyPenalty,
        "frequency_penalty",
        ParameterType::Double,
    ),
    (
        Parameter::PresencePenalty,
        "presence_penalty",
        ParameterType::Double,
    ),
];

const USAGE: &Paths = &[
    ("usage.tokens.input_tokens", UsagePart::Input),
    ("usage.tokens.output_tokens", UsagePart::Output),
    ("usage.billed_units.input_tokens", UsagePart::BilledInput),
    ("usage.billed_units.output_tokens", UsagePart::BilledOutput),
    ("meta.tokens.input_tokens", UsagePart::Input),
    ("meta.tokens.output_tokens", UsagePart::Output),
    ("meta.billed_units.input_tokens", UsagePart::BilledInput),
    ("meta.billed_units.output_tokens", UsagePart::BilledOutput),
];
