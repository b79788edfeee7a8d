//! Gemini and Vertex AI: `generateContent`, `streamGenerateContent`.
//!
//! <https://ai.google.dev/api/generate-content>

use super::named_count::{self, CACHE_READ, INPUT, OUTPUT};
use super::openai_chat::{ENVELOPES, output_modality};
use crate::content::{Content, Document, Members};
use crate::format::WireFormat;
use crate::json::{Path, Scalar};
use crate::operation::Operation;
use crate::parameter::{Parameter, ParameterPath, ParameterType};
use crate::path_segments::model_in;
use crate::prompt_part::PromptPart;
use crate::reply::{Channel, Reply};
use crate::request::RequestInfo;
use crate::usage::UsagePart;

/// `POST …/models/{model}:generateContent` and `:streamGenerateContent`.
#[derive(Debug)]
pub(crate) struct Gemini;

impl WireFormat for Gemini {
    fn operation(&self) -> Operation {
        Operation::GenerateContent
    }

    fn members(&self) -> &'static [&'static str] {
        &["contents", "model", "request"]
    }

    fn matches(&self, request: &RequestInfo) -> bool {
        // Code Assist wraps request and answer in a member each.
        let is_wrapped = request.has_string("model") && request.has_object("request");
        request.has("contents") || is_wrapped
    }

    fn request_value(&self, at: &Path, value: Scalar<'_>, request: &mut RequestInfo) {
        let path = at.as_str().strip_prefix("request.").unwrap_or(at.as_str());
        request_value(path, at, value, request);
    }

    fn finish_request(&self, path: &str, request: &mut RequestInfo) {
        request.model = model_in(path).or_else(|| request.model.take());
        request.stream = Some(path.ends_with(":streamGenerateContent"));
    }

    fn prompt(&self, at: &Path) -> Option<PromptPart> {
        match at.as_str().strip_prefix("request.").unwrap_or(at.as_str()) {
            "systemInstruction" | "system_instruction" => Some(PromptPart::Texts),
            "contents[]" => Some(PromptPart::Message),
            "tools[].functionDeclarations[]" => Some(PromptPart::Function("")),
            _ => None,
        }
    }

    fn content(&self, body: &Document) -> Content {
        let members = Members {
            instructions: &["/systemInstruction", "/system_instruction"],
            messages: &["/contents"],
            tools: &["/tools"],
        };
        members.read(body.get("request").unwrap_or(body))
    }

    fn alternatives(&self) -> &'static str {
        "candidates[]"
    }

    /// Code Assist wraps an answer in `response`.
    fn envelopes(&self) -> &'static [&'static str] {
        ENVELOPES
    }

    fn channel(&self, at: &Path, _: &Reply) -> Option<Channel> {
        match at.as_str().strip_prefix("candidates[].content.parts[].")? {
            "text" => Some(Channel::Content),
            part if part == "functionCall.name" || part.starts_with("functionCall.args.") => {
                Some(Channel::ToolCall)
            }
            _ => None,
        }
    }

    fn items(&self) -> &'static [&'static str] {
        &["candidates[].content.parts[]"]
    }

    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        let path = at.as_str();
        // Each event of a stream has some of these, and little else.
        if let Some(member) = path.strip_prefix("usageMetadata.") {
            return usage_value(member, at, value, reply);
        }
        match (path, value) {
            ("candidates[].content.parts[].thought", Scalar::Bool(true)) => {
                reply.correct(at, Channel::Reasoning);
            }
            ("responseId", Scalar::Text(id)) => reply.set_id(id),
            ("modelVersion", Scalar::Text(model)) => reply.set_model(model),
            ("candidates[].index", _) => reply.set_index(at, value),
            ("candidates[].finishReason" | "promptFeedback.blockReason", Scalar::Text(reason)) => {
                reply.finish(at, reason);
            }
            ("candidates[].groundingMetadata.webSearchQueries[]", Scalar::Text(query)) => {
                add_search(query, at, reply);
            }
            ("error.status", Scalar::Text(_)) => reply.read_error("error.code", value),
            ("error.code", _) => reply.read_error("error", value),
            _ => {}
        }
    }
}

/// Reads a member of `usageMetadata`.
fn usage_value(member: &str, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
    let part = match member {
        "promptTokenCount" => UsagePart::Input,
        "toolUsePromptTokenCount" => UsagePart::ToolInput,
        "cachedContentTokenCount" => UsagePart::CacheRead,
        "candidatesTokenCount" => UsagePart::Output,
        "thoughtsTokenCount" => UsagePart::Thoughts,
        "totalTokenCount" => UsagePart::Total,
        "serviceTier" | "trafficType" => return reply.usage.billing_mut().set_service_tier(value),
        member => {
            return match named_count::list_of(member, at, "Details[].") {
                Some("promptTokens") => named_count::read(INPUT, at, value, reply),
                Some("candidatesTokens") => named_count::read(OUTPUT, at, value, reply),
                Some("cacheTokens") => named_count::read(CACHE_READ, at, value, reply),
                _ => {}
            };
        }
    };
    reply.set_tokens(part, value);
}

/// Counts a query of the list at a path.
pub(super) fn add_search(query: &str, at: &Path, reply: &mut Reply) {
    let is_first = at.last_position() == 0;
    reply.usage.billing_mut().add_listed_search(query, is_first);
}

/// Reads a value of a request at a path that `at` ends with.
pub(super) fn request_value(path: &str, at: &Path, value: Scalar<'_>, request: &mut RequestInfo) {
    // The API reads both spellings.
    let camel_case = path.starts_with("generation_config").then(|| camel_case(path));
    let path = camel_case.as_deref().unwrap_or(path);
    request.read_at(&[PARAMS], path, at, value);
    let kind = match (path, value.as_str()) {
        ("generationConfig.responseMimeType", Some("application/json")) => Some((0, "json")),
        ("generationConfig.responseMimeType", Some("text/plain")) => Some((0, "text")),
        ("generationConfig.responseModalities[]", Some(name)) => output_modality(name),
        _ => None,
    };
    if let Some((rank, kind)) = kind {
        request.set_ranked(Parameter::OutputType, rank, kind.into());
    }
}

/// Returns `generationConfig.topP` for `generation_config.top_p`.
fn camel_case(path: &str) -> String {
    let mut words = path.split('_');
    let mut camel_case = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        camel_case.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        camel_case.push_str(letters.as_str());
    }
    camel_case
}

const PARAMS: &[ParameterPath] = &[
    (
        Parameter::MaxTokens,
        "generationConfig.maxOutputTokens",
        ParameterType::Int,
    ),
    (
        Parameter::Temperature,
        "generationConfig.temperature",
        ParameterType::Double,
    ),
    (Parameter::TopP, "generationConfig.topP", ParameterType::Double),
    (Parameter::TopK, "generationConfig.topK", ParameterType::Int),
    (Parameter::Seed, "generationConfig.seed", ParameterType::Int),
    (
        Parameter::ChoiceCount,
        "generationConfig.candidateCount",
        ParameterType::Choices,
    ),
    (
        Parameter::StopSequences,
        "generationConfig.stopSequences",
        ParameterType::Texts,
    ),
    (
        Parameter::FrequencyPenalty,
        "generationConfig.frequencyPenalty",
        ParameterType::Double,
    ),
    (
        Parameter::PresencePenalty,
        "generationConfig.presencePenalty",
        ParameterType::Double,
    ),
    (
        Parameter::ReasoningLevel,
        "generationConfig.thinkingConfig.thinkingLevel",
        ParameterType::Text,
    ),
];
