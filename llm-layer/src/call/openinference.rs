//! The attributes of OpenInference.

use opentelemetry::{KeyValue, Value};
use serde_json::{Map, json};
use throughline_agents::CallUsage;
use throughline_llm_wire::{Content, Operation, UsagePart};
use throughline_tracing_layer::limits::MAX_ATTRIBUTE_BYTES;

use super::limits::int;
use super::state::CallState;
use crate::semconv::openinference;

/// Adds the attributes of a call, without its messages.
pub(super) fn push_attributes(call: &CallState, attributes: &mut Vec<KeyValue>, call_usage: &CallUsage) {
    let operation = call.request.parameters.operation;
    let is_embedding = operation == Operation::Embeddings;
    let (kind, model) = match operation {
        Operation::Embeddings => ("EMBEDDING", openinference::EMBEDDING_MODEL_NAME),
        Operation::Rerank => ("RERANKER", openinference::MODEL_NAME),
        Operation::Moderation => ("GUARDRAIL", openinference::MODEL_NAME),
        _ => ("LLM", openinference::MODEL_NAME),
    };
    attributes.push(KeyValue::new(openinference::SPAN_KIND, kind));
    let reply = call.response.reader.reply();
    let name = reply
        .model()
        .map(|model| &**model)
        .or(call.request.parameters.model.as_deref());
    attributes.extend(name.map(|name| KeyValue::new(model, name.to_owned())));
    let provider = call.request.recognised.provider.clone();
    attributes.push(KeyValue::new(openinference::PROVIDER, provider));
    let parameters = call.request.parameters.attributes.iter().filter_map(|attribute| {
        let name = attribute.key.as_str().strip_prefix("gen_ai.request.")?;
        Some((name.to_owned(), parameter(&attribute.value)))
    });
    let parameters = bounded_object(parameters.collect());
    attributes.push(KeyValue::new(openinference::INVOCATION_PARAMETERS, parameters));
    let input = call_usage.input.map(|(tokens, _)| tokens);
    let output = call_usage.output.map(|(tokens, _)| tokens);
    let usage = reply.usage();
    let counts = [
        (openinference::TOKENS_PROMPT, input),
        (openinference::TOKENS_COMPLETION, output.filter(|_| !is_embedding)),
        (
            openinference::TOKENS_TOTAL,
            input.zip(output).map(|(input, output)| input + output),
        ),
        (openinference::TOKENS_CACHE_READ, usage.part(UsagePart::CacheRead)),
        (
            openinference::TOKENS_CACHE_WRITE,
            usage.part(UsagePart::CacheWrite),
        ),
        (
            openinference::TOKENS_AUDIO_INPUT,
            usage.part(UsagePart::AudioInput),
        ),
        (
            openinference::TOKENS_AUDIO_OUTPUT,
            usage.part(UsagePart::AudioOutput),
        ),
        (openinference::TOKENS_REASONING, usage.reasoning()),
    ];
    let counts = counts.into_iter().filter(|_| call.counts());
    attributes.extend(counts.filter_map(|(name, count)| Some(int(name, count?))));
    let conversation = call.request.names.conversation();
    attributes.extend(conversation.map(|id| KeyValue::new(openinference::SESSION_ID, id.value)));
}

/// Adds the messages, each field as its own attribute.
pub(super) fn push_messages(attributes: &mut Vec<KeyValue>, content: &Content) {
    let sides = [
        (
            openinference::INPUT_MESSAGES,
            openinference::INPUT_VALUE,
            openinference::INPUT_MIME_TYPE,
            &content.input,
        ),
        (
            openinference::OUTPUT_MESSAGES,
            openinference::OUTPUT_VALUE,
            openinference::OUTPUT_MIME_TYPE,
            &content.output,
        ),
    ];
    for (prefix, value, mime_type, messages) in sides {
        if messages.is_empty() {
            continue;
        }
        attributes.push(KeyValue::new(value, json!(messages).to_string()));
        attributes.push(KeyValue::new(mime_type, openinference::JSON));
        for (index, message) in messages.iter().enumerate() {
            push_message(attributes, &format!("{prefix}.{index}.message"), message);
        }
    }
}

fn push_message(attributes: &mut Vec<KeyValue>, prefix: &str, message: &serde_json::Value) {
    let mut put = |name: String, value: Option<&str>| {
        attributes.extend(value.map(|value| KeyValue::new(name, value.to_owned())));
    };
    put(format!("{prefix}.role"), string(message, "role"));
    let mut contents = Vec::new();
    let mut calls = 0;
    for part in items(message.get("parts")) {
        match string(part, "type") {
            Some("text") => contents.extend(string(part, "content")),
            Some("tool_call") => {
                let call = format!("{prefix}.tool_calls.{calls}.tool_call");
                calls += 1;
                put(format!("{call}.id"), string(part, "id"));
                put(format!("{call}.function.name"), string(part, "name"));
                let arguments = part.get("arguments").map(ToString::to_string);
                put(format!("{call}.function.arguments"), arguments.as_deref());
            }
            _ => {}
        }
    }
    put(
        format!("{prefix}.content"),
        (!contents.is_empty()).then(|| contents.join("\n")).as_deref(),
    );
}

/// An object as JSON; if it is too long for an attribute, of the first members that together fit.
fn bounded_object(mut object: Map<String, serde_json::Value>) -> String {
    let whole = json!(object).to_string();
    if whole.len() <= MAX_ATTRIBUTE_BYTES {
        return whole;
    }
    let mut room = MAX_ATTRIBUTE_BYTES - "{}".len();
    object.retain(|name, value| {
        let length = json!(name).to_string().len() + value.to_string().len() + ":,".len();
        let fits = length <= room;
        room -= if fits { length } else { 0 };
        fits
    });
    json!(object).to_string()
}

fn parameter(value: &Value) -> serde_json::Value {
    match value {
        Value::Bool(value) => json!(value),
        Value::I64(value) => json!(value),
        Value::F64(value) => json!(value),
        other => json!(other.as_str()),
    }
}

/// A member of an object that is a string.
fn string<'a>(object: &'a serde_json::Value, key: &str) -> Option<&'a str> {
    object.get(key).and_then(serde_json::Value::as_str)
}

/// The elements of an array, or none.
fn items(value: Option<&serde_json::Value>) -> impl Iterator<Item = &serde_json::Value> {
    value.and_then(serde_json::Value::as_array).into_iter().flatten()
}
