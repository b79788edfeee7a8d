//! OpenAI chat completions, and all that speak like it: Azure, Mistral, Groq, DeepSeek, xAI, vLLM, llama.cpp,
//! Ollama, OpenRouter, watsonx.
//!
//! <https://platform.openai.com/docs/api-reference/chat>

use http::HeaderMap;

use super::openai_usage::{CHAT, DIALECTS, RESPONSES, TIMINGS};
use crate::content::{Content, Document, Members};
use crate::format::WireFormat;
use crate::json::{Path, Scalar};
use crate::operation::Operation;
use crate::parameter::{Parameter, ParameterPath, ParameterType};
use crate::path_segments::{deployment, model_in};
use crate::prompt_part::PromptPart;
use crate::reply::{Channel, Reply, ReplyDetail};
use crate::request::RequestInfo;
use crate::usage::UsagePart;

/// A request for a chat completion.
#[derive(Debug)]
pub(crate) enum OpenAiChat {
    /// `POST …/chat/completions`.
    Create,
    /// `POST …/prompts/{id}/completions`, with the variables of a prompt that a gateway stores.
    Prompt,
    /// `GET` of one that was made in the background: xAI's deferred, Perplexity's and Zhipu's asynchronous
    /// ones.
    Fetch,
}

impl WireFormat for OpenAiChat {
    fn operation(&self) -> Operation {
        match self {
            Self::Create | Self::Prompt => Operation::Chat,
            Self::Fetch => Operation::FetchResponse,
        }
    }

    fn members(&self) -> &'static [&'static str] {
        &["messages", "variables"]
    }

    fn matches(&self, request: &RequestInfo) -> bool {
        match self {
            Self::Create => request.has_array("messages"),
            Self::Prompt => request.has_object("variables"),
            Self::Fetch => true,
        }
    }

    fn request_value(&self, at: &Path, value: Scalar<'_>, request: &mut RequestInfo) {
        request.read(&[PARAMS], at, value);
        usage_option(at, value, request);
        service_tier(at, value, request);
        // MiniMax's, by which each chunk has the whole text so far.
        if (at.as_str(), value) == ("reasoning_split", Scalar::Bool(true)) {
            request.stream_options.may_repeat_text = true;
        }
        let kind = match (at.as_str(), value.as_str()) {
            ("response_format.type", Some(format)) => output_type(format).map(|kind| (0, kind)),
            ("modalities[]", Some(name)) => output_modality(name),
            _ => None,
        };
        if let Some((rank, kind)) = kind {
            request.set_ranked(Parameter::OutputType, rank, kind.into());
        }
    }

    fn finish_request(&self, path: &str, request: &mut RequestInfo) {
        request.default_model(|| deployment(path).or_else(|| model_in(path)));
        if STREAMS.iter().any(|end| path.ends_with(end)) {
            request.stream = Some(true);
        }
        request.set(Parameter::OpenAiApiType, "chat_completions");
    }

    fn prompt(&self, at: &Path) -> Option<PromptPart> {
        match at.as_str() {
            "messages[]" => Some(PromptPart::ChatMessage),
            "tools[]" | "functions[]" => Some(PromptPart::Function("")),
            _ => None,
        }
    }

    fn content(&self, body: &Document) -> Content {
        let members = Members {
            instructions: &[],
            messages: &["/messages"],
            tools: &["/tools", "/functions"],
        };
        members.read(body)
    }

    fn reports_usage(&self, request: &RequestInfo) -> bool {
        includes_usage(request)
    }

    fn alternatives(&self) -> &'static str {
        "choices[]"
    }

    fn envelopes(&self) -> &'static [&'static str] {
        ENVELOPES
    }

    fn head(&self, headers: &HeaderMap, reply: &mut Reply) {
        read_head(headers, reply);
    }

    fn channel(&self, at: &Path, _: &Reply) -> Option<Channel> {
        let choice = at.as_str().strip_prefix("choices[].")?;
        let message = choice
            .strip_prefix("delta.")
            .or_else(|| choice.strip_prefix("message."))
            .or_else(|| matches!(choice, "delta" | "message").then_some("content"))?;
        match message {
            "content" | "refusal" | "content[].text" | "audio.transcript" => Some(Channel::Content),
            "reasoning_content"
            | "reasoning"
            | "reasoning_details[].text"
            | "reasoning_details[].summary"
            | "content[].thinking[].text" => Some(Channel::Reasoning),
            "tool_calls[].function.name"
            | "tool_calls[].function.arguments"
            | "tool_calls[].custom.name"
            | "tool_calls[].custom.input"
            | "function_call.name"
            | "function_call.arguments" => Some(Channel::ToolCall),
            _ => None,
        }
    }

    fn items(&self) -> &'static [&'static str] {
        &[
            "choices[].message.tool_calls[]",
            "choices[].delta.tool_calls[]",
            "choices[].message.function_call",
            "choices[].delta.function_call",
            "choices[].message.audio",
            "choices[].delta.audio",
            "choices[].message.images[]",
            "choices[].delta.images[]",
        ]
    }

    fn continued(&self, at: &Path, _: &Reply) -> Option<&'static str> {
        match at.as_str() {
            "choices[].delta.tool_calls[].function.arguments" => Some("function.arguments"),
            "choices[].delta.tool_calls[].custom.input" => Some("custom.input"),
            "choices[].delta.function_call.arguments" => Some("arguments"),
            "choices[].delta.audio.data" => Some("data"),
            _ => None,
        }
    }

    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        // Who created it could not see its usage.
        reply.flags.is_background |= matches!(self, Self::Fetch);
        completion(at, value, reply);
    }
}

/// Returns whether the answer is not a stream, or a stream that will report its usage.
pub(super) fn includes_usage(request: &RequestInfo) -> bool {
    request.stream_options.member != Some(true) || request.stream_options.includes_usage
}

/// Takes the option by which a stream reports its usage.
pub(super) fn usage_option(at: &Path, value: Scalar<'_>, request: &mut RequestInfo) {
    if at.as_str() == "stream_options.include_usage" {
        request.stream_options.includes_usage = value == Scalar::Bool(true);
    }
}

/// Reads a value of what chat completions and legacy completions have in common.
pub(super) fn completion(at: &Path, value: Scalar<'_>, reply: &mut Reply) {
    match (at.as_str(), value.as_str()) {
        ("id", Some(id)) => reply.set_id(id),
        ("model" | "model_id", Some(model)) => reply.set_model(model),
        ("service_tier", Some(tier)) => reply.set_detail(ReplyDetail::ServiceTier, tier),
        ("system_fingerprint", Some(print)) => {
            reply.set_detail(ReplyDetail::SystemFingerprint, print);
        }
        ("x_groq.error", Some(code)) => reply.fail(code),
        ("choices[].index", _) => reply.set_index(at, value),
        ("choices[].finish_reason", Some(reason)) => {
            reply.finish(at, reason);
            if FAILURES.contains(&reason) && reply.error().is_none() {
                reply.fail(reason);
            }
        }
        (path, _) => {
            // Moonshot reports usage in the choice, OpenRouter an error, and Groq both in a member of its
            // own.
            let dialects = ["choices[].", "x_groq."];
            let path = dialects
                .iter()
                .find_map(|prefix| path.strip_prefix(prefix))
                .unwrap_or(path);
            // Of most values, the first letter says that they are neither.
            match path.as_bytes().first() {
                Some(b'e') => reply.read_error(path, value),
                Some(b'u' | b't') => {
                    usage(path, value, reply);
                    reply.usage.raise(RESPONSES, path, value.as_count());
                }
                _ => {}
            }
        }
    }
}

/// Takes the counts of Fireworks' headers, which come ahead of streams too that report no usage.
pub(super) fn read_head(headers: &HeaderMap, reply: &mut Reply) {
    let counts = [
        ("fireworks-prompt-tokens", UsagePart::Input),
        ("fireworks-cached-prompt-tokens", UsagePart::CacheRead),
    ];
    for (name, part) in counts {
        if let Some(count) = headers.get(name).and_then(|count| count.to_str().ok()) {
            reply.set_tokens(part, Scalar::Number(count));
        }
    }
}

/// Takes a value, if it is a count of tokens.
pub(super) fn usage(path: &str, value: Scalar<'_>, reply: &mut Reply) {
    let count = value.as_count();
    reply.usage.read_billing(path, value);
    reply.usage.read(CHAT, path, count);
    reply.usage.read(DIALECTS, path, count);
    // GigaChat's.
    if path == "usage.precached_prompt_tokens" {
        reply.usage.set_cached_beside(count);
    }
    // llama.cpp tells its timings in streams that were not asked for their usage: what was evaluated, and
    // ahead of it what was not, because it was in the cache.
    if reply.usage.part(UsagePart::Input).is_none() {
        match (path, reply.usage.part(UsagePart::CacheRead)) {
            ("timings.prompt_n", None) => {}
            _ => reply.usage.read(TIMINGS, path, count),
        }
    }
}

/// Takes the service tier; the one that is taken anyway says nothing.
pub(super) fn service_tier(at: &Path, value: Scalar<'_>, request: &mut RequestInfo) {
    match (at.as_str(), value) {
        ("service_tier", Scalar::Text(tier)) if tier != "auto" => {
            request.set(Parameter::OpenAiServiceTier, tier.to_owned());
        }
        _ => {}
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

/// The kind of output that a modality other than text asks for, and its rank: sound counts before images, and
/// what a format says before both.
pub(super) fn output_modality(name: &str) -> Option<(usize, &'static str)> {
    let kinds = [("audio", "speech"), ("image", "image")];
    let mut ranked = kinds.into_iter().zip(1..);
    let ((_, kind), rank) = ranked.find(|((modality, _), _)| modality.eq_ignore_ascii_case(name))?;
    Some((rank, kind))
}

/// Also those of the legacy completions.
pub(super) const PARAMS: &[ParameterPath] = &[
    (Parameter::MaxTokens, "max_completion_tokens", ParameterType::Int),
    (Parameter::MaxTokens, "max_tokens", ParameterType::Int),
    (Parameter::Temperature, "temperature", ParameterType::Double),
    (Parameter::TopP, "top_p", ParameterType::Double),
    (Parameter::TopK, "top_k", ParameterType::Int),
    (
        Parameter::FrequencyPenalty,
        "frequency_penalty",
        ParameterType::Double,
    ),
    (
        Parameter::PresencePenalty,
        "presence_penalty",
        ParameterType::Double,
    ),
    (Parameter::Seed, "seed", ParameterType::Int),
    (Parameter::Seed, "random_seed", ParameterType::Int),
    (Parameter::ChoiceCount, "n", ParameterType::Choices),
    (Parameter::StopSequences, "stop", ParameterType::Texts),
    (Parameter::ReasoningLevel, "reasoning_effort", ParameterType::Text),
    (Parameter::ReasoningLevel, "reasoning.effort", ParameterType::Text),
];

/// What Cline's gateway, Perplexity's asynchronous API, Lambda's proxies, RunPod and others wrap a whole answer in.
pub(super) const ENVELOPES: &[&str] = &["data", "response", "result", "output", "body"];

/// The finish reasons by which a provider says that it failed: OpenRouter's, Zhipu's and DeepSeek's.
const FAILURES: &[&str] = &["error", "network_error", "insufficient_system_resource"];

/// The ends of paths that ask for a stream, of Vertex and of watsonx.
const STREAMS: &[&str] = &[":streamRawPredict", "/text/chat_stream"];
