//! Amazon Bedrock's Converse, one format for all models.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>

use http::HeaderMap;
use serde_json::Value;

use super::ask::{Kind, Param, items, member, segment};
use super::usage::{Field, Paths};
use super::{Ask, Channel, Reply, WireFormat, texts};
use crate::estimate::Prompt;
use crate::json::{Path, Scalar};
use crate::semconv;

/// `POST /model/{model}/converse`, `/converse-stream`.
#[derive(Debug)]
pub(crate) struct Converse;

impl WireFormat for Converse {
    fn operation(&self) -> &'static str {
        "chat"
    }

    fn matches(&self, body: &Value) -> bool {
        // A prompt of Bedrock's own store has its messages there.
        body.get("messages").is_some_and(Value::is_array) || body.get("promptVariables").is_some()
    }

    fn ask(&self, path: &str, body: &Value) -> Ask {
        let mut ask = Ask::read(body, PARAMS);
        ask.model = segment(path, "/model/", '/');
        ask.stream = path.ends_with("/converse-stream");
        ask
    }

    fn prompt(&self, body: &Value, prompt: &mut Prompt) {
        texts::count(body.get("system"), prompt);
        texts::messages(body.get("messages"), prompt);
        texts::tools(items(member(body, "/toolConfig/tools")), prompt);
    }

    fn head(&self, headers: &HeaderMap, reply: &mut Reply) {
        error_type(headers, reply);
    }

    fn channel(&self, at: &Path, _: &Reply) -> Option<Channel> {
        channel(at.as_str())
    }

    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        match (at.as_str(), value.as_str()) {
            ("stopReason", Some(reason)) => reply.finish(at, reason),
            ("trace.promptRouter.invokedModelId", Some(model)) => reply.set_model(model),
            (path, _) => reply.usage.read(USAGE, path, value.as_count()),
        }
    }

    fn event(&self, name: &str, reply: &mut Reply) {
        reply.done |= name == "metadata";
    }
}

/// What the text at a path of an answer is.
pub(super) fn channel(path: &str) -> Option<Channel> {
    let content = path
        .strip_prefix("output.message.content[].")
        .or_else(|| path.strip_prefix("delta."));
    match content.or_else(|| path.strip_prefix("start."))? {
        "text" => Some(Channel::Content),
        "reasoningContent.text" | "reasoningContent.reasoningText.text" => Some(Channel::Reasoning),
        "toolUse.name" | "toolUse.input" => Some(Channel::ToolCall),
        part if part.starts_with("toolUse.input.") => Some(Channel::ToolCall),
        _ => None,
    }
}

/// The error that a refusal names in its head: `ThrottlingException:http://…`.
pub(super) fn error_type(headers: &HeaderMap, reply: &mut Reply) {
    let error = headers
        .get("x-amzn-errortype")
        .and_then(|value| value.to_str().ok());
    if let Some(code) = error.and_then(|error| error.split(':').next()) {
        reply.error("error.code", Scalar::Text(code));
    }
}

pub(super) const PARAMS: &[Param] = &[
    (
        semconv::REQUEST_MAX_TOKENS,
        "/inferenceConfig/maxTokens",
        Kind::Int,
    ),
    (
        semconv::REQUEST_TEMPERATURE,
        "/inferenceConfig/temperature",
        Kind::Double,
    ),
    (semconv::REQUEST_TOP_P, "/inferenceConfig/topP", Kind::Double),
    (
        semconv::REQUEST_TOP_K,
        "/additionalModelRequestFields/top_k",
        Kind::Int,
    ),
    (
        semconv::REQUEST_STOP_SEQUENCES,
        "/inferenceConfig/stopSequences",
        Kind::Texts,
    ),
    (
        semconv::BEDROCK_GUARDRAIL_ID,
        "/guardrailConfig/guardrailIdentifier",
        Kind::Text,
    ),
];

pub(super) const USAGE: &Paths = &[
    ("usage.inputTokens", Field::UncachedInput),
    ("usage.outputTokens", Field::Output),
    ("usage.cacheReadInputTokens", Field::CacheRead),
    ("usage.cacheWriteInputTokens", Field::CacheWrite),
];
