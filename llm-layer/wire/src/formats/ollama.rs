//! Ollama's own API: `/api/chat` and `/api/generate`, whose answers are streams of JSON lines unless asked
//! otherwise.
//!
//! <https://github.com/ollama/ollama/blob/main/docs/api.md>

use crate::content::{Content, Document, Members};
use crate::format::WireFormat;
use crate::json::{Path, Scalar};
use crate::operation::Operation;
use crate::parameter::{Parameter, ParameterPath, ParameterType};
use crate::prompt_part::PromptPart;
use crate::reply::{Channel, Reply};
use crate::request::RequestInfo;
use crate::usage::{Paths, UsagePart};

/// `POST /api/chat` or `/api/generate`.
#[derive(Debug)]
pub(crate) enum Ollama {
    Chat,
    Generate,
}

impl WireFormat for Ollama {
    fn operation(&self) -> Operation {
        match self {
            Self::Chat => Operation::Chat,
            Self::Generate => Operation::TextCompletion,
        }
    }

    fn members(&self) -> &'static [&'static str] {
        &["model", "messages", "prompt", "format"]
    }

    fn matches(&self, request: &RequestInfo) -> bool {
        let text = match self {
            Self::Chat => "messages",
            Self::Generate => "prompt",
        };
        request.has_string("model") && request.has(text)
    }

    fn request_value(&self, at: &Path, value: Scalar<'_>, request: &mut RequestInfo) {
        request.read(&[PARAMS], at, value);
        if (at.as_str(), value.as_str()) == ("format", Some("json")) {
            request.set(Parameter::OutputType, "json");
        }
    }

    fn finish_request(&self, _: &str, request: &mut RequestInfo) {
        request.stream = Some(request.stream_options.member != Some(false));
        if request.has_object("format") {
            request.set(Parameter::OutputType, "json");
        }
    }

    fn prompt(&self, at: &Path) -> Option<PromptPart> {
        match at.as_str() {
            "messages[]" => Some(PromptPart::Message),
            "system" | "prompt" => Some(PromptPart::Texts),
            "tools[]" => Some(PromptPart::Function("")),
            _ => None,
        }
    }

    fn content(&self, body: &Document) -> Content {
        let members = Members {
            instructions: &["/system"],
            messages: &["/messages", "/prompt"],
            tools: &["/tools"],
        };
        members.read(body)
    }

    fn envelopes(&self) -> &'static [&'static str] {
        &["data", "result", "output", "body"]
    }

    /// Many chat services answer with a `response` or a `message`. Ollama also names the model.
    fn is_shown_by_text(&self) -> bool {
        false
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

    fn items(&self) -> &'static [&'static str] {
        &["message.tool_calls[]"]
    }

    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        match (at.as_str(), value) {
            ("model", Scalar::Text(model)) => reply.set_model(model),
            ("done", Scalar::Bool(done)) => reply.flags.is_complete |= done,
            ("done_reason", Scalar::Text(reason)) => reply.finish(at, reason),
            (path, _) => {
                reply.read_error(path, value);
                reply.usage.read(USAGE, path, value.as_count());
            }
        }
    }
}

const PARAMS: &[ParameterPath] = &[
    (Parameter::MaxTokens, "options.num_predict", ParameterType::Int),
    (
        Parameter::Temperature,
        "options.temperature",
        ParameterType::Double,
    ),
    (Parameter::TopP, "options.top_p", ParameterType::Double),
    (Parameter::TopK, "options.top_k", ParameterType::Int),
    (Parameter::Seed, "options.seed", ParameterType::Int),
    (Parameter::StopSequences, "options.stop", ParameterType::Texts),
    (
        Parameter::FrequencyPenalty,
        "options.frequency_penalty",
        ParameterType::Double,
    ),
    (
        Parameter::PresencePenalty,
        "options.presence_penalty",
        ParameterType::Double,
    ),
    (Parameter::ReasoningLevel, "think", ParameterType::Text),
];

const USAGE: &Paths = &[
    ("prompt_eval_count", UsagePart::Input),
    ("prompt_eval_cached_count", UsagePart::CacheRead),
    ("eval_count", UsagePart::Output),
];
