//! Writes to the current span and reads from it.

use std::any;
use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::iter;

use opentelemetry::trace::{SpanId, Status, TraceContextExt, TraceId};
use opentelemetry::{Context, Key, KeyValue, Value};

use crate::error_message::error_message;
use crate::error_type::{of_chain, of_type};
use crate::limits::truncate_string;
use crate::semconv;

use super::thread::with_current;

/// Sets an attribute of the current span, like `set_span_attribute` in TaskWeaver and TinyLLM.
///
/// A key that is set twice is exported twice, as always in OpenTelemetry Rust.
pub fn set_span_attribute(key: impl Into<Key>, value: impl Into<Value>) {
    if let Some(cx) = recording() {
        cx.span().set_attribute(KeyValue::new(key, value));
    }
}

/// Sets attributes of the current span. If the span is not recorded, the iterator is not used.
///
/// ```
/// # use throughline_tracing_layer as throughline;
/// use opentelemetry::KeyValue;
/// use throughline::span::set_span_attributes;
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

/// Sets the status of the current span, like TaskWeaver's `set_span_status`.
///
/// `Ok` is final, and `Error` is only replaced by `Ok`. Libraries should not set `Ok`, which is for the
/// application. A description is often the text of an error, so it is recorded [without
/// secrets](crate::error_message).
pub fn set_span_status(status: Status) {
    if let Some(cx) = recording() {
        let status = match status {
            Status::Error { description } => Status::error(error_message(&description)),
            other => other,
        };
        cx.span().set_status(status);
    }
}

/// Adds the event `exception` to the current span, with the error's type, its text, and the chain of its
/// sources, like TaskWeaver's `set_span_exception`.
///
/// It does not change the status. Use it for errors that are handled, and [`set_span_error`] for others. For
/// a `&dyn Error`, the type is unknown and not recorded.
pub fn set_span_exception<E: Error + ?Sized>(error: &E) {
    if let Some(cx) = recording() {
        exception(&cx, &Failure::new(&error));
    }
}

/// Marks the current span as failed: status Error with the error's text, `error.type`, and the event
/// `exception` of [`set_span_exception`]. It is like TinyLLM's `set_span_error`.
///
/// `error.type` is the class that the layers record for an exchange with this error: see
/// [`error_type`](crate::error_type). An error that borrows has no class: use [`set_span_exception`] and
/// [`set_span_status`] for it.
pub fn set_span_error<E: Classified + ?Sized>(error: &E) {
    if let Some(cx) = recording() {
        let class = error.class();
        fail(
            &cx,
            &Failure {
                class,
                ..Failure::new(&error)
            },
        );
    }
}

/// Adds an event to the current span, like TinyLLM's `record_span_event`.
///
/// ```
/// # use throughline_tracing_layer as throughline;
/// use opentelemetry::KeyValue;
/// use throughline::span::record_span_event;
///
/// record_span_event("cache.miss", [KeyValue::new("cache.key", "user")]);
/// ```
pub fn record_span_event(name: impl Into<Cow<'static, str>>, attributes: impl IntoIterator<Item = KeyValue>) {
    if let Some(cx) = recording() {
        cx.span().add_event(name, attributes.into_iter().collect());
    }
}

/// Returns the id of the current trace, even if it is not recorded. Its text has 32 hexadecimal digits.
#[must_use]
pub fn current_trace_id() -> Option<TraceId> {
    with_current(|cx| cx.span().span_context().trace_id()).filter(|id| *id != TraceId::INVALID)
}

/// Returns the id of the current span, even if it is not recorded. Its text has 16 hexadecimal digits.
#[must_use]
pub fn current_span_id() -> Option<SpanId> {
    with_current(|cx| cx.span().span_context().span_id()).filter(|id| *id != SpanId::INVALID)
}

/// An error whose class [`set_span_error`] can determine: every [`Error`] that borrows nothing, and `dyn
/// Error`.
pub trait Classified: Error {
    /// Returns the value of `error.type`.
    #[doc(hidden)]
    fn class(&self) -> &'static str;
}

impl<E: Error + 'static> Classified for E {
    fn class(&self) -> &'static str {
        of_chain(self).unwrap_or_else(|| of_type(any::type_name::<E>()))
    }
}

impl Classified for dyn Error {
    fn class(&self) -> &'static str {
        of_chain(self).unwrap_or(semconv::OTHER)
    }
}

impl Classified for dyn Error + Send {
    fn class(&self) -> &'static str {
        of_chain(self).unwrap_or(semconv::OTHER)
    }
}

impl Classified for dyn Error + Send + Sync {
    fn class(&self) -> &'static str {
        of_chain(self).unwrap_or(semconv::OTHER)
    }
}

/// The parts of an error that are recorded, whatever trait it has.
pub(super) struct Failure<'a> {
    pub(super) message: &'a dyn fmt::Display,
    pub(super) source: Option<&'a (dyn Error + 'static)>,
    pub(super) type_name: &'static str,
    /// Returns the value of `error.type`.
    pub(super) class: &'static str,
}

impl<'a> Failure<'a> {
    /// The class is that of a source, or the name of the type. Of an error that may borrow, nothing else can
    /// be determined.
    pub(super) fn new<E: Error + ?Sized>(error: &'a &'a E) -> Self {
        let (source, type_name) = (error.source(), any::type_name::<E>());
        Failure {
            message: error,
            source,
            type_name,
            class: source.and_then(of_chain).unwrap_or_else(|| of_type(type_name)),
        }
    }
}

/// Marks the current span as failed, for errors that need not be an [`Error`].
#[cfg(feature = "macros")]
pub(super) fn fail_current(failure: &Failure<'_>) {
    if let Some(cx) = recording() {
        fail(&cx, failure);
    }
}

fn fail(cx: &Context, failure: &Failure<'_>) {
    exception(cx, failure);
    let span = cx.span();
    span.set_attribute(KeyValue::new(semconv::ERROR_TYPE, failure.class));
    span.set_status(Status::error(error_message(failure.message)));
}

fn exception(cx: &Context, failure: &Failure<'_>) {
    let message = error_message(failure.message);
    let stacktrace = failure.source.map(|source| chain(&message, source));
    let type_name = Some(failure.type_name).filter(|name| !name.starts_with("dyn "));
    let attributes = [
        type_name.map(|name| KeyValue::new(semconv::EXCEPTION_TYPE, name)),
        Some(KeyValue::new(semconv::EXCEPTION_MESSAGE, message)),
        stacktrace.map(|text| KeyValue::new(semconv::EXCEPTION_STACKTRACE, text)),
    ];
    cx.span()
        .add_event(semconv::EXCEPTION, attributes.into_iter().flatten().collect());
}

/// Returns the texts of an error and of its sources, one per line.
fn chain<'a>(message: &str, source: &'a (dyn Error + 'static)) -> String {
    let mut text = message.to_owned();
    let next = |error: &&'a (dyn Error + 'static)| (*error).source();
    for source in iter::successors(Some(source), next).take(MAX_SOURCES) {
        text.extend(["\nCaused by: ", &error_message(source)]);
    }
    truncate_string(&mut text, MAX_STACKTRACE_BYTES);
    text
}

/// Returns the current context, if its span is recorded. It is a copy, since code that runs in between may
/// attach another one.
fn recording() -> Option<Context> {
    with_current(|cx| cx.span().is_recording().then(|| cx.clone())).flatten()
}

/// The maximum length of the texts of an error and its sources, in bytes.
const MAX_STACKTRACE_BYTES: usize = 8 * 1024;
/// The maximum number of sources that are recorded.
const MAX_SOURCES: usize = 32;
