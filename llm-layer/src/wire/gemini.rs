//! Gemini and Vertex AI: `generateContent`, `streamGenerateContent`.
//!
//! <https://ai.google.dev/api/generate-content>

use super::openai_chat::output_modality;
use super::parameter::{Kind, ParameterPath};
use super::segments::model_in;
use super::usage::{Field, Paths};
use super::{Channel, Parameter, PromptPart, Reply, RequestInfo, WireFormat};
use crate::json::{Path, Scalar};

/// `POST …/models/{model}:generateContent` and `:streamGenerateContent`.
#[derive(Debug)]
pub(crate) struct Gemini;

impl WireFormat for Gemini {
    fn operation(&self) -> &'static str {
        "generate_content"
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
            ("candidates[].index", _) => reply.index(at, value),
            ("candidates[].finishReason" | "promptFeedback.blockReason", Some(reason)) => {
                reply.finish(at, reason);
            }
            ("error.status", Some(_)) => reply.error("error.code", value),
            ("error.code", _) => reply.error("error", value),
            (path, Some(modality)) if path.ends_with("Details[].modality") => reply.keep(modality),
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
pub(super) fn modality(fields: [Field; 3], count: Option<u64>, reply: &mut Reply) {
    let mut names = MODALITIES.iter().zip(fields);
    let known = names.find(|(name, _)| name.eq_ignore_ascii_case(reply.kept()));
    if let (Some(count), Some((_, field))) = (count, known) {
        reply.usage.set(field, count);
    }
}

const MODALITIES: [&str; 3] = ["TEXT", "AUDIO", "IMAGE"];
pub(super) const INPUT: [Field; 3] = [Field::TextInput, Field::AudioInput, Field::ImageInput];
pub(super) const OUTPUT: [Field; 3] = [Field::TextOutput, Field::AudioOutput, Field::ImageOutput];
pub(super) const CACHE_READ: [Field; 3] =
    [Field::TextCacheRead, Field::AudioCacheRead, Field::ImageCacheRead];

const PARAMS: &[ParameterPath] = &[
    (
        Parameter::MaxTokens,
        "generationConfig.maxOutputTokens",
        Kind::Int,
    ),
    (
        Parameter::Temperature,
        "generationConfig.temperature",
        Kind::Double,
    ),
    (Parameter::TopP, "generationConfig.topP", Kind::Double),
    (Parameter::TopK, "generationConfig.topK", Kind::Int),
    (Parameter::Seed, "generationConfig.seed", Kind::Int),
    (
        Parameter::ChoiceCount,
        "generationConfig.candidateCount",
        Kind::Choices,
    ),
    (
        Parameter::StopSequences,
        "generationConfig.stopSequences",
        Kind::Texts,
    ),
    (
        Parameter::FrequencyPenalty,
        "generationConfig.frequencyPenalty",
        Kind::Double,
    ),
    (
        Parameter::PresencePenalty,
        "generationConfig.presencePenalty",
        Kind::Double,
    ),
    (
        Parameter::ReasoningLevel,
        "generationConfig.thinkingConfig.thinkingLevel",
        Kind::Text,
    ),
];

const USAGE: &Paths = &[
    ("usageMetadata.promptTokenCount", Field::Input),
    ("usageMetadata.toolUsePromptTokenCount", Field::ToolInput),
    ("usageMetadata.cachedContentTokenCount", Field::CacheRead),
    ("usageMetadata.candidatesTokenCount", Field::Output),
    ("usageMetadata.thoughtsTokenCount", Field::Thoughts),
];
