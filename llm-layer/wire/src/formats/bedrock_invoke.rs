//! Amazon Bedrock's InvokeModel, which carries each provider's own format.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html>

use http::HeaderMap;

use super::anthropic::{self, Anthropic};
use super::bedrock::{self, error_type};
use super::openai_chat::{self, OpenAiChat};
use crate::format::WireFormat;
use crate::json::{Path, Scalar};
use crate::operation::Operation;
use crate::parameter::{Parameter, ParameterPath, ParameterType};
use crate::path_segments::segment;
use crate::prompt_part::PromptPart;
use crate::reply::{Channel, Reply};
use crate::request::RequestInfo;
use crate::usage::{Paths, UsagePart};

/// `POST /model/{model}/invoke`, `/invoke-with-response-stream`.
#[derive(Debug)]
pub(crate) struct InvokeModel;

impl WireFormat for InvokeModel {
    fn operation(&self) -> Operation {
        Operation::Chat
    }

    fn members(&self) -> &'static [&'static str] {
        &["taskType", "text_prompts", "query", "documents"]
    }

    fn matches(&self, request: &RequestInfo) -> bool {
        // Models that generate images or rank documents are not language models.
        let is_other = request.has("taskType")
            || request.has("text_prompts")
            || request.has("query") && request.has("documents");
        request.is_object() && !is_other
    }

    fn request_value(&self, at: &Path, value: Scalar<'_>, request: &mut RequestInfo) {
        request.read(&[anthropic::PARAMS, bedrock::PARAMS, PARAMS], at, value);
    }

    fn finish_request(&self, path: &str, request: &mut RequestInfo) {
        request.model = segment(path, "/model/", '/');
        request.stream = Some(path.ends_with("/invoke-with-response-stream"));
    }

    fn prompt(&self, at: &Path) -> Option<PromptPart> {
        match at.as_str() {
            "prompt" | "inputText" | "message" => Some(PromptPart::Texts),
            _ => Anthropic.prompt(at),
        }
    }

    fn head(&self, headers: &HeaderMap, reply: &mut Reply) {
        read_head(headers, reply);
    }

    fn alternatives(&self) -> &'static str {
        OpenAiChat::Create.alternatives()
    }

    fn channel(&self, at: &Path, reply: &Reply) -> Option<Channel> {
        match within(at.as_str()) {
            "generation"
            | "results[].outputText"
            | "outputText"
            | "completion"
            | "outputs[].text"
            | "choices[].text"
            | "generations[].text"
            | "text" => Some(Channel::Content),
            path => bedrock::channel(path)
                .or_else(|| Anthropic.channel(at, reply))
                .or_else(|| OpenAiChat::Create.channel(at, reply)),
        }
    }

    fn items(&self) -> &'static [&'static str] {
        &[
            "content[]",
            "content_block",
            "choices[].message.tool_calls[]",
            "output.message.content[]",
            "start",
            "contentBlockStart.start",
        ]
    }

    fn continued(&self, at: &Path, reply: &Reply) -> Option<&'static str> {
        match within(at.as_str()) {
            "delta.toolUse.input" => Some("toolUse.input"),
            _ => Anthropic.continued(at, reply),
        }
    }

    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        match (within(at.as_str()), value.as_str()) {
            (path, Some(reason)) if REASONS.contains(&path) => reply.finish(at, reason),
            ("generation_id" | "response.generation_id", Some(id)) => reply.set_id(id),
            (path, _) if path.starts_with("choices[]") => OpenAiChat::Create.value(at, value, reply),
            (path, _) => {
                openai_chat::usage(path, value, reply);
                reply.usage.read(bedrock::USAGE, path, value.as_count());
                reply.usage.read(USAGE, path, value.as_count());
                Anthropic.value(at, value, reply);
            }
        }
    }

    fn event(&self, name: &str, reply: &mut Reply) {
        Anthropic.event(name, reply);
        reply.flags.is_complete |= name == "stream-end";
    }
}

/// Whether it is for embeddings that InvokeModel is called, by the model's name, or else by the request's
/// shape, as where an inference profile is called by its ARN.
pub(super) fn embeds(path: &str, request: &RequestInfo) -> bool {
    let model = segment(path, "/model/", '/').unwrap_or_default();
    if model.contains("embed") {
        return true;
    }
    // Titan's models for text take their text where those for embeddings do.
    let is_titan =
        request.has("inputText") && !request.has("textGenerationConfig") && !model.contains("titan-t");
    let is_cohere =
        request.has("input_type") && ["texts", "images", "inputs"].iter().any(|key| request.has(key));
    is_titan || is_cohere || request.has("embeddingConfig") || request.is_embedding
}

/// Reads the counts that stand in the head of InvokeModel's answers, or the error.
pub(super) fn read_head(headers: &HeaderMap, reply: &mut Reply) {
    error_type(headers, reply);
    let counts = [
        ("x-amzn-bedrock-input-token-count", UsagePart::UncachedInput),
        ("x-amzn-bedrock-output-token-count", UsagePart::Output),
        (
            "x-amzn-bedrock-cache-read-input-token-count",
            UsagePart::CacheRead,
        ),
        (
            "x-amzn-bedrock-cache-write-input-token-count",
            UsagePart::CacheWrite,
        ),
    ];
    for (name, field) in counts {
        let count = headers.get(name).and_then(|value| value.to_str().ok());
        if let Some(count) = count.and_then(|count| Scalar::Number(count).as_count()) {
            reply.usage.set(field, count);
        }
    }
}

/// A path of Converse's: Nova's streams say in the document which event it is, Converse's in front of it.
fn within(path: &str) -> &str {
    let events = [
        "contentBlockStart.",
        "contentBlockDelta.",
        "messageStop.",
        "metadata.",
    ];
    let within = events.iter().find_map(|event| path.strip_prefix(event));
    within.unwrap_or(path)
}

/// The parameters of Titan, Llama, Cohere and Nova, beside Anthropic's.
const PARAMS: &[ParameterPath] = &[
    (
        Parameter::MaxTokens,
        "textGenerationConfig.maxTokenCount",
        ParameterType::Int,
    ),
    (Parameter::MaxTokens, "max_gen_len", ParameterType::Int),
    (Parameter::MaxTokens, "max_completion_tokens", ParameterType::Int),
    (
        Parameter::Temperature,
        "textGenerationConfig.temperature",
        ParameterType::Double,
    ),
    (
        Parameter::TopP,
        "textGenerationConfig.topP",
        ParameterType::Double,
    ),
    (Parameter::TopP, "p", ParameterType::Double),
    (Parameter::TopK, "inferenceConfig.topK", ParameterType::Int),
    (Parameter::TopK, "k", ParameterType::Int),
    (
        Parameter::StopSequences,
        "textGenerationConfig.stopSequences",
        ParameterType::Texts,
    ),
    (Parameter::StopSequences, "stop", ParameterType::Texts),
];

/// Where the models of InvokeModel say why they ended, beside Anthropic's and OpenAI's.
const REASONS: &[&str] = &[
    "stopReason",
    "completionReason",
    "results[].completionReason",
    "outputs[].stop_reason",
    "choices[].stop_reason",
    "finish_reason",
    "generations[].finish_reason",
];

const USAGE: &Paths = &[
    ("prompt_token_count", UsagePart::UncachedInput),
    ("generation_token_count", UsagePart::Output),
    ("inputTextTokenCount", UsagePart::UncachedInput),
    ("results[].tokenCount", UsagePart::Output),
    ("totalOutputTextTokenCount", UsagePart::Output),
    ("usage.cacheReadInputTokenCount", UsagePart::CacheRead),
    ("usage.cacheWriteInputTokenCount", UsagePart::CacheWrite),
    (
        "amazon-bedrock-invocationMetrics.inputTokenCount",
        UsagePart::UncachedInput,
    ),
    (
        "amazon-bedrock-invocationMetrics.outputTokenCount",
        UsagePart::Output,
    ),
    (
        "amazon-bedrock-invocationMetrics.cacheReadInputTokenCount",
        UsagePart::CacheRead,
    ),
    (
        "amazon-bedrock-invocationMetrics.cacheWriteInputTokenCount",
        UsagePart::CacheWrite,
    ),
];
