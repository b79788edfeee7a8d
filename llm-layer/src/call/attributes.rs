//! What a call's span says at its end.

use std::time::SystemTime;

use opentelemetry::trace::{Status, TraceContextExt};
use opentelemetry::{Array, Key, KeyValue, StringValue, Value};
use throughline_agents::{CallUsage, TokenSource};
use throughline_llm_wire::{Content, ReplyDetail, UsagePart};
use throughline_tracing_layer::client::Attempts;

use super::failure::Failure;
use super::limits::bound_attributes;
use super::observer::CallState;
use super::{captured_content, legacy, openinference};
use crate::events::Events;
use crate::semconv;

impl CallState {
    pub(super) fn set_attributes(
        &mut self,
        call_usage: &CallUsage,
        failure: Option<&Failure>,
        at: SystemTime,
    ) {
        let content = captured_content::take(self);
        // The conventions have no place for the content of embeddings; OpenInference has.
        let said = content.as_ref().filter(|_| self.request.operation.is_inference());
        let span = self.cx.span();
        let conversation = self.names.conversation();
        let known =
            |name: &Key| self.request.has(name) || conversation.as_ref().is_some_and(|id| id.key == *name);
        let mut attributes = Vec::with_capacity(CAPACITY);
        let reply = self.response.reply_mut();
        let details = reply.take_details().into_iter();
        attributes.extend(details.map(|(detail, value)| KeyValue::new(name(detail), value)));
        let id = reply.take_id();
        let model = reply.model().cloned();
        attributes.append(&mut self.refusal_headers);
        attributes.retain(|attribute| !known(&attribute.key));
        attributes.extend(id.map(|id| KeyValue::new(semconv::RESPONSE_ID, id)));
        attributes.extend(model.map(|model| KeyValue::new(semconv::RESPONSE_MODEL, model)));
        attributes.extend(self.finish_reasons(failure.is_some()));
        bound_attributes(&mut attributes);
        self.push_times(&mut attributes);
        attributes.extend(self.resent());
        attributes.extend(
            self.response
                .unseen()
                .map(|reason| KeyValue::new(semconv::RESPONSE_UNSEEN, reason.as_str())),
        );
        if self.abandoned.as_ref().is_some_and(|abandoned| abandoned.drained) {
            attributes.push(KeyValue::new(semconv::RESPONSE_DRAINED, true));
        }
        self.push_tokens(&mut attributes, call_usage);
        if let Some(failure) = failure {
            attributes.push(KeyValue::new(semconv::ERROR_TYPE, failure.kind.clone()));
        }
        if let Some(events) = &self.shared.config.events {
            self.emit(events, at, &attributes, said, failure);
        }
        let config = &self.shared.config;
        let on_span = content.as_ref().filter(|_| config.capture.on_span());
        if config.legacy {
            legacy::push_attributes(self, &mut attributes, call_usage, on_span);
        }
        if config.openinference {
            openinference::push_attributes(self, &mut attributes, call_usage);
            if let Some(content) = on_span {
                openinference::push_messages(&mut attributes, content);
            }
        }
        if let Some(content) = said {
            captured_content::record(self, &span, &mut attributes, content);
        }
        span.set_attributes(attributes);
        if let Some(failure) = failure {
            span.set_status(Status::error(failure.description.clone()));
        }
    }

    /// How often the request was sent again.
    fn resent(&self) -> Option<KeyValue> {
        let resent = self.cx.get::<Attempts>()?.resent();
        (resent > 0).then(|| KeyValue::new(semconv::HTTP_REQUEST_RESEND_COUNT, i64::from(resent)))
    }

    fn emit(
        &self,
        events: &Events,
        at: SystemTime,
        attributes: &[KeyValue],
        content: Option<&Content>,
        failure: Option<&Failure>,
    ) {
        let span = self.cx.span();
        if let Some(failure) = failure {
            events.exception(span.span_context(), at, &failure.kind, &failure.description);
        }
        if let Some(content) = content.filter(|_| self.shared.config.capture.on_event()) {
            let known = self.begin_attributes.iter().chain(attributes).cloned();
            events.details(span.span_context(), at, known, content);
        }
    }

    fn push_times(&self, attributes: &mut Vec<KeyValue>) {
        if !self.is_streamed() {
            return;
        }
        // That a stream was asked for was not seen when the call began.
        if !self.request.stream {
            attributes.push(KeyValue::new(semconv::REQUEST_STREAM, true));
        }
        let times = [
            (
                semconv::RESPONSE_TIME_TO_FIRST_CHUNK,
                self.timing.time_to_first_byte(),
            ),
            (semconv::TIME_TO_FIRST_TOKEN, self.timing.time_to_first_text()),
            (semconv::TIME_WAITING_FOR_READER, Some(self.timing.reader_wait())),
        ];
        let known = times.into_iter().filter_map(|(name, time)| Some((name, time?)));
        attributes.extend(known.map(|(name, time)| KeyValue::new(name, time.as_secs_f64())));
    }

    fn push_tokens(&self, attributes: &mut Vec<KeyValue>, call_usage: &CallUsage) {
        let directions = [
            (
                call_usage.input,
                semconv::USAGE_INPUT_TOKENS,
                semconv::TOKENS_INPUT,
            ),
            (
                call_usage
                    .output
                    .filter(|_| self.request.operation.is_inference()),
                semconv::USAGE_OUTPUT_TOKENS,
                semconv::TOKENS_OUTPUT,
            ),
        ];
        let counts = self.counts();
        for (count, reported, otherwise) in directions {
            match count {
                Some((count, TokenSource::Reported)) if counts => attributes.push(int(reported, count)),
                Some((count, _)) => attributes.push(int(otherwise, count)),
                None => {}
            }
        }
        if counts {
            self.push_usage(attributes);
        }
        attributes.extend(call_usage.cost.map(|cost| KeyValue::new(semconv::COST, cost)));
        let source = self.provenance(call_usage).as_str();
        attributes.push(KeyValue::new(semconv::TOKENS_SOURCE, source));
        if matches!(
            (call_usage.input, call_usage.output),
            (Some((_, TokenSource::Estimated)), _) | (_, Some((_, TokenSource::Estimated)))
        ) {
            let name = match (self.rough, self.inexact) {
                (true, _) => "bytes/4".to_owned(),
                (false, true) => format!("{}?", self.tokenizer.encoding().name()),
                (false, false) => self.tokenizer.encoding().to_string(),
            };
            attributes.push(KeyValue::new(semconv::TOKENS_ENCODING, name));
        }
    }

    /// The parts of the tokens that the provider told apart.
    fn push_usage(&self, attributes: &mut Vec<KeyValue>) {
        let usage = self.response.reply().usage();
        let convention = self.shared.config.convention;
        let written = usage.part(UsagePart::CacheWrite);
        let parts = [
            (
                semconv::USAGE_CACHE_READ_INPUT_TOKENS,
                usage.part(UsagePart::CacheRead),
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
            (semconv::USAGE_TEXT_INPUT_TOKENS, UsagePart::TextInput),
            (semconv::USAGE_TEXT_OUTPUT_TOKENS, UsagePart::TextOutput),
            (semconv::USAGE_AUDIO_INPUT_TOKENS, UsagePart::AudioInput),
            (semconv::USAGE_AUDIO_OUTPUT_TOKENS, UsagePart::AudioOutput),
            (semconv::USAGE_IMAGE_INPUT_TOKENS, UsagePart::ImageInput),
            (semconv::USAGE_IMAGE_OUTPUT_TOKENS, UsagePart::ImageOutput),
            (
                semconv::USAGE_TEXT_CACHE_READ_INPUT_TOKENS,
                UsagePart::TextCacheRead,
            ),
            (
                semconv::USAGE_AUDIO_CACHE_READ_INPUT_TOKENS,
                UsagePart::AudioCacheRead,
            ),
            (
                semconv::USAGE_IMAGE_CACHE_READ_INPUT_TOKENS,
                UsagePart::ImageCacheRead,
            ),
        ];
        let used = modalities
            .into_iter()
            .filter_map(|(name, field)| Some((name, usage.part(field)?)));
        attributes.extend(
            used.filter(|(_, count)| *count > 0)
                .map(|(name, count)| int(name, count)),
        );
    }

    /// The finish reasons in the order of the alternatives: `error` where one was expected and did not come.
    fn finish_reasons(&self, failed: bool) -> Option<KeyValue> {
        let has_begun = self.response.has_head() && self.status.is_some_and(|status| status.is_success());
        let expected = self.request.expected_finishes();
        let reply = self.response.reply();
        let mut reasons = reply.finish_reasons(expected).peekable();
        let any = reply.finish_reasons(expected).any(|finish| finish.is_some());
        reasons.peek()?;
        if !has_begun || !(any || failed) {
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

/// The attribute of a value of an answer.
fn name(detail: ReplyDetail) -> &'static str {
    match detail {
        ReplyDetail::ServiceTier => semconv::OPENAI_RESPONSE_SERVICE_TIER,
        ReplyDetail::SystemFingerprint => semconv::OPENAI_RESPONSE_SYSTEM_FINGERPRINT,
        ReplyDetail::ConversationId => semconv::CONVERSATION_ID,
        ReplyDetail::Other(name) => name,
        _ => semconv::OTHER,
    }
}

pub(super) fn int(name: &'static str, count: u64) -> KeyValue {
    KeyValue::new(name, i64::try_from(count).unwrap_or(i64::MAX))
}

/// Room for all that a span usually gets at its end.
const CAPACITY: usize = 24;
