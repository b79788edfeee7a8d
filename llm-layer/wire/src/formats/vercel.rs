//! The language models of Vercel's AI gateway, in the form in which the AI SDK has them. Headers name the
//! model and ask for a stream.
//!
//! <https://github.com/vercel/ai/blob/main/packages/gateway/src/gateway-language-model.ts>

use http::HeaderMap;

use super::table::Table;
use crate::content::{Content, Document, Members};
use crate::format::WireFormat;
use crate::json::{Path, Scalar};
use crate::operation::Operation;
use crate::parameter::{Parameter, ParameterType};
use crate::prompt_part::PromptPart;
use crate::reply::{Channel, Reply};
use crate::request::RequestInfo;
use crate::usage::UsagePart;

/// `POST …/ai/language-model`.
#[derive(Debug)]
pub(super) struct VercelLanguageModel;

/// What needs no code.
const TABLE: Table = Table {
    model_header: "ai-language-model-id",
    stream_header: ("ai-language-model-streaming", "true"),
    parameters: &[
        (Parameter::MaxTokens, "maxOutputTokens", ParameterType::Int),
        (Parameter::Temperature, "temperature", ParameterType::Double),
        (Parameter::TopP, "topP", ParameterType::Double),
        (Parameter::TopK, "topK", ParameterType::Int),
        (Parameter::Seed, "seed", ParameterType::Int),
        (
            Parameter::PresencePenalty,
            "presencePenalty",
            ParameterType::Double,
        ),
        (
            Parameter::FrequencyPenalty,
            "frequencyPenalty",
            ParameterType::Double,
        ),
        (Parameter::StopSequences, "stopSequences", ParameterType::Texts),
    ],
    prompt: &[
        ("prompt[]", PromptPart::Message),
        ("tools[]", PromptPart::Function("")),
    ],
    content: Members {
        instructions: &[],
        messages: &["/prompt"],
        tools: &["/tools"],
    },
    id: &["response.id"],
    model: &["modelId", "response.modelId"],
    finish_reason: &["finishReason", "finishReason.unified", "finish_reason"],
    // A number in the older versions, an object since.
    usage: &[
        ("usage.inputTokens", UsagePart::Input),
        ("usage.inputTokens.total", UsagePart::Input),
        ("usage.inputTokens.cacheRead", UsagePart::CacheRead),
        ("usage.inputTokens.cacheWrite", UsagePart::CacheWrite),
        ("usage.cachedInputTokens", UsagePart::CacheRead),
        ("usage.outputTokens", UsagePart::Output),
        ("usage.outputTokens.total", UsagePart::Output),
        ("usage.outputTokens.reasoning", UsagePart::Reasoning),
        ("usage.reasoningTokens", UsagePart::Reasoning),
        ("usage.totalTokens", UsagePart::Total),
        ("usage.prompt_tokens", UsagePart::Input),
        ("usage.completion_tokens", UsagePart::Output),
    ],
    ..Table::PLAIN
};

impl WireFormat for VercelLanguageModel {
    fn operation(&self) -> Operation {
        Operation::Chat
    }

    fn members(&self) -> &'static [&'static str] {
        &["prompt"]
    }

    fn matches(&self, request: &RequestInfo) -> bool {
        request.has_array("prompt")
    }

    fn request_head(&self, headers: &HeaderMap, request: &mut RequestInfo) {
        TABLE.request_head(headers, request);
    }

    fn request_value(&self, at: &Path, value: Scalar<'_>, request: &mut RequestInfo) {
        TABLE.request_value(at, value, request);
    }

    fn prompt(&self, at: &Path) -> Option<PromptPart> {
        TABLE.prompt(at)
    }

    fn content(&self, body: &Document) -> Content {
        TABLE.content(body)
    }

    fn channel(&self, at: &Path, reply: &Reply) -> Option<Channel> {
        match (at.as_str(), reply.event()) {
            ("delta" | "textDelta", "reasoning-delta" | "reasoning") => Some(Channel::Reasoning),
            ("content[].text", _) if reply.stashed() == "reasoning" => Some(Channel::Reasoning),
            ("delta" | "textDelta", "text-delta") | ("content[].text", _) => Some(Channel::Content),
            // In a stream, the call itself comes last and repeats both.
            ("delta", "tool-input-delta")
            | ("toolName", "tool-input-start")
            | ("content[].toolName" | "content[].input", _) => Some(Channel::ToolCall),
            _ => None,
        }
    }

    fn items(&self) -> &'static [&'static str] {
        &["content[]"]
    }

    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        match (at.as_str(), value) {
            ("content[].type", Scalar::Text(kind)) => reply.stash(kind),
            ("id", Scalar::Text(id)) if reply.event() == "response-metadata" => reply.set_id(id),
            // A number in a string.
            ("providerMetadata.gateway.cost", Scalar::Text(cost)) => {
                reply.usage.read_billing("usage.cost", Scalar::Number(cost));
            }
            _ => TABLE.value(at, value, reply),
        }
    }

    fn event(&self, name: &str, reply: &mut Reply) {
        if name == "finish" {
            reply.complete();
        }
    }
}
