//! Spans of your own, and what you write on them: functions on the current span.
//!
//! ```
//! use opentelemetry::KeyValue;
//! use throughline_tracing_layer::span::{in_span, record_span_event, set_span_attribute, set_span_error, span};
//!
//! async fn answer(question: &str) -> Result<String, std::num::ParseIntError> {
//!     in_span("answer", async {
//!         set_span_attribute("question.length", question.len() as i64);
//!         let number = parse(question).inspect_err(|error| set_span_error(error))?;
//!         record_span_event("parsed", [KeyValue::new("number", number)]);
//!         Ok(format!("{number}, of course"))
//!     })
//!     .await
//! }
//!
//! fn parse(question: &str) -> Result<i64, std::num::ParseIntError> {
//!     let _span = span("parse");
//!     question.trim().parse()
//! }
//! # fn main() {}
//! ```
//!
#![cfg_attr(
    feature = "macros",
    doc = "\nThe attribute [`#[traced]`](macro@crate::traced) does this for a whole function.\n"
)]
//! Everything goes through the OpenTelemetry API: it works with any SDK, beside other instrumentation, and without any.
//! Spans come from the global tracer provider, also when it is set after the first call.
//!
//! # The helpers
//!
//! A helper acts on the current span of the thread. Without one, or with one that was sampled out, it does nothing: it
//! allocates nothing, and calls neither `Display` nor an iterator it was given. None of them panics, also not in a
//! destructor while the thread shuts down; then there is no current span.
//!
//! | helper | what it does | without a span | TaskWeaver, TinyLLM |
//! |---|---|---|---|
//! | [`span`] | starts a span, current until its guard is dropped | a root span; with no provider a look at the clock | `get_tracer().start_as_current_span` |
//! | [`trace_span`], [`span_with`] | the same, with attributes, kind, links | the same | `trace_span` |
//! | [`in_span`] | starts a span, current in a future | the same | |
//! | [`open`], [`open_with`], [`open_in`] | start a span to be entered elsewhere; with kind, links, parent | the same | `get_tracer().start_span` |
//! | [`set_span_attribute`], [`set_span_attributes`] | set attributes | nothing | `set_span_attribute` |
//! | [`set_span_status`] | sets the status | nothing | `set_span_status` |
//! | [`set_span_exception`] | adds the event `exception` | nothing | `set_span_exception` |
//! | [`set_span_error`] | event `exception`, `error.type`, status Error | nothing | `set_span_error` |
//! | [`record_span_event`] | adds an event | nothing | `record_span_event` |
//! | [`current_trace_id`], [`current_span_id`] | the ids | `None` | `get_current_trace_id` |
//! | [`is_telemetry_enabled`] | whether anyone listens | asks the global provider | `is_telemetry_enabled` |
//! | [`InContextExt`] | carries the context into a future | carries the empty context | |
//! | [`carry`], [`Carried`] | carry it into a closure, with a value | the same | |
#![cfg_attr(
    feature = "tokio",
    doc = "| [`spawn_in_context`], [`spawn_blocking_in_context`] | carry it into a task | the same | |"
)]
//!
//! # What is recorded of an error
//!
//! By the [conventions for exceptions](https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/):
//!
//! | name | from | by |
//! |---|---|---|
//! | `exception.type` | the name of the error's type; not for `dyn Error`, which has none to tell | both |
//! | `exception.message` | its `Display` [without secrets](crate::error_message) | both |
//! | `exception.stacktrace` | if it has a source: its text and those of its sources, a line each, at most 32 | both |
//! | `error.type` | its class, as the layers tell it ([`error_type`](crate::error_type)): `connection_refused`, a type's name, `_OTHER` | [`set_span_error`] |
//! | status Error | the text of `exception.message` | [`set_span_error`] |
//!
//! # When the work is cut short
//!
//! A future that is dropped before it is ready is dropped in its span, and the span ends then, with the status it has. A
//! span that a panic ends has the status Error and the `error.type` `panic`.
//!
//! # Which provider
//!
//! While the global provider is a no-op, [`span`] and its like give no span, and look for one again: see
//! [`LazyTracer::following`](crate::provider::LazyTracer::following). A span that is not started takes nothing from the
//! one above it: what is set in its scope goes nowhere, as it would with any no-op span.

#[cfg(feature = "macros")]
#[doc(hidden)]
pub mod __private;
#[cfg(feature = "macros")]
mod attribute;
mod carried;
mod current;
mod future;
mod open;
#[cfg(feature = "tokio")]
mod task;
mod thread;

#[cfg(feature = "macros")]
#[cfg_attr(docsrs, doc(cfg(feature = "macros")))]
pub use self::attribute::ToAttribute;
pub use self::carried::{Carried, carry};
pub use self::current::{
    Classified, current_span_id, current_trace_id, record_span_event, set_span_attribute,
    set_span_attributes, set_span_error, set_span_exception, set_span_status,
};
pub use self::future::{InContextExt, Traced, in_span};
pub use self::open::{
    OpenSpan, SpanGuard, is_telemetry_enabled, open, open_in, open_with, span, span_with, trace_span,
};
#[cfg(feature = "tokio")]
#[cfg_attr(docsrs, doc(cfg(feature = "tokio")))]
pub use self::task::{spawn_blocking_in_context, spawn_in_context};
