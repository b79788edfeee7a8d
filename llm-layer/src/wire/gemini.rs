//! Gemini and Vertex AI: `generateContent`, `streamGenerateContent`.
//!
//! <https://ai.google.dev/api/generate-content>

use serde_json::Value;

use super::ask::{Kind, Param, items, member, model_in};
use super::openai_chat::output_modality;
use super::usage::{Field, Paths};
use super::{Ask, Channel, Reply, WireFormat, texts};
use crate::estimate::Prompt;
use crate::json::{Path, Scalar};
use crate::semconv;

/// `POST …/models/{model}:generateContent` and `:streamGenerateContent`.
#[derive(Debug)]
pub(crate) struct Gemini;

impl WireFormat for Gemini {
    fn operation(&self) -> &'static str {
        "generate_content"
    }

    fn matches(&self, body: &Value) -> bool {
        body.get("contents").is_some()
    }

    fn ask(&self, path: &str, body: &Value) -> Ask {
        let mut ask = Ask::read(body, PARAMS);
        ask.model = model_in(path);
        ask.stream = path.ends_with(":streamGenerateContent");
        ask.count_choices(
            semconv::REQUEST_CHOICE_COUNT,
            member(body, "/generationConfig/candidateCount"),
        );
        let mime = member(body, "/generationConfig/responseMimeType").and_then(Value::as_str);
        match mime {
            Some("application/json") => ask.put(semconv::OUTPUT_TYPE, "json"),
            Some("text/plain") => ask.put(semconv::OUTPUT_TYPE, "text"),
            _ => {
                let modalities = member(body, "/generationConfig/responseModalities");
                if let Some(kind) = output_modality(modalities) {
                    ask.put(semconv::OUTPUT_TYPE, kind);
                }
            }
        }
        ask
    }

    fn prompt(&self, body: &Value, prompt: &mut Prompt) {
        for key in ["systemInstruction", "system_instruction"] {
            texts::count(body.get(key), prompt);
        }
        texts::messages(body.get("contents"), prompt);
        let tools = items(body.get("tools")).flat_map(|tool| items(tool.get("functionDeclarations")));
        texts::tools(tools, prompt);
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

const PARAMS: &[Param] = &[
    (
        semconv::REQUEST_MAX_TOKENS,
        "/generationConfig/maxOutputTokens",
        Kind::Int,
    ),
    (
        semconv::REQUEST_TEMPERATURE,
        "/generationConfig/temperature",
        Kind::Double,
    ),
    (semconv::REQUEST_TOP_P, "/generationConfig/topP", Kind::Double),
    (semconv::REQUEST_TOP_K, "/generationConfig/topK", Kind::Int),
    (semconv::REQUEST_SEED, "/generationConfig/seed", Kind::Int),
    (
        semconv::REQUEST_STOP_SEQUENCES,
        "/generationConfig/stopSequences",
        Kind::Texts,
    ),
    (
        semconv::REQUEST_FREQUENCY_PENALTY,
        "/generationConfig/frequencyPenalty",
        Kind::Double,
    ),
    (
        semconv::REQUEST_PRESENCE_PENALTY,
        "/generationConfig/presencePenalty",
        Kind::Double,
    ),
    (
        semconv::REQUEST_REASONING_LEVEL,
        "/generationConfig/thinkingConfig/thinkingLevel",
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
