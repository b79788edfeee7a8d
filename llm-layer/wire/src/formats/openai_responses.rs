//! OpenAI Responses.
//!
//! <https://platform.openai.com/docs/api-reference/responses>

use super::openai_chat::{output_type, service_tier};
use super::openai_usage::{CHAT, RESPONSES};
use crate::content::{Content, Document, Members};
use crate::format::WireFormat;
use crate::json::{Path, Scalar};
use crate::operation::Operation;
use crate::parameter::{Parameter, ParameterPath, ParameterType};
use crate::prompt_part::PromptPart;
use crate::reply::{Channel, Reply, ReplyDetail};
use crate::request::RequestInfo;

/// A request for a response.
#[derive(Debug)]
pub(crate) enum OpenAiResponses {
    /// `POST …/responses`, `…/responses/compact`.
    Create,
    /// `GET …/responses/{id}`.
    Fetch,
}

impl WireFormat for OpenAiResponses {
    fn operation(&self) -> Operation {
        match self {
            Self::Create => Operation::Chat,
            Self::Fetch => Operation::FetchResponse,
        }
    }

    fn members(&self) -> &'static [&'static str] {
        &["input", "prompt", "previous_response_id", "conversation"]
    }

    fn matches(&self, request: &RequestInfo) -> bool {
        let is_input = request.has_string("input") || request.has_array("input");
        let is_continued = ["prompt", "previous_response_id", "conversation"]
            .iter()
            .any(|name| request.has(name));
        matches!(self, Self::Fetch) || is_input || is_continued && !request.has_object("input")
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

    fn content(&self, body: &Document) -> Content {
        let members = Members {
            instructions: &["/instructions"],
            messages: &["/input"],
            tools: &["/tools"],
        };
        members.read(body)
    }

    fn envelopes(&self) -> &'static [&'static str] {
        &["data", "result", "body"]
    }

    fn channel(&self, at: &Path, reply: &Reply) -> Option<Channel> {
        match at.as_str() {
            "delta" => delta(reply.event()),
            "item.name" if reply.event() == "response.output_item.added" => Some(Channel::ToolCall),
            "output[].content[].text" | "output[].content[].refusal" => Some(Channel::Content),
            "output[].summary[].text" => Some(Channel::Reasoning),
            "item.summary[].text" if reply.stashed().contains(NO_REASONING) => Some(Channel::Reasoning),
            "item.content[].text" if reply.stashed().contains(NO_CONTENT) => Some(Channel::Content),
            "output[].name" | "output[].arguments" | "output[].input" => Some(Channel::ToolCall),
            _ => None,
        }
    }

    fn items(&self) -> &'static [&'static str] {
        &["output[]", "item"]
    }

    fn continued(&self, at: &Path, reply: &Reply) -> Option<&'static str> {
        match (at.as_str(), reply.event()) {
            ("delta", "response.custom_tool_call_input.delta") => Some("input"),
            ("delta", "response.code_interpreter_call_code.delta") => Some("code"),
            ("delta", event) if event.ends_with("_arguments.delta") => Some("arguments"),
            _ => None,
        }
    }

    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        // In a stream, the response is a member of the event.
        let path = at.as_str();
        let path = path.strip_prefix("response.").unwrap_or(path);
        match (path, value.as_str()) {
            // Other services have stored responses too: an id without `"object": "response"` is none.
            ("id", Some(id)) if matches!(self, Self::Fetch) && path == at.as_str() => reply.stash(id),
            ("object", Some("response")) if matches!(self, Self::Fetch) => {
                let id = std::mem::take(&mut reply.cursor.stashed);
                reply.set_id(&id);
            }
            ("id", Some(id)) => reply.set_id(id),
            ("model", Some(model)) => reply.set_model(model),
            ("background", _) => reply.flags.is_background = value == Scalar::Bool(true),
            ("output[].type" | "item.type", Some("compaction")) => reply.flags.is_compacted = true,
            // The content of another item is not that of the answer.
            ("item.type", Some(kind)) if kind != "message" && reply.stashed().contains(NO_CONTENT) => {
                let stash = reply.stashed().replace(NO_CONTENT, "");
                reply.stash(&stash);
            }
            ("service_tier", Some(tier)) => reply.set_detail(ReplyDetail::ServiceTier, tier),
            ("conversation.id", Some(id)) => reply.set_detail(ReplyDetail::ConversationId, id),
            // What the model called may stand before the status, and may stand after it.
            ("status", Some("completed")) if reply.stashed() == TOOL_CALL => reply.finish(at, TOOL_CALL),
            ("status", Some("completed")) => reply.finish(at, "stop"),
            ("status", Some("failed")) => reply.finish(at, "error"),
            ("status", Some(reason @ ("incomplete" | "cancelled")))
            | ("incomplete_details.reason", Some(reason)) => reply.finish(at, reason),
            ("output[].type", Some("function_call" | "custom_tool_call")) => {
                reply.stash(TOOL_CALL);
                reply.finish_instead(at, "stop", TOOL_CALL);
            }
            ("output[].type", Some("web_search_call")) => reply.usage.billing_mut().add_search(),
            ("output[].action.type", Some("open_page" | "find" | "find_in_page")) => {
                reply.usage.billing_mut().add_page_visit();
            }
            (path, _) => {
                reply.read_error(path, value);
                reply.usage.read_billing(path, value);
                reply.usage.read(RESPONSES, path, value.as_count());
                reply.usage.raise(CHAT, path, value.as_count());
            }
        }
    }

    fn event(&self, name: &str, reply: &mut Reply) {
        match name {
            "response.completed" | "response.incomplete" | "response.failed" => reply.complete(),
            // Some servers send whole items only, without the deltas of their texts.
            "response.output_item.done" => {
                let flags = reply.flags;
                let missing = [
                    (!flags.has_content_deltas, NO_CONTENT),
                    (!flags.has_reasoning_deltas, NO_REASONING),
                ];
                let missing = missing.iter().filter(|(is_missing, _)| *is_missing);
                let stash: String = missing.map(|(_, name)| *name).collect();
                reply.stash(&stash);
            }
            name if name.ends_with(".delta") => match delta(name) {
                Some(Channel::Content) => reply.flags.has_content_deltas = true,
                Some(Channel::Reasoning) => reply.flags.has_reasoning_deltas = true,
                Some(Channel::ToolCall) | None => {}
            },
            _ => {}
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
/// What is stored while an item is read that has ended: no delta of this kind came before.
const NO_CONTENT: &str = "no content;";
const NO_REASONING: &str = "no reasoning;";

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
