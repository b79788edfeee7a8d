//! What a call's span says at its end.

use opentelemetry::trace::{Status, TraceContextExt};
use opentelemetry::{Array, Key, KeyValue, StringValue, Value};

use super::failure::Failure;
use super::watch::Watching;
use crate::scope::{Origin, Scoped, Spent};
use crate::semconv;
use crate::wire::Field;

impl Watching {
    pub(super) fn set_attributes(&mut self, spent: &Spent, failure: Option<&Failure>) {
        let content = self.content();
        let span = self.cx.span();
        let conversation = self.cx.get::<Scoped>().and_then(Scoped::conversation);
        let known =
            |name: &Key| self.ask.has(name) || conversation.as_ref().is_some_and(|id| id.key == *name);
        let mut attributes = self.reply.attributes.clone();
        attributes.retain(|attribute| !known(&attribute.key));
        let text = |name, value: &Option<String>| value.clone().map(|value| KeyValue::new(name, value));
        attributes.extend(text(semconv::RESPONSE_ID, &self.reply.id));
        attributes.extend(text(semconv::RESPONSE_MODEL, &self.reply.model));
        attributes.extend(self.finish_reasons(failure.is_some()));
        let succeeded = self.status.is_some_and(|status| status.is_success());
        if let Some(first) = self.first_chunk.filter(|_| succeeded && self.is_stream()) {
            attributes.push(KeyValue::new(
                semconv::RESPONSE_TIME_TO_FIRST_CHUNK,
                first.as_secs_f64(),
            ));
        }
        attributes.extend(
            self.unseen
                .map(|reason| KeyValue::new(semconv::RESPONSE_UNSEEN, reason)),
        );
        self.push_tokens(&mut attributes, spent);
        if let Some(failure) = failure {
            attributes.push(KeyValue::new(semconv::ERROR_TYPE, failure.kind.clone()));
        }
        self.push_additions(&mut attributes, spent, content.as_ref());
        if let Some(content) = content {
            self.put_content(&span, &mut attributes, &content);
        }
        span.set_attributes(attributes);
        if let Some(failure) = failure {
            span.set_status(Status::error(failure.description.clone()));
        }
    }

    fn push_tokens(&self, attributes: &mut Vec<KeyValue>, spent: &Spent) {
        let int = |name, count: u64| KeyValue::new(name, i64::try_from(count).unwrap_or(i64::MAX));
        let directions = [
            (spent.input, semconv::USAGE_INPUT_TOKENS, semconv::TOKENS_INPUT),
            (
                spent.output.filter(|_| self.ask.choices > 0),
                semconv::USAGE_OUTPUT_TOKENS,
                semconv::TOKENS_OUTPUT,
            ),
        ];
        for (count, reported, estimated) in directions {
            match count {
                Some((count, Origin::Reported)) => attributes.push(int(reported, count)),
                Some((count, Origin::Estimated)) => attributes.push(int(estimated, count)),
                None => {}
            }
        }
        let usage = &self.reply.usage;
        let convention = self.shared.config.convention;
        let written = usage.part(Field::CacheWrite);
        let parts = [
            (
                semconv::USAGE_CACHE_READ_INPUT_TOKENS,
                usage.part(Field::CacheRead),
            ),
            (
                semconv::USAGE_CACHE_WRITE_INPUT_TOKENS,
                written.filter(|_| convention.is_latest()),
            ),
            (
                semconv::USAGE_CACHE_CREATION_INPUT_TOKENS,
                written.filter(|_| convention.is_v1_41()),
            ),
            (semconv::USAGE_REASONING_OUTPUT_TOKENS, usage.reasoning()),
        ];
        attributes.extend(
            parts
                .into_iter()
                .filter_map(|(name, count)| Some(int(name, count?))),
        );
        let modalities = [
            (semconv::USAGE_TEXT_INPUT_TOKENS, Field::TextInput),
            (semconv::USAGE_TEXT_OUTPUT_TOKENS, Field::TextOutput),
            (semconv::USAGE_AUDIO_INPUT_TOKENS, Field::AudioInput),
            (semconv::USAGE_AUDIO_OUTPUT_TOKENS, Field::AudioOutput),
            (semconv::USAGE_IMAGE_INPUT_TOKENS, Field::ImageInput),
            (semconv::USAGE_IMAGE_OUTPUT_TOKENS, Field::ImageOutput),
        ];
        let used = modalities
            .into_iter()
            .filter_map(|(name, field)| Some((name, usage.part(field)?)));
        attributes.extend(
            used.filter(|(_, count)| *count > 0)
                .map(|(name, count)| int(name, count)),
        );
        attributes.extend(spent.cost.map(|cost| KeyValue::new(semconv::COST, cost)));
        let source = self.source(spent);
        attributes.push(KeyValue::new(semconv::TOKENS_SOURCE, source));
        if matches!(
            (spent.input, spent.output),
            (Some((_, Origin::Estimated)), _) | (_, Some((_, Origin::Estimated)))
        ) {
            let name = match self.rough {
                true => "bytes/4".to_owned(),
                false => self.encoding.is().to_string(),
            };
            attributes.push(KeyValue::new(semconv::TOKENS_ENCODING, name));
        }
    }

    /// The finish reasons in the order of the alternatives: `error` where one was expected and did not come.
    fn finish_reasons(&self, failed: bool) -> Option<KeyValue> {
        let begun = self.framing.is_some() && self.status.is_some_and(|status| status.is_success());
        let mut reasons = self.reply.finishes(self.ask.choices).peekable();
        let any = self
            .reply
            .finishes(self.ask.choices)
            .any(|finish| finish.is_some());
        reasons.peek()?;
        if !begun || !(any || failed) {
            return None;
        }
        let reasons: Vec<StringValue> = reasons
            .map(|finish| finish.unwrap_or("error").to_owned().into())
            .collect();
        Some(KeyValue::new(
            semconv::RESPONSE_FINISH_REASONS,
            Value::Array(Array::String(reasons)),
        ))
    }
}
