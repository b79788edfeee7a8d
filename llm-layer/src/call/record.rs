//! The one place where what was seen of a call becomes attributes, metrics and ledger entries.

use opentelemetry::metrics::{Counter, Meter};
use opentelemetry::trace::{Status, TraceContextExt};
use opentelemetry::{Array, KeyValue, StringValue, Value};
use throughline_tracing_layer::observe::End;

use super::failure::Failure;
use super::watch::Watching;
use crate::estimate::Prompt;
use crate::scope::{Origin, Scoped, Spent};
use crate::semconv;
use crate::wire::{Field, Reading};

/// The instruments of a layer.
#[derive(Debug)]
pub(crate) struct Instruments {
    prompt_size: Counter<u64>,
}

impl Instruments {
    pub(crate) fn new(meter: &Meter) -> Self {
        Self {
            prompt_size: meter
                .u64_counter(semconv::PROMPT_SIZE)
                .with_description(semconv::PROMPT_SIZE_DESCRIPTION)
                .with_unit(semconv::PROMPT_SIZE_UNIT)
                .build(),
        }
    }

    fn add_prompt_size(&self, direction: &'static str, count: Option<(u64, Origin)>) {
        if let Some((tokens, _)) = count {
            self.prompt_size
                .add(tokens, &[KeyValue::new(semconv::DIRECTION, direction)]);
        }
    }
}

impl Watching {
    /// Whether every alternative has its finish reason, or the stream said that it was complete.
    pub(super) fn is_answered(&self) -> bool {
        self.reply.done
            || self
                .reply
                .finishes(self.ask.choices)
                .all(|finish| finish.is_some())
    }

    /// Ends the call.
    pub(super) fn record(mut self, end: End<'_>) {
        let intact = match &mut self.framing {
            Some(framing) => {
                let mut reading = Reading::new(self.head.recognised.wire, &mut self.reply);
                framing.finish(&mut reading).is_ok()
            }
            None => false,
        };
        let failure = Failure::of(&self, end, intact);
        if failure.as_ref().is_some_and(Failure::is_malformed) {
            self.unseen = Some("malformed");
        }
        let refused =
            matches!(end, End::ServiceError(_)) || self.status.is_some_and(|status| !status.is_success());
        let spent = self.spent(refused, failure.is_some());
        if self.has_span {
            self.set_attributes(&spent, failure);
        }
        if let Some(instruments) = self.shared.instruments.in_context(&self.cx) {
            instruments.add_prompt_size(semconv::INPUT, spent.input);
            if self.ask.choices > 0 {
                instruments.add_prompt_size(semconv::OUTPUT, spent.output);
            }
        }
        if let Some(scoped) = self.cx.get::<Scoped>() {
            scoped.add(&spent);
        }
        if self.has_span {
            self.cx.span().end();
        }
    }

    /// What the call spent: what the provider reported, else an estimate of what passed.
    ///
    /// An answer that broke off may have been reported only up to some point; then the larger number is nearer. Of a
    /// call that was refused, or never arrived, nobody knows what it cost.
    fn spent(&mut self, refused: bool, failed: bool) -> Spent {
        let usage = &self.reply.usage;
        let reported = |count: Option<u64>| count.map(|count| (count, Origin::Reported));
        let mut spent = Spent {
            input: reported(usage.input()),
            output: reported(usage.output()),
            cache_read: usage.part(Field::CacheRead).unwrap_or(0),
            reasoning: usage.reasoning().unwrap_or(0),
        };
        if refused {
            return spent;
        }
        if self.ask.choices == 0 {
            spent.output = Some((0, Origin::Reported));
        }
        if spent.input.is_none() {
            spent.input = self.estimate_input().map(|count| (count, Origin::Estimated));
        }
        if (spent.output.is_none() || failed) && self.framing.is_some() && !self.is_illegible() {
            let seen = self.reply.count();
            let known = spent.output.map(|(count, _)| count);
            if let Some(seen) = seen.filter(|seen| known.is_none_or(|known| *seen > known)) {
                spent.output = Some((seen, Origin::Estimated));
            }
        }
        spent
    }

    /// Whether the answer made no sense and gave no text.
    fn is_illegible(&self) -> bool {
        self.unseen.is_some() && self.reply.first_text.is_none()
    }

    fn estimate_input(&self) -> Option<u64> {
        let mut prompt = Prompt::new(self.encoding);
        self.head.recognised.wire.prompt(self.body.as_ref()?, &mut prompt);
        prompt.finish().map(|count| count.tokens)
    }

    fn source(&self, spent: &Spent) -> &'static str {
        match (spent.input, spent.output) {
            (Some((_, Origin::Reported)), Some((_, Origin::Reported))) if self.is_answered() => "reported",
            (Some((_, Origin::Estimated)), _) if self.ask.choices == 0 => "estimated",
            (Some((_, Origin::Reported)), _) | (_, Some((_, Origin::Reported))) => "partial",
            (None, None) => "unknown",
            _ => "estimated",
        }
    }

    fn set_attributes(&self, spent: &Spent, failure: Option<Failure>) {
        let span = self.cx.span();
        if !span.is_recording() {
            return;
        }
        let mut attributes = self.reply.attributes.clone();
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
        if let Some(failure) = &failure {
            attributes.push(KeyValue::new(semconv::ERROR_TYPE, failure.kind.clone()));
        }
        span.set_attributes(attributes);
        if let Some(failure) = failure {
            span.set_status(Status::error(failure.description));
        }
    }

    fn push_tokens(&self, attributes: &mut Vec<KeyValue>, spent: &Spent) {
        let int = |name, count: u64| KeyValue::new(name, i64::try_from(count).unwrap_or(i64::MAX));
        let directions = [
            (spent.input, semconv::USAGE_INPUT_TOKENS, semconv::TOKENS_INPUT),
            (spent.output, semconv::USAGE_OUTPUT_TOKENS, semconv::TOKENS_OUTPUT),
        ];
        for (count, reported, estimated) in directions {
            match count {
                Some((0, _)) if self.ask.choices == 0 => {}
                Some((count, Origin::Reported)) => attributes.push(int(reported, count)),
                Some((count, Origin::Estimated)) => attributes.push(int(estimated, count)),
                None => {}
            }
        }
        let usage = &self.reply.usage;
        let parts = [
            (
                semconv::USAGE_CACHE_READ_INPUT_TOKENS,
                usage.part(Field::CacheRead),
            ),
            (
                semconv::USAGE_CACHE_WRITE_INPUT_TOKENS,
                usage.part(Field::CacheWrite),
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
        let source = self.source(spent);
        attributes.push(KeyValue::new(semconv::TOKENS_SOURCE, source));
        if matches!(
            (spent.input, spent.output),
            (Some((_, Origin::Estimated)), _) | (_, Some((_, Origin::Estimated)))
        ) {
            let name = if self.encoding.known {
                self.encoding.name().to_owned()
            } else {
                format!("{}?", self.encoding.name())
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
