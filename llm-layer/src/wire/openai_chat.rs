//! OpenAI chat completions, and all that speak like it: Azure, Mistral, Groq, DeepSeek, xAI, vLLM, llama.cpp, Ollama,
//! OpenRouter, watsonx.
//!
//! <https://platform.openai.com/docs/api-reference/chat>

use serde_json::Value;

use super::ask::{Kind, Param, items, member, model_in, segment, string};
use super::usage::{Field, Paths};
use super::{Ask, Channel, Reply, WireFormat, texts};
use crate::estimate::Prompt;
use crate::json::{Path, Scalar};
use crate::semconv;

/// `POST …/chat/completions`.
#[derive(Debug)]
pub(crate) struct OpenAiChat;

impl WireFormat for OpenAiChat {
    fn operation(&self) -> &'static str {
        "chat"
    }

    fn matches(&self, body: &Value) -> bool {
        body.get("messages").is_some_and(Value::is_array)
    }

    fn ask(&self, path: &str, body: &Value) -> Ask {
        let mut ask = Ask::read(body, PARAMS);
        ask.model = ask.model.or_else(|| deployment(path)).or_else(|| model_in(path));
        ask.stream |= STREAMS.iter().any(|end| path.ends_with(end));
        ask.count_choices(semconv::REQUEST_CHOICE_COUNT, body.get("n"));
        if let Some(kind) = member(body, "/response_format/type")
            .and_then(Value::as_str)
            .and_then(output_type)
            .or_else(|| output_modality(body.get("modalities")))
        {
            ask.put(semconv::OUTPUT_TYPE, kind);
        }
        service_tier(&mut ask, body);
        ask.put(semconv::OPENAI_API_TYPE, "chat_completions");
        ask
    }

    fn prompt(&self, body: &Value, prompt: &mut Prompt) {
        for message in items(body.get("messages")) {
            prompt.message();
            if message.get("name").is_some() {
                prompt.author();
            }
            for text in message.as_object().into_iter().flatten().map(|(_, value)| value) {
                message_texts(text, prompt);
            }
        }
        texts::tools(
            items(body.get("tools")).chain(items(body.get("functions"))),
            prompt,
        );
    }

    fn reports(&self, body: &Value) -> bool {
        includes_usage(body)
    }

    fn alternatives(&self) -> &'static str {
        "choices[]"
    }

    fn channel(&self, at: &Path, _: &Reply) -> Option<Channel> {
        let choice = at.as_str().strip_prefix("choices[].")?;
        let message = choice
            .strip_prefix("delta.")
            .or_else(|| choice.strip_prefix("message."))?;
        match message {
            "content" | "refusal" | "content[].text" | "audio.transcript" => Some(Channel::Content),
            "reasoning_content" | "reasoning" | "content[].thinking[].text" => Some(Channel::Reasoning),
            "tool_calls[].function.name"
            | "tool_calls[].function.arguments"
            | "tool_calls[].custom.name"
            | "tool_calls[].custom.input"
            | "function_call.name"
            | "function_call.arguments" => Some(Channel::ToolCall),
            _ => None,
        }
    }

    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        completion(at, value, reply);
    }
}

/// Whether an answer is no stream, or one that was asked for its usage.
pub(super) fn includes_usage(body: &Value) -> bool {
    let is = |pointer| member(body, pointer).and_then(Value::as_bool) == Some(true);
    !is("/stream") || is("/stream_options/include_usage")
}

/// Reads a value of what chat completions and legacy completions have in common.
pub(super) fn completion(at: &Path, value: Scalar<'_>, reply: &mut Reply) {
    match (at.as_str(), value.as_str()) {
        ("id", Some(id)) => reply.set_id(id),
        ("model", Some(model)) => reply.set_model(model),
        ("service_tier", Some(tier)) => reply.attribute(semconv::OPENAI_RESPONSE_SERVICE_TIER, tier),
        ("system_fingerprint", Some(print)) => {
            reply.attribute(semconv::OPENAI_RESPONSE_SYSTEM_FINGERPRINT, print);
        }
        ("x_groq.error", Some(code)) => reply.fail(code),
        ("choices[].index", _) => reply.index(at, value),
        ("choices[].finish_reason", Some(reason)) => reply.finish(at, reason),
        (path, _) => {
            // Moonshot reports usage in the choice, OpenRouter an error, and Groq both in a member of its own.
            let dialects = ["choices[].", "x_groq."];
            let path = dialects
                .iter()
                .find_map(|prefix| path.strip_prefix(prefix))
                .unwrap_or(path);
            reply.error(path, value);
            usage(path, value, reply);
        }
    }
}

/// Takes a value, if it is a count of tokens.
pub(super) fn usage(path: &str, value: Scalar<'_>, reply: &mut Reply) {
    let count = value.as_count();
    reply.usage.read(USAGE, path, count);
    reply.usage.read_dialect(DIALECTS, path, count);
    // llama.cpp tells its timings in streams that were not asked for their usage: what was evaluated, and ahead of it
    // what was not, because it was in the cache.
    if reply.usage.part(Field::Input).is_none() {
        match (path, reply.usage.part(Field::CacheRead)) {
            ("timings.prompt_n", None) => {}
            _ => reply.usage.read(TIMINGS, path, count),
        }
    }
}

/// The deployment that a path of Azure's names.
pub(super) fn deployment(path: &str) -> Option<String> {
    segment(path, "/deployments/", '/')
}

pub(super) fn service_tier(ask: &mut Ask, body: &Value) {
    if let Some(tier) = string(body, "service_tier").filter(|tier| *tier != "auto") {
        ask.put(semconv::OPENAI_REQUEST_SERVICE_TIER, tier.to_owned());
    }
}

/// The kind of output that a response format asks for.
pub(super) fn output_type(format: &str) -> Option<&'static str> {
    match format {
        "json_object" | "json_schema" => Some("json"),
        "text" => Some("text"),
        _ => None,
    }
}

/// The kind of output that a list of modalities asks for beside text.
pub(super) fn output_modality(modalities: Option<&Value>) -> Option<&'static str> {
    let asks_for = |name: &str| {
        let mut names = items(modalities).filter_map(Value::as_str);
        names.any(|other| other.eq_ignore_ascii_case(name))
    };
    let kinds = [("audio", "speech"), ("image", "image")];
    kinds
        .into_iter()
        .find_map(|(name, kind)| asks_for(name).then_some(kind))
}

/// Every string of a message counts, its role too; of parts and tool calls, the texts that the model reads.
fn message_texts(value: &Value, prompt: &mut Prompt) {
    match value {
        Value::String(text) => prompt.text(text),
        other => texts::count(Some(other), prompt),
    }
}

const PARAMS: &[Param] = &[
    (semconv::REQUEST_MAX_TOKENS, "/max_completion_tokens", Kind::Int),
    (semconv::REQUEST_MAX_TOKENS, "/max_tokens", Kind::Int),
    (semconv::REQUEST_TEMPERATURE, "/temperature", Kind::Double),
    (semconv::REQUEST_TOP_P, "/top_p", Kind::Double),
    (semconv::REQUEST_TOP_K, "/top_k", Kind::Int),
    (
        semconv::REQUEST_FREQUENCY_PENALTY,
        "/frequency_penalty",
        Kind::Double,
    ),
    (
        semconv::REQUEST_PRESENCE_PENALTY,
        "/presence_penalty",
        Kind::Double,
    ),
    (semconv::REQUEST_SEED, "/seed", Kind::Int),
    (semconv::REQUEST_SEED, "/random_seed", Kind::Int),
    (semconv::REQUEST_STOP_SEQUENCES, "/stop", Kind::Texts),
    (semconv::REQUEST_REASONING_LEVEL, "/reasoning_effort", Kind::Text),
    (semconv::REQUEST_REASONING_LEVEL, "/reasoning/effort", Kind::Text),
];

/// The ends of paths that ask for a stream, of Vertex and of watsonx.
const STREAMS: &[&str] = &[":streamRawPredict", "/text/chat_stream"];

const USAGE: &Paths = &[
    ("usage.prompt_tokens", Field::Input),
    ("usage.completion_tokens", Field::Output),
    ("usage.total_tokens", Field::Total),
    ("usage.prompt_tokens_details.cached_tokens", Field::CacheRead),
    (
        "usage.prompt_tokens_details.cache_write_tokens",
        Field::CacheWrite,
    ),
    ("usage.prompt_tokens_details.text_tokens", Field::TextInput),
    ("usage.prompt_tokens_details.audio_tokens", Field::AudioInput),
    ("usage.prompt_tokens_details.image_tokens", Field::ImageInput),
    (
        "usage.completion_tokens_details.reasoning_tokens",
        Field::Reasoning,
    ),
    ("usage.completion_tokens_details.text_tokens", Field::TextOutput),
    ("usage.completion_tokens_details.audio_tokens", Field::AudioOutput),
    ("usage.completion_tokens_details.image_tokens", Field::ImageOutput),
];

/// DeepSeek, Moonshot and Together, Mistral, LiteLLM, SGLang and Perplexity.
const DIALECTS: &Paths = &[
    ("usage.prompt_cache_hit_tokens", Field::CacheRead),
    ("usage.cached_tokens", Field::CacheRead),
    ("usage.num_cached_tokens", Field::CacheRead),
    ("usage.cache_read_input_tokens", Field::CacheRead),
    ("usage.cache_creation_input_tokens", Field::CacheWrite),
    (
        "usage.prompt_tokens_details.cache_creation_tokens",
        Field::CacheWrite,
    ),
    ("usage.reasoning_tokens", Field::Reasoning),
    ("timings.cache_n", Field::CacheRead),
];

const TIMINGS: &Paths = &[
    ("timings.prompt_n", Field::UncachedInput),
    ("timings.predicted_n", Field::Output),
];
