//! Attributes beyond the conventions, for those who ask: content, OpenInference, and the names of the systems before.

use opentelemetry::trace::SpanRef;
use opentelemetry::{KeyValue, Value};
use serde_json::{Map, json};
use throughline_agents::CallUsage;
use throughline_llm_wire::{Content, UsagePart};
use throughline_tracing_layer::limits::MAX_ATTRIBUTE_BYTES;

use super::prompt::CountedPrompt;
use super::watch::Watching;
use crate::semconv::{self, legacy, openinference};
use crate::{content, taskweaver};

impl Watching {
    /// What was said, if it is to be recorded.
    pub(super) fn content(&mut self) -> Option<Content> {
        let config = &self.shared.config;
        let answer = self.response.take_answer()?;
        let finishes = self.response.reply().finish_reasons(self.ask.expected_finishes());
        let output = answer.into_messages(finishes);
        let redact = config.redact.as_ref();
        let format = &self.recognised.format;
        let body = self.body.as_ref().map(|body| body.document(config.limits.total));
        let mut content = body.map(|body| format.content(&body)).unwrap_or_default();
        content.output = output;
        Some(content::finish(content, redact, config.limits))
    }

    /// Puts the content where the user wants it.
    pub(super) fn put_content(&self, span: &SpanRef<'_>, attributes: &mut Vec<KeyValue>, content: &Content) {
        let config = &self.shared.config;
        let said: Vec<KeyValue> = content::attributes(content)
            .map(|(name, json)| KeyValue::new(name, json))
            .collect();
        if config.capture.on_event() && config.events.is_none() {
            span.add_event(semconv::OPERATION_DETAILS, said.clone());
        }
        if config.capture.on_span() {
            attributes.extend(said);
        }
    }

    pub(super) fn push_additions(
        &self,
        attributes: &mut Vec<KeyValue>,
        spent: &CallUsage,
        content: Option<&Content>,
    ) {
        let config = &self.shared.config;
        let content = content.filter(|_| config.capture.on_span());
        if config.legacy {
            self.push_legacy(attributes, spent, content);
        }
        if config.openinference {
            self.push_openinference(attributes, spent);
            if let Some(content) = content {
                push_messages(attributes, content);
            }
        }
    }

    fn push_legacy(&self, attributes: &mut Vec<KeyValue>, spent: &CallUsage, content: Option<&Content>) {
        attributes.extend(
            self.ask
                .model
                .clone()
                .map(|model| KeyValue::new(legacy::MODEL, model)),
        );
        let temperature = self
            .ask
            .attributes
            .iter()
            .find(|known| known.key.as_str() == semconv::REQUEST_TEMPERATURE);
        attributes.extend(temperature.map(|known| KeyValue::new(legacy::TEMPERATURE, known.value.clone())));
        if let Some(body) = &self.body {
            let prompt = self.read_prompt(body, CountedPrompt::characters_only());
            attributes.extend(prompt.map(|prompt| int(legacy::PROMPT_LENGTH, prompt.0.chars())));
            // The hook may have taken the prompt away, and this text of it would hold its images.
            let prompt = content.filter(|content| !content.input.is_empty() && !content.has_media());
            let unchanged = prompt.filter(|_| self.shared.config.redact.is_none());
            let text = unchanged.and_then(|_| {
                let mut text = taskweaver::text_reader(self.shared.config.limits.total);
                body.read(&mut text).then(|| taskweaver::text(text))?
            });
            attributes.extend(text.map(|text| KeyValue::new(legacy::PROMPT, text)));
        }
        let input = spent.input.map(|(tokens, _)| tokens);
        let output = spent.output.map(|(tokens, _)| tokens);
        let counts = [
            (legacy::INPUT_TOKENS, input),
            (legacy::OUTPUT_TOKENS, output),
            (
                legacy::TOTAL_TOKENS,
                input.zip(output).map(|(input, output)| input + output),
            ),
            (legacy::PROMPT_SIZE, input),
            (legacy::OUTPUT_SIZE, output),
        ];
        let counts = counts.into_iter().filter(|_| self.counts());
        attributes.extend(counts.filter_map(|(name, count)| Some(int(name, count?))));
    }

    fn push_openinference(&self, attributes: &mut Vec<KeyValue>, spent: &CallUsage) {
        let is_embedding = !self.ask.operation.is_inference();
        let (kind, model) = if is_embedding {
            ("EMBEDDING", openinference::EMBEDDING_MODEL_NAME)
        } else {
            ("LLM", openinference::MODEL_NAME)
        };
        attributes.push(KeyValue::new(openinference::SPAN_KIND, kind));
        let reply = self.response.reply();
        let name = reply.model().map(|model| &**model).or(self.ask.model.as_deref());
        attributes.extend(name.map(|name| KeyValue::new(model, name.to_owned())));
        let provider = self.recognised.provider.clone();
        attributes.push(KeyValue::new(openinference::PROVIDER, provider));
        let parameters = self.ask.attributes.iter().filter_map(|known| {
            let name = known.key.as_str().strip_prefix("gen_ai.request.")?;
            Some((name.to_owned(), parameter(&known.value)))
        });
        let parameters = bounded_object(parameters.collect());
        attributes.push(KeyValue::new(openinference::INVOCATION_PARAMETERS, parameters));
        let input = spent.input.map(|(tokens, _)| tokens);
        let output = spent.output.map(|(tokens, _)| tokens);
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
            (openinference::TOKENS_REASONING, usage.reasoning()),
        ];
        let counts = counts.into_iter().filter(|_| self.counts());
        attributes.extend(counts.filter_map(|(name, count)| Some(int(name, count?))));
        let conversation = self.names.conversation();
        attributes.extend(conversation.map(|known| KeyValue::new(openinference::SESSION_ID, known.value)));
    }
}

/// OpenInference wants messages one attribute a field.
fn push_messages(attributes: &mut Vec<KeyValue>, content: &Content) {
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
    let mut texts = Vec::new();
    let mut calls = 0;
    for part in items(message.get("parts")) {
        match string(part, "type") {
            Some("text") => texts.extend(string(part, "content")),
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
        (!texts.is_empty()).then(|| texts.join("\n")).as_deref(),
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

fn int(name: &'static str, count: u64) -> KeyValue {
    KeyValue::new(name, i64::try_from(count).unwrap_or(i64::MAX))
}

/// A member of an object that is a string.
fn string<'a>(object: &'a serde_json::Value, key: &str) -> Option<&'a str> {
    object.get(key).and_then(serde_json::Value::as_str)
}

/// The elements of an array, or none.
fn items(value: Option<&serde_json::Value>) -> impl Iterator<Item = &serde_json::Value> {
    value.and_then(serde_json::Value::as_array).into_iter().flatten()
}
