//! OpenAI chat completions, and all that speak like it: Azure, Mistral, Groq, DeepSeek, xAI, vLLM, llama.cpp, Ollama,
//! OpenRouter.
//!
//! <https://platform.openai.com/docs/api-reference/chat>

use opentelemetry::KeyValue;
use serde_json::Value;

use super::ask::{items, string};
use super::usage::Usage;
use super::{Ask, Channel, Reply, WireFormat};
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

    fn ask(&self, body: &Value) -> Ask {
        let mut ask = Ask::new(body);
        let choices = body.get("n").and_then(Value::as_u64);
        ask.choices = choices.and_then(|n| u32::try_from(n).ok()).unwrap_or(1).max(1);
        if ask.choices != 1 {
            ask.int(semconv::REQUEST_CHOICE_COUNT, body.get("n"));
        }
        let max_tokens = body
            .get("max_completion_tokens")
            .or_else(|| body.get("max_tokens"));
        ask.int(semconv::REQUEST_MAX_TOKENS, max_tokens);
        ask.double(semconv::REQUEST_TEMPERATURE, body.get("temperature"));
        ask.double(semconv::REQUEST_TOP_P, body.get("top_p"));
        ask.double(semconv::REQUEST_FREQUENCY_PENALTY, body.get("frequency_penalty"));
        ask.double(semconv::REQUEST_PRESENCE_PENALTY, body.get("presence_penalty"));
        ask.int(semconv::REQUEST_SEED, body.get("seed"));
        ask.int(semconv::REQUEST_TOP_K, body.get("top_k"));
        ask.strings(semconv::REQUEST_STOP_SEQUENCES, body.get("stop"));
        ask.string(semconv::REQUEST_REASONING_LEVEL, body.get("reasoning_effort"));
        if let Some(kind) = output_type(body) {
            ask.attributes.push(KeyValue::new(semconv::OUTPUT_TYPE, kind));
        }
        if let Some(tier) = string(body, "service_tier").filter(|tier| *tier != "auto") {
            let tier = tier.to_owned();
            ask.attributes
                .push(KeyValue::new(semconv::OPENAI_REQUEST_SERVICE_TIER, tier));
        }
        ask.attributes
            .push(KeyValue::new(semconv::OPENAI_API_TYPE, "chat_completions"));
        ask
    }

    fn prompt(&self, body: &Value, prompt: &mut Prompt) {
        for message in items(body.get("messages")) {
            prompt.message(message.get("name").is_some());
            for text in message.as_object().into_iter().flatten().map(|(_, value)| value) {
                message_texts(text, prompt);
            }
        }
        for function in functions(body) {
            prompt.function(
                string(function, "name").unwrap_or_default(),
                string(function, "description").unwrap_or_default(),
                function.get("parameters"),
            );
        }
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
            | "function_call.name"
            | "function_call.arguments" => Some(Channel::ToolCall),
            _ => None,
        }
    }

    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        let text = value.as_str();
        match (at.as_str(), text) {
            ("id", Some(id)) => reply.id = Some(id.to_owned()),
            ("model", Some(model)) => reply.model = Some(model.to_owned()),
            ("service_tier", Some(tier)) => reply.attribute(semconv::OPENAI_RESPONSE_SERVICE_TIER, tier),
            ("system_fingerprint", Some(print)) => {
                reply.attribute(semconv::OPENAI_RESPONSE_SYSTEM_FINGERPRINT, print);
            }
            ("choices[].index", _) => {
                if let Some(index) = value.as_count() {
                    reply.index(at.position(0), index);
                }
            }
            ("choices[].finish_reason", Some(reason)) => reply.finish(at.position(0), reason),
            ("error.code", Some(code)) => reply.error_code = Some(code.to_owned()),
            ("error.type", Some(class)) => reply.error_class = Some(class.to_owned()),
            (path, _) => {
                if let (Some(field), Some(count)) = (usage_field(path), value.as_count()) {
                    usage(field, count, &mut reply.usage);
                }
            }
        }
    }
}

/// The tool definitions of a request, in the newer and the older notation.
fn functions(body: &Value) -> impl Iterator<Item = &Value> {
    let tools = items(body.get("tools")).filter_map(|tool| tool.get("function"));
    tools.chain(items(body.get("functions")))
}

/// Every string of a message counts, its role too; of parts and tool calls, the texts that the model reads.
fn message_texts(value: &Value, prompt: &mut Prompt) {
    match value {
        Value::String(text) => prompt.text(text),
        Value::Array(parts) => {
            for part in parts {
                if let Some(text) = string(part, "text").or_else(|| string(part, "refusal")) {
                    prompt.text(text);
                }
                if let Some(function) = part.get("function") {
                    message_texts(function, prompt);
                }
            }
        }
        Value::Object(call) => {
            for key in ["name", "arguments"] {
                if let Some(text) = call.get(key).and_then(Value::as_str) {
                    prompt.text(text);
                }
            }
        }
        _ => {}
    }
}

fn output_type(body: &Value) -> Option<&'static str> {
    match string(body.get("response_format")?, "type")? {
        "json_object" | "json_schema" => Some("json"),
        "text" => Some("text"),
        _ => None,
    }
}

/// The name of a usage field, wherever a dialect puts it: Moonshot in the choice, Groq in a member of its own.
fn usage_field(path: &str) -> Option<&str> {
    ["usage.", "choices[].usage.", "x_groq.usage."]
        .iter()
        .find_map(|prefix| path.strip_prefix(prefix))
}

fn usage(field: &str, count: u64, usage: &mut Usage) {
    let slot = match field {
        "prompt_tokens" => &mut usage.input,
        "completion_tokens" => &mut usage.output,
        "prompt_tokens_details.cached_tokens" | "prompt_cache_hit_tokens" => &mut usage.cache_read,
        "prompt_tokens_details.cache_write_tokens" => &mut usage.cache_write,
        "prompt_tokens_details.audio_tokens" => &mut usage.audio_input,
        "completion_tokens_details.reasoning_tokens" => &mut usage.reasoning,
        "completion_tokens_details.audio_tokens" => &mut usage.audio_output,
        _ => return,
    };
    *slot = Some(count);
}
