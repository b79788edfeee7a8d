//! What is written on the current span, and read from it.

use std::any;
use std::borrow::Cow;
use std::error::Error;
use std::fmt::{self, Write as _};
use std::iter;

use opentelemetry::trace::{SpanId, Status, TraceContextExt, TraceId};
use opentelemetry::{Context, Key, KeyValue, Value};

use super::semconv;
use super::thread::with_current;

/// Sets an attribute of the current span. TaskWeaver's and TinyLLM's `set_span_attribute`.
///
/// A key set twice is exported twice, as everywhere in OpenTelemetry for Rust.
pub fn set_span_attribute(key: impl Into<Key>, value: impl Into<Value>) {
    if let Some(cx) = recording() {
        cx.span().set_attribute(KeyValue::new(key, value));
    }
}

/// Sets attributes of the current span. They are not iterated over where nothing is recorded.
///
/// ```
/// use opentelemetry::KeyValue;
/// use throughline_tracing_layer::span::set_span_attributes;
///
/// let scores = [("a", 1.0), ("b", 0.5)];
/// set_span_attributes(scores.map(|(name, score)| KeyValue::new(name, score)));
/// ```
pub fn set_span_attributes(attributes: impl IntoIterator<Item = KeyValue>) {
    if let Some(cx) = recording() {
        for attribute in attributes {
            cx.span().set_attribute(attribute);
        }
    }
}

/// Sets the status of the current span. TaskWeaver's `set_span_status`.
///
/// `Ok` is final, and `Error` is only replaced by `Ok`. A library sets no `Ok`: it is the application's last word.
pub fn set_span_status(status: Status) {
    if let Some(cx) = recording() {
        cx.span().set_status(status);
    }
}

/// Adds the event `exception` to the current span: the error's type, its text, and the chain of its sources. TaskWeaver's
/// `set_span_exception`.
///
/// It leaves the status alone, for an error that was dealt with: see [`set_span_error`]. `&dyn Error` is fine; the type
/// of such an error is not known, and not recorded.
pub fn set_span_exception<E: Error + ?Sized>(error: &E) {
    if let Some(cx) = recording() {
        exception(&cx, &Failure::of(&error));
    }
}

/// Fails the current span: status Error with the error's text, `error.type`, and the event `exception` of
/// [`set_span_exception`]. TinyLLM's `set_span_error`.
///
/// `error.type` is the name of the type, or `_OTHER` for a `&dyn Error`.
pub fn set_span_error<E: Error + ?Sized>(error: &E) {
    if let Some(cx) = recording() {
        fail(&cx, &Failure::of(&error));
    }
}

/// Adds an event to the current span. TinyLLM's `record_span_event`.
///
/// ```
/// use opentelemetry::KeyValue;
/// use throughline_tracing_layer::span::record_span_event;
///
/// record_span_event("cache.miss", [KeyValue::new("cache.key", "user")]);
/// ```
pub fn record_span_event(name: impl Into<Cow<'static, str>>, attributes: impl IntoIterator<Item = KeyValue>) {
    if let Some(cx) = recording() {
        cx.span().add_event(name, attributes.into_iter().collect());
    }
}

/// The id of the trace that this code runs in, also if it is not recorded. Its text is 32 hexadecimal digits.
#[must_use]
pub fn current_trace_id() -> Option<TraceId> {
    with_current(|cx| cx.span().span_context().trace_id()).filter(|id| *id != TraceId::INVALID)
}

/// The id of the span that this code runs in, also if it is not recorded. Its text is 16 hexadecimal digits.
#[must_use]
pub fn current_span_id() -> Option<SpanId> {
    with_current(|cx| cx.span().span_context().span_id()).filter(|id| *id != SpanId::INVALID)
}

/// What is told of an error, by whatever trait it has.
pub(super) struct Failure<'a> {
    pub(super) message: &'a dyn fmt::Display,
    pub(super) source: Option<&'a (dyn Error + 'static)>,
    /// A type's name, if it is one that tells anything.
    pub(super) class: Option<&'static str>,
}

impl<'a> Failure<'a> {
    pub(super) fn of<E: Error + ?Sized>(error: &'a &'a E) -> Self {
        Failure {
            message: error,
            source: error.source(),
            class: class::<E>(),
        }
    }
}

/// The name of a type; none for `dyn Error`.
pub(super) fn class<E: ?Sized>() -> Option<&'static str> {
    Some(any::type_name::<E>()).filter(|name| !name.starts_with("dyn "))
}

/// Fails the current span with what need not be an [`Error`].
#[cfg(feature = "macros")]
pub(super) fn fail_current(failure: &Failure<'_>) {
    if let Some(cx) = recording() {
        fail(&cx, failure);
    }
}

fn fail(cx: &Context, failure: &Failure<'_>) {
    exception(cx, failure);
    let class = failure.class.unwrap_or(semconv::OTHER);
    let span = cx.span();
    span.set_attribute(KeyValue::new(semconv::ERROR_TYPE, class));
    span.set_status(Status::error(failure.message.to_string()));
}

fn exception(cx: &Context, failure: &Failure<'_>) {
    let message = failure.message.to_string();
    let stacktrace = failure.source.map(|source| chain(&message, source));
    let attributes = [
        failure
            .class
            .map(|class| KeyValue::new(semconv::EXCEPTION_TYPE, class)),
        Some(KeyValue::new(semconv::EXCEPTION_MESSAGE, message)),
        stacktrace.map(|text| KeyValue::new(semconv::EXCEPTION_STACKTRACE, text)),
    ];
    cx.span()
        .add_event(semconv::EXCEPTION, attributes.into_iter().flatten().collect());
}

/// The text of an error and of its sources, a line each.
fn chain<'a>(message: &str, source: &'a (dyn Error + 'static)) -> String {
    let mut text = message.to_owned();
    let next = |error: &&'a (dyn Error + 'static)| (*error).source();
    for source in iter::successors(Some(source), next).take(MAX_SOURCES) {
        let _ = write!(text, "\nCaused by: {source}");
    }
    text
}

/// The current context, if its span is recorded: a copy, because what runs meanwhile may attach another.
fn recording() -> Option<Context> {
    with_current(|cx| cx.span().is_recording().then(|| cx.clone())).flatten()
}

/// Sources beyond this depth are not told.
const MAX_SOURCES: usize = 32;
