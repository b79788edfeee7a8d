//! Mistral's conversations. Its chat completions are OpenAI's.
//!
//! <https://docs.mistral.ai/api/endpoint/beta/conversations>

use crate::content::{Content, Document, Members};
use crate::format::WireFormat;
use crate::json::{Path, Scalar};
use crate::operation::Operation;
use crate::parameter::{Parameter, ParameterPath, ParameterType};
use crate::prompt_part::PromptPart;
use crate::reply::{Channel, Reply, ReplyDetail};
use crate::request::RequestInfo;
use crate::usage::{Paths, UsagePart};

/// `POST /v1/conversations`, `/v1/conversations/{id}`, `/v1/conversations/{id}/restart`.
#[derive(Debug)]
pub(crate) struct MistralConversations;

impl WireFormat for MistralConversations {
    fn operation(&self) -> Operation {
        Operation::Chat
    }

    fn members(&self) -> &'static [&'static str] {
        &["inputs"]
    }

    fn matches(&self, request: &RequestInfo) -> bool {
        request.has("inputs")
    }

    fn request_value(&self, at: &Path, value: Scalar<'_>, request: &mut RequestInfo) {
        request.read(&[PARAMS], at, value);
    }

    fn prompt(&self, at: &Path) -> Option<PromptPart> {
        match at.as_str() {
            "inputs" => Some(PromptPart::Messages),
            "instructions" => Some(PromptPart::MessageOf("system")),
            "tools[]" => Some(PromptPart::Function("function")),
            _ => None,
        }
    }

    fn content(&self, body: &Document) -> Content {
        let members = Members {
            instructions: &["/instructions"],
            messages: &["/inputs"],
            tools: &["/tools"],
        };
        members.read(body)
    }

    fn envelopes(&self) -> &'static [&'static str] {
        &["data", "response", "result", "body"]
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

    fn items(&self) -> &'static [&'static str] {
        &["outputs[]"]
    }

    fn continued(&self, at: &Path, reply: &Reply) -> Option<&'static str> {
        let is_call = reply.event() == "function.call.delta";
        (is_call && at.as_str() == "arguments").then_some("arguments")
    }

    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        match (at.as_str(), value.as_str()) {
            ("conversation_id", Some(id)) => reply.set_detail(ReplyDetail::ConversationId, id),
            ("model" | "outputs[].model", Some(model)) => reply.set_model(model),
            ("code", _) if reply.event() == "conversation.response.error" => {
                reply.read_error("error.code", value);
            }
            (path, _) => {
                reply.read_error(path, value);
                reply.usage.read(USAGE, path, value.as_count());
            }
        }
    }

    fn event(&self, name: &str, reply: &mut Reply) {
        reply.flags.is_complete |= name == "conversation.response.done";
    }
}

const PARAMS: &[ParameterPath] = &[
    (
        Parameter::MaxTokens,
        "completion_args.max_tokens",
        ParameterType::Int,
    ),
    (
        Parameter::Temperature,
        "completion_args.temperature",
        ParameterType::Double,
    ),
    (Parameter::TopP, "completion_args.top_p", ParameterType::Double),
    (Parameter::Seed, "completion_args.random_seed", ParameterType::Int),
    (
        Parameter::StopSequences,
        "completion_args.stop",
        ParameterType::Texts,
    ),
    (
        Parameter::FrequencyPenalty,
        "completion_args.frequency_penalty",
        ParameterType::Double,
    ),
    (
        Parameter::PresencePenalty,
        "completion_args.presence_penalty",
        ParameterType::Double,
    ),
];

const USAGE: &Paths = &[
    ("usage.prompt_tokens", UsagePart::Input),
    ("usage.connector_tokens", UsagePart::ToolInput),
    ("usage.completion_tokens", UsagePart::Output),
    ("usage.total_tokens", UsagePart::Total),
];
