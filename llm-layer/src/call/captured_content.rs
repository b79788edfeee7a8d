//! The content of a call, for the span's attributes and events.

use opentelemetry::trace::SpanRef;
use opentelemetry::{KeyValue, StringValue};
use throughline_llm_wire::Content;

use super::state::CallState;
use crate::{content, semconv};

/// Returns the content of the call, if it is captured. `finishes` are the finish reasons that the span has.
pub(super) fn take(call: &mut CallState, finishes: Option<&[StringValue]>) -> Option<Content> {
    let config = &call.shared.config;
    let answer = call.response.reader.take_answer()?;
    let finishes = finishes.unwrap_or_default().iter();
    let output = answer.into_messages(finishes.map(|finish| Some(finish.as_str())));
    let redact = config.redact.as_ref();
    let format = &call.request.recognised.format;
    let body = call
        .request
        .body
        .as_ref()
        .map(|body| body.document(config.limits.total));
    let mut content = body.map(|body| format.content(&body)).unwrap_or_default();
    content.output = output;
    Some(content::finish(content, redact, config.limits))
}

/// Records the content on the span, or on an event of it, as configured.
pub(super) fn record(
    call: &CallState,
    span: &SpanRef<'_>,
    attributes: &mut Vec<KeyValue>,
    content: &Content,
) {
    let config = &call.shared.config;
    let said: Vec<KeyValue> = content::attributes(content)
        .map(|(name, json)| KeyValue::new(name, json))
        .collect();
    if config.capture.is_on_event() && config.events.is_none() {
        span.add_event(semconv::OPERATION_DETAILS, said.clone());
    }
    if config.capture.is_on_span() {
        attributes.extend(said);
    }
}
