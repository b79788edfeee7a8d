//! Gemini's interactions, which are its newer API beside `generateContent`.
//!
//! <https://ai.google.dev/gemini-api/docs/interactions>

use super::named_count::{self, CACHE_READ, INPUT, OUTPUT};
use super::openai_chat::output_modality;
use crate::content::{Content, Document, Members};
use crate::format::WireFormat;
use crate::json::{Path, Scalar};
use crate::operation::Operation;
use crate::parameter::{Parameter, ParameterPath, ParameterType};
use crate::prompt_part::PromptPart;
use crate::reply::{Channel, Reply};
use crate::request::RequestInfo;
use crate::usage::{Paths, UsagePart};

/// `POST …/interactions`.
#[derive(Debug)]
pub(crate) struct GeminiInteractions;

impl WireFormat for GeminiInteractions {
    fn operation(&self) -> Operation {
        Operation::GenerateContent
    }

    fn members(&self) -> &'static [&'static str] {
        &["model", "agent", "input"]
    }

    fn matches(&self, request: &RequestInfo) -> bool {
        let is_addressed = request.has_string("model") || request.has_string("agent");
        is_addressed && request.has("input")
    }

    fn request_value(&self, at: &Path, value: Scalar<'_>, request: &mut RequestInfo) {
        request.read(&[PARAMS], at, value);
        match (at.as_str(), value.as_str()) {
            // An agent takes the place of the model.
            ("agent", Some(agent)) => request.named.model = Some(agent.to_owned()),
            ("response_mime_type", Some("application/json")) => {
                request.set(Parameter::OutputType, "json");
            }
            ("response_modalities[]", Some(name)) => {
                if let Some((rank, kind)) = output_modality(name) {
                    request.set_ranked(Parameter::OutputType, rank, kind.into());
                }
            }
            _ => {}
        }
    }

    fn prompt(&self, at: &Path) -> Option<PromptPart> {
        match at.as_str() {
            "system_instruction" => Some(PromptPart::Texts),
            "input" => Some(PromptPart::Messages),
            "tools[]" => Some(PromptPart::Function("name")),
            _ => None,
        }
    }

    fn content(&self, body: &Document) -> Content {
        let members = Members {
            instructions: &["/system_instruction"],
            messages: &["/input"],
            tools: &["/tools"],
        };
        members.read(body)
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

    fn items(&self) -> &'static [&'static str] {
        &["steps[]", "outputs[]", "step"]
    }

    fn continued(&self, at: &Path, _: &Reply) -> Option<&'static str> {
        match at.as_str() {
            "delta.partial_arguments" | "delta.arguments" => Some("arguments"),
            _ => None,
        }
    }

    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        // In a stream, the interaction is a member of the event.
        let path = at.as_str();
        let path = path.strip_prefix("interaction.").unwrap_or(path);
        match (path, value.as_str()) {
            ("id", Some(id)) => reply.set_id(id),
            ("model", Some(model)) => reply.set_model(model),
            ("status", Some("completed")) => reply.finish(at, "stop"),
            ("status", Some("requires_action")) => reply.finish(at, "tool_call"),
            ("status", Some("failed")) => reply.finish(at, "error"),
            ("status", Some(reason @ ("incomplete" | "cancelled"))) => reply.finish(at, reason),
            ("error.status", Some(_)) => reply.read_error("error.code", value),
            (path, _) => match named_count::list_of(path, at, "_tokens_by_modality[].") {
                Some("usage.input") => named_count::read(INPUT, at, value, reply),
                Some("usage.output") => named_count::read(OUTPUT, at, value, reply),
                Some("usage.cached") => named_count::read(CACHE_READ, at, value, reply),
                Some(_) => {}
                None => {
                    reply.read_error(path, value);
                    reply.usage.read(USAGE, path, value.as_count());
                }
            },
        }
    }

    fn event(&self, name: &str, reply: &mut Reply) {
        reply.flags.is_complete |= matches!(name, "interaction.completed" | "interaction.complete");
    }
}

const PARAMS: &[ParameterPath] = &[
    (
        Parameter::MaxTokens,
        "generation_config.max_output_tokens",
        ParameterType::Int,
    ),
    (
        Parameter::Temperature,
        "generation_config.temperature",
        ParameterType::Double,
    ),
    (Parameter::TopP, "generation_config.top_p", ParameterType::Double),
    (Parameter::Seed, "generation_config.seed", ParameterType::Int),
    (
        Parameter::StopSequences,
        "generation_config.stop_sequences",
        ParameterType::Texts,
    ),
    (
        Parameter::ReasoningLevel,
        "generation_config.thinking_level",
        ParameterType::Text,
    ),
    (
        Parameter::PreviousResponseId,
        "previous_interaction_id",
        ParameterType::Text,
    ),
];

const USAGE: &Paths = &[
    ("usage.total_input_tokens", UsagePart::Input),
    ("usage.total_tool_use_tokens", UsagePart::ToolInput),
    ("usage.total_cached_tokens", UsagePart::CacheRead),
    ("usage.total_output_tokens", UsagePart::Output),
    ("usage.total_thought_tokens", UsagePart::Thoughts),
];
