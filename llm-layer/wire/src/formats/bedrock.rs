//! Amazon Bedrock's Converse, one format for all models.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>

use http::HeaderMap;

use crate::content::{Content, Document, Members};
use crate::format::WireFormat;
use crate::json::{Path, Scalar};
use crate::operation::Operation;
use crate::parameter::{Parameter, ParameterPath, ParameterType};
use crate::path_segments::segment;
use crate::prompt_part::PromptPart;
use crate::reply::{Channel, Reply};
use crate::request::RequestInfo;
use crate::usage::{Paths, UsagePart};

/// `POST /model/{model}/converse`, `/converse-stream`.
#[derive(Debug)]
pub(crate) struct Converse;

impl WireFormat for Converse {
    fn operation(&self) -> Operation {
        Operation::Chat
    }

    fn members(&self) -> &'static [&'static str] {
        &["messages", "promptVariables"]
    }

    fn matches(&self, request: &RequestInfo) -> bool {
        // A prompt of Bedrock's own store has its messages there.
        request.has_array("messages") || request.has("promptVariables")
    }

    fn request_value(&self, at: &Path, value: Scalar<'_>, request: &mut RequestInfo) {
        request.read(&[PARAMS], at, value);
    }

    fn finish_request(&self, path: &str, request: &mut RequestInfo) {
        request.model = segment(path, "/model/", '/');
        request.stream = Some(path.ends_with("/converse-stream"));
    }

    fn prompt(&self, at: &Path) -> Option<PromptPart> {
        match at.as_str() {
            "system" => Some(PromptPart::Texts),
            "messages[]" => Some(PromptPart::Message),
            "toolConfig.tools[]" => Some(PromptPart::Function("")),
            _ => None,
        }
    }

    fn content(&self, body: &Document) -> Content {
        let members = Members {
            instructions: &["/system"],
            messages: &["/messages"],
            tools: &["/toolConfig/tools"],
        };
        members.read(body)
    }

    fn head(&self, headers: &HeaderMap, reply: &mut Reply) {
        error_type(headers, reply);
    }

    fn envelopes(&self) -> &'static [&'static str] {
        &["data", "response", "result", "body"]
    }

    fn channel(&self, at: &Path, _: &Reply) -> Option<Channel> {
        channel(at.as_str())
    }

    fn items(&self) -> &'static [&'static str] {
        &["output.message.content[]", "start"]
    }

    fn continued(&self, at: &Path, _: &Reply) -> Option<&'static str> {
        match at.as_str() {
            "delta.toolUse.input" => Some("toolUse.input"),
            _ => None,
        }
    }

    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        match (at.as_str(), value.as_str()) {
            ("stopReason", Some(reason)) => reply.finish(at, reason),
            ("trace.promptRouter.invokedModelId", Some(model)) => reply.set_model(model),
            ("serviceTier.type", Some(_)) => reply.usage.billing_mut().set_service_tier(value),
            ("usage.cacheDetails[].ttl" | "usage.cacheDetails[].inputTokens", _) => {
                cache_detail(value, reply);
            }
            (path, _) => reply.usage.read(USAGE, path, value.as_count()),
        }
    }

    fn event(&self, name: &str, reply: &mut Reply) {
        reply.flags.is_complete |= name == "metadata";
    }
}

/// What the text at a path of an answer is.
pub(super) fn channel(path: &str) -> Option<Channel> {
    let content = path
        .strip_prefix("output.message.content[].")
        .or_else(|| path.strip_prefix("delta."));
    match content.or_else(|| path.strip_prefix("start."))? {
        "text" | "citationsContent.content[].text" => Some(Channel::Content),
        "reasoningContent.text" | "reasoningContent.reasoningText.text" => Some(Channel::Reasoning),
        "toolUse.name" | "toolUse.input" => Some(Channel::ToolCall),
        part if part.starts_with("toolUse.input.") => Some(Channel::ToolCall),
        _ => None,
    }
}

/// Takes one of the two members of what was written to a cache: its lifetime and its tokens, in either order.
fn cache_detail(value: Scalar<'_>, reply: &mut Reply) {
    let (Scalar::Text(member) | Scalar::Number(member)) = value else {
        return;
    };
    let (ttl, count) = match value {
        Scalar::Text(ttl) => (ttl, Scalar::Number(reply.stashed()).as_count()),
        _ => (reply.stashed(), value.as_count()),
    };
    let is_hour = ttl == "1h";
    match count {
        Some(count) if !ttl.is_empty() => {
            if is_hour {
                reply.usage.set(UsagePart::CacheWriteHour, count);
            }
            reply.stash("");
        }
        _ => reply.stash(member),
    }
}

/// The error that a refusal names in its head: `ThrottlingException:http://…`.
pub(super) fn error_type(headers: &HeaderMap, reply: &mut Reply) {
    let error = headers
        .get("x-amzn-errortype")
        .and_then(|value| value.to_str().ok());
    if let Some(code) = error.and_then(|error| error.split(':').next()) {
        reply.read_error("error.code", Scalar::Text(code));
    }
}

pub(super) const PARAMS: &[ParameterPath] = &[
    (
        Parameter::MaxTokens,
        "inferenceConfig.maxTokens",
        ParameterType::Int,
    ),
    (
        Parameter::Temperature,
        "inferenceConfig.temperature",
        ParameterType::Double,
    ),
    (Parameter::TopP, "inferenceConfig.topP", ParameterType::Double),
    (
        Parameter::TopK,
        "additionalModelRequestFields.top_k",
        ParameterType::Int,
    ),
    (
        Parameter::StopSequences,
        "inferenceConfig.stopSequences",
        ParameterType::Texts,
    ),
    (
        Parameter::BedrockGuardrailId,
        "guardrailConfig.guardrailIdentifier",
        ParameterType::Text,
    ),
];

pub(super) const USAGE: &Paths = &[
    ("usage.inputTokens", UsagePart::UncachedInput),
    ("usage.outputTokens", UsagePart::Output),
    ("usage.cacheReadInputTokens", UsagePart::CacheRead),
    ("usage.cacheWriteInputTokens", UsagePart::CacheWrite),
    ("usage.cacheReadInputTokenCount", UsagePart::CacheRead),
    ("usage.cacheWriteInputTokenCount", UsagePart::CacheWrite),
];
