//! What a call's span says at its end.

use std::time::SystemTime;

use opentelemetry::trace::{Status, TraceContextExt};
use opentelemetry::{Array, Key, KeyValue, StringValue, Value};
use throughline_agents::TokenSource;
use throughline_llm_wire::{Content, ReplyDetail, UsagePart};
use throughline_tracing_layer::client::Attempts;

use super::failure::Failure;
use super::limits::{bound_attributes, int};
use super::outcome::{Outcome, Provenance};
use super::state::CallState;
use super::{captured_content, legacy, openinference};
use crate::events::Events;
use crate::semconv;

/// Sets the attributes and the status of the call's span, and emits its events.
pub(super) fn record(call: &mut CallState, outcome: &Outcome) {
    let failure = outcome.failure.as_ref();
    let call_usage = &outcome.usage;
    let reasons = finish_reasons(call, failure.is_some());
    let content = captured_content::take(call, reasons.as_deref());
    // The conventions have no place for the content of embeddings; OpenInference has.
    let said = content
        .as_ref()
        .filter(|_| call.request.parameters.operation.is_inference());
    let span = call.cx.span();
    let conversation = call.request.names.conversation();
    let is_known = |name: &Key| {
        call.request.parameters.has(name) || conversation.as_ref().is_some_and(|id| id.key == *name)
    };
    let mut attributes = Vec::with_capacity(ATTRIBUTE_CAPACITY);
    let reply = call.response.reader.reply_mut();
    let details = reply.take_details().into_iter();
    attributes.extend(details.map(|(detail, value)| KeyValue::new(name(detail), value)));
    let id = reply.take_id();
    let model = reply.model().cloned();
    attributes.append(&mut call.response.refusal_headers);
    attributes.retain(|attribute| !is_known(&attribute.key));
    attributes.extend(id.map(|id| KeyValue::new(semconv::RESPONSE_ID, id)));
    attributes.extend(model.map(|model| KeyValue::new(semconv::RESPONSE_MODEL, model)));
    let reasons = reasons.map(|reasons| Value::Array(Array::String(reasons)));
    attributes.extend(reasons.map(|reasons| KeyValue::new(semconv::RESPONSE_FINISH_REASONS, reasons)));
    bound_attributes(&mut attributes);
    push_times(call, &mut attributes);
    attributes.extend(resent(call));
    if call.response.reader.reply().is_compacted() {
        attributes.push(KeyValue::new(semconv::CONVERSATION_COMPACTED, true));
    }
    attributes.extend(
        call.response
            .reader
            .unseen()
            .map(|reason| KeyValue::new(semconv::RESPONSE_UNSEEN, reason.as_str())),
    );
    if call
        .drain
        .abandoned
        .as_ref()
        .is_some_and(|abandoned| abandoned.drained)
    {
        attributes.push(KeyValue::new(semconv::RESPONSE_DRAINED, true));
    }
    push_tokens(call, &mut attributes, outcome);
    if let Some(failure) = failure {
        attributes.push(KeyValue::new(semconv::ERROR_TYPE, failure.kind.clone()));
    }
    let convention = call.shared.config.convention;
    if !convention.is_latest() {
        attributes.retain(|attribute| semconv::is_in(convention, attribute.key.as_str()));
    }
    if let Some(events) = &call.shared.config.events {
        emit(call, events, outcome.at, &attributes, said, failure);
    }
    let config = &call.shared.config;
    let on_span = content.as_ref().filter(|_| config.capture.is_on_span());
    if config.legacy {
        legacy::push_attributes(call, &mut attributes, outcome, on_span);
    }
    if config.openinference {
        openinference::push_attributes(call, &mut attributes, call_usage);
        if let Some(content) = on_span {
            openinference::push_messages(&mut attributes, content);
        }
    }
    if let Some(content) = said {
        captured_content::record(call, &span, &mut attributes, content);
    }
    span.set_attributes(attributes);
    if let Some(failure) = failure {
        span.set_status(Status::error(failure.description.clone()));
    }
}

/// How often the request was sent again.
fn resent(call: &CallState) -> Option<KeyValue> {
    let resent = call.cx.get::<Attempts>()?.resent();
    (resent > 0).then(|| KeyValue::new(semconv::HTTP_REQUEST_RESEND_COUNT, i64::from(resent)))
}

fn emit(
    call: &CallState,
    events: &Events,
    at: SystemTime,
    attributes: &[KeyValue],
    content: Option<&Content>,
    failure: Option<&Failure>,
) {
    let span = call.cx.span();
    if let Some(failure) = failure {
        events.exception(span.span_context(), at, &failure.kind, &failure.description);
    }
    if let Some(content) = content.filter(|_| call.shared.config.capture.is_on_event()) {
        let all = call.request.begin_attributes.iter().chain(attributes).cloned();
        events.details(span.span_context(), at, all, content);
    }
}

fn push_times(call: &CallState, attributes: &mut Vec<KeyValue>) {
    if !call.is_streamed() {
        return;
    }
    // That a stream was asked for was not seen when the call began.
    if !call.request.parameters.stream {
        attributes.push(KeyValue::new(semconv::REQUEST_STREAM, true));
    }
    let times = [
        (
            semconv::RESPONSE_TIME_TO_FIRST_CHUNK,
            call.timing.time_to_first_chunk(),
        ),
        (semconv::TIME_TO_FIRST_TOKEN, call.timing.time_to_first_text()),
        (semconv::TIME_WAITING_FOR_READER, Some(call.timing.reader_wait())),
    ];
    let measured = times.into_iter().filter_map(|(name, time)| Some((name, time?)));
    attributes.extend(measured.map(|(name, time)| KeyValue::new(name, time.as_secs_f64())));
}

fn push_tokens(call: &CallState, attributes: &mut Vec<KeyValue>, outcome: &Outcome) {
    let call_usage = &outcome.usage;
    let directions = [
        (
            call_usage.input,
            semconv::USAGE_INPUT_TOKENS,
            semconv::TOKENS_INPUT,
        ),
        (
            call_usage
                .output
                .filter(|_| call.request.parameters.operation.is_inference()),
            semconv::USAGE_OUTPUT_TOKENS,
            semconv::TOKENS_OUTPUT,
        ),
    ];
    let counts = call.counts();
    let is_fetch = call.request.parameters.operation.is_fetch();
    for (count, reported, otherwise) in directions.into_iter().filter(|_| !is_fetch) {
        match count {
            Some((count, TokenSource::Reported)) if counts => attributes.push(int(reported, count)),
            Some((count, _)) => attributes.push(int(otherwise, count)),
            None => {}
        }
    }
    if counts && !is_fetch {
        push_usage(call, attributes);
    }
    attributes.extend(call_usage.cost.map(|cost| KeyValue::new(semconv::COST, cost)));
    attributes.extend(outcome.cost.attributes(counts));
    let operation = call.request.parameters.operation;
    if operation.uses_tokens() || outcome.provenance != Provenance::Unknown {
        let source = outcome.provenance.as_str();
        attributes.push(KeyValue::new(semconv::TOKENS_SOURCE, source));
    }
    if matches!(
        (call_usage.input, call_usage.output),
        (Some((_, TokenSource::Estimated)), _) | (_, Some((_, TokenSource::Estimated)))
    ) {
        let name = match (outcome.is_rough, outcome.is_inexact) {
            (true, _) => "bytes/4".to_owned(),
            (false, true) => format!("{}?", call.request.tokenizer.encoding().name()),
            (false, false) => call.request.tokenizer.encoding().to_string(),
        };
        attributes.push(KeyValue::new(semconv::TOKENS_ENCODING, name));
    } else if outcome.is_uncounted {
        attributes.push(KeyValue::new(
            semconv::TOKENS_ENCODING,
            semconv::TIKTOKEN_DISABLED,
        ));
    }
}

/// The parts of the tokens that the provider told apart.
fn push_usage(call: &CallState, attributes: &mut Vec<KeyValue>) {
    let usage = call.response.reader.reply().usage();
    let convention = call.shared.config.convention;
    let written = usage.part(UsagePart::CacheWrite);
    let parts = [
        (
            semconv::USAGE_CACHE_READ_INPUT_TOKENS,
            usage.part(UsagePart::CacheRead),
        ),
        (semconv::USAGE_CACHE_WRITE_INPUT_TOKENS, written),
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
pub(super) fn finish_reasons(call: &CallState, failed: bool) -> Option<Vec<StringValue>> {
    let has_begun =
        call.response.reader.has_head() && call.response.status.is_some_and(|status| status.is_success());
    let expected = call.request.parameters.expected_finishes();
    let reply = call.response.reader.reply();
    let mut reasons = reply.finish_reasons(expected).peekable();
    let any = reply.finish_reasons(expected).any(|finish| finish.is_some());
    reasons.peek()?;
    if !has_begun || !(any || failed) {
        return None;
    }
    let reasons = reasons.map(|finish| finish.unwrap_or("error").to_owned().into());
    Some(reasons.collect())
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

/// Room for all that a span usually gets at its end.
const ATTRIBUTE_CAPACITY: usize = 24;
