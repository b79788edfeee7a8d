//! Gemini and Vertex AI: `generateContent`, `streamGenerateContent`.
//!
//! <https://ai.google.dev/api/generate-content>

use super::openai_chat::output_modality;
use crate::json::{Path, Scalar};
use crate::parameter::{ParameterPath, ParameterType};
use crate::path_segments::model_in;
use crate::usage::{Paths, UsagePart};
use crate::{Channel, Operation, Parameter, PromptPart, Reply, RequestInfo, WireFormat};

/// `POST …/models/{model}:generateContent` and `:streamGenerateContent`.
#[derive(Debug)]
pub(crate) struct Gemini;

impl WireFormat for Gemini {
    fn operation(&self) -> Operation {
        Operation::GenerateContent
    }

    fn members(&self) -> &'static [&'static str] {
        &["contents"]
    }

    fn matches(&self, request: &RequestInfo) -> bool {
        request.has("contents")
    }

    fn request_value(&self, at: &Path, value: Scalar<'_>, request: &mut RequestInfo) {
        request.read(&[PARAMS], at, value);
        let kind = match (at.as_str(), value.as_str()) {
            ("generationConfig.responseMimeType", Some("application/json")) => Some((0, "json")),
            ("generationConfig.responseMimeType", Some("text/plain")) => Some((0, "text")),
            ("generationConfig.responseModalities[]", Some(name)) => output_modality(name),
            _ => None,
        };
        if let Some((rank, kind)) = kind {
            request.set_ranked(Parameter::OutputType, rank, kind.into());
        }
    }

    fn finish_request(&self, path: &str, request: &mut RequestInfo) {
        request.model = model_in(path);
        request.stream = Some(path.ends_with(":streamGenerateContent"));
    }

    fn prompt(&self, at: &Path) -> Option<PromptPart> {
        match at.as_str() {
            "systemInstruction" | "system_instruction" => Some(PromptPart::Texts),
            "contents[]" => Some(PromptPart::Message),
            "tools[].functionDeclarations[]" => Some(PromptPart::Function("")),
            _ => None,
        }
    }

    fn alternatives(&self) -> &'static str {
        "candidates[]"
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

    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        if (at.as_str(), value) == ("candidates[].content.parts[].thought", Scalar::Bool(true)) {
            reply.correct(at, Channel::Reasoning);
        }
        match (at.as_str(), value.as_str()) {
            ("responseId", Some(id)) => reply.set_id(id),
            ("modelVersion", Some(model)) => reply.set_model(model),
            ("candidates[].index", _) => reply.set_index(at, value),
            ("candidates[].finishReason" | "promptFeedback.blockReason", Some(reason)) => {
                reply.finish(at, reason);
            }
            ("usageMetadata.serviceTier" | "usageMetadata.trafficType", Some(_)) => {
                reply.usage.billing_mut().set_service_tier(value);
            }
            ("error.status", Some(_)) => reply.read_error("error.code", value),
            ("error.code", _) => reply.read_error("error", value),
            (path, Some(modality)) if path.ends_with("Details[].modality") => reply.stash(modality),
            (path, _) => match path.strip_suffix("Details[].tokenCount") {
                Some("usageMetadata.promptTokens") => modality(INPUT, value.as_count(), reply),
                Some("usageMetadata.candidatesTokens") => modality(OUTPUT, value.as_count(), reply),
                Some("usageMetadata.cacheTokens") => modality(CACHE_READ, value.as_count(), reply),
                Some(_) => {}
                None => reply.usage.read(USAGE, path, value.as_count()),
            },
        }
    }
}

/// Takes a count of one modality: its name came before it.
pub(super) fn modality(fields: [UsagePart; 3], count: Option<u64>, reply: &mut Reply) {
    let mut names = MODALITIES.iter().zip(fields);
    let part = names.find(|(name, _)| name.eq_ignore_ascii_case(reply.stashed()));
    if let (Some(count), Some((_, field))) = (count, part) {
        reply.usage.set(field, count);
    }
}

const MODALITIES: [&str; 3] = ["TEXT", "AUDIO", "IMAGE"];
pub(super) const INPUT: [UsagePart; 3] = [UsagePart::TextInput, UsagePart::AudioInput, UsagePart::ImageInput];
pub(super) const OUTPUT: [UsagePart; 3] = [
    UsagePart::TextOutput,
    UsagePart::AudioOutput,
    UsagePart::ImageOutput,
];
pub(super) const CACHE_READ: [UsagePart; 3] = [
    UsagePart::TextCacheRead,
    UsagePart::AudioCacheRead,
    UsagePart::ImageCacheRead,
];

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

const USAGE: &Paths = &[
    ("usageMetadata.promptTokenCount", UsagePart::Input),
    ("usageMetadata.toolUsePromptTokenCount", UsagePart::ToolInput),
    ("usageMetadata.cachedContentTokenCount", UsagePart::CacheRead),
    ("usageMetadata.candidatesTokenCount", UsagePart::Output),
    ("usageMetadata.thoughtsTokenCount", UsagePart::Thoughts),
];
