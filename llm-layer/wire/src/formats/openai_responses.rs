//! OpenAI Responses.
//!
//! <https://platform.openai.com/docs/api-reference/responses>

use super::openai_chat::{output_type, service_tier};
use crate::json::{Path, Scalar};
use crate::parameter::{ParameterPath, ParameterType};
use crate::usage::{Paths, UsagePart};
use crate::{Channel, Operation, Parameter, PromptPart, Reply, ReplyDetail, RequestInfo, WireFormat};

/// `POST …/responses`.
#[derive(Debug)]
pub(crate) struct OpenAiResponses;

impl WireFormat for OpenAiResponses {
    fn operation(&self) -> Operation {
        Operation::Chat
    }

    fn members(&self) -> &'static [&'static str] {
        &["input", "prompt", "previous_response_id", "conversation"]
    }

    fn matches(&self, request: &RequestInfo) -> bool {
        self.members().iter().any(|name| request.has(name))
    }

    fn request_value(&self, at: &Path, value: Scalar<'_>, request: &mut RequestInfo) {
        request.read(&[PARAMS], at, value);
        service_tier(at, value, request);
        if let ("text.format.type", Some(kind)) = (at.as_str(), value.as_str().and_then(output_type)) {
            request.set(Parameter::OutputType, kind);
        }
    }

    fn finish_request(&self, _: &str, request: &mut RequestInfo) {
        request.set(Parameter::OpenAiApiType, "responses");
    }

    fn prompt(&self, at: &Path) -> Option<PromptPart> {
        match at.as_str() {
            "input" => Some(PromptPart::Messages),
            "instructions" => Some(PromptPart::MessageOf("developer")),
            "tools[]" => Some(PromptPart::Function("name")),
            _ => None,
        }
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
        // In a stream, the response is a member of the event.
        let path = at.as_str();
        let path = path.strip_prefix("response.").unwrap_or(path);
        match (path, value.as_str()) {
            ("id", Some(id)) => reply.set_id(id),
            ("model", Some(model)) => reply.set_model(model),
            ("service_tier", Some(tier)) => reply.set_detail(ReplyDetail::ServiceTier, tier),
            ("conversation.id", Some(id)) => reply.set_detail(ReplyDetail::ConversationId, id),
            // What the model called may stand before the status, and may stand after it.
            ("status", Some("completed")) if reply.stashed() == TOOL_CALL => reply.finish(at, TOOL_CALL),
            ("status", Some("completed")) => reply.finish(at, "stop"),
            ("status", Some(reason @ ("incomplete" | "failed" | "cancelled")))
            | ("incomplete_details.reason", Some(reason)) => reply.finish(at, reason),
            ("output[].type", Some("function_call" | "custom_tool_call")) => {
                reply.stash(TOOL_CALL);
                reply.finish_instead(at, "stop", TOOL_CALL);
            }
            ("output[].type", Some("web_search_call")) => reply.usage.billing_mut().add_search(),
            ("output[].action.type", Some("open_page" | "find" | "find_in_page")) => {
                reply.usage.billing_mut().add_page_visit();
            }
            ("code", Some(_)) if reply.event() == "error" => reply.read_error("error.code", value),
            (path, _) => {
                reply.read_error(path, value);
                reply.usage.read_billing(path, value);
                reply.usage.read(USAGE, path, value.as_count());
            }
        }
    }

    fn event(&self, name: &str, reply: &mut Reply) {
        if matches!(
            name,
            "response.completed" | "response.incomplete" | "response.failed"
        ) {
            reply.complete();
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

const PARAMS: &[ParameterPath] = &[
    (Parameter::MaxTokens, "max_output_tokens", ParameterType::Int),
    (Parameter::Temperature, "temperature", ParameterType::Double),
    (Parameter::TopP, "top_p", ParameterType::Double),
    (Parameter::ReasoningLevel, "reasoning.effort", ParameterType::Text),
    (
        Parameter::PreviousResponseId,
        "previous_response_id",
        ParameterType::Text,
    ),
    (Parameter::ConversationId, "conversation.id", ParameterType::Text),
    (Parameter::ConversationId, "conversation", ParameterType::Text),
    (Parameter::PromptName, "prompt.id", ParameterType::Text),
    (Parameter::PromptVersion, "prompt.version", ParameterType::Text),
];

const USAGE: &Paths = &[
    ("usage.input_tokens", UsagePart::Input),
    ("usage.output_tokens", UsagePart::Output),
    ("usage.total_tokens", UsagePart::Total),
    ("usage.input_tokens_details.cached_tokens", UsagePart::CacheRead),
    (
        "usage.input_tokens_details.cache_write_tokens",
        UsagePart::CacheWrite,
    ),
    (
        "usage.output_tokens_details.reasoning_tokens",
        UsagePart::Reasoning,
    ),
];
