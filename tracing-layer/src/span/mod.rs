//! Spans of your own: functions that start a span, and functions that write to the current one.
//!
//! ```
//! # use throughline_tracing_layer as throughline;
//! use opentelemetry::KeyValue;
//! use throughline::span::{in_span, record_span_event, set_span_attribute, set_span_error, span};
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
//! All helpers use the OpenTelemetry API. They work with any SDK, together with other instrumentation, and
//! without an SDK. Spans are from the global tracer provider, even if it is installed after the first call.
//!
//! # The helpers
//!
//! A helper acts on the current span of the thread. If there is none, or if it is sampled out, the helper
//! does nothing: it does not allocate, and uses neither `Display` nor the iterators that are passed to it. No
//! helper panics, not even in a destructor while the thread shuts down, when there is no current span.
//!
//! | helper | effect | without a span | TaskWeaver, TinyLLM |
//! |---|---|---|---|
//! | [`span`] | starts a span, current until its guard is dropped | a root span; without a provider only reads the clock | `get_tracer().start_as_current_span` |
//! | [`trace_span`], [`span_with`] | the same, with attributes, kind, links | the same | `trace_span` |
//! | [`in_span`] | starts a span, current in a future | the same | |
//! | [`open`], [`open_with`], [`open_in`] | start a span that is entered elsewhere; with kind, links, parent | the same | `get_tracer().start_span` |
//! | [`set_span_attribute`], [`set_span_attributes`] | set attributes | nothing | `set_span_attribute` |
//! | [`set_span_status`] | sets the status | nothing | `set_span_status` |
//! | [`set_span_exception`] | adds the event `exception` | nothing | `set_span_exception` |
//! | [`set_span_error`] | event `exception`, `error.type`, status Error | nothing | `set_span_error` |
//! | [`record_span_event`] | adds an event | nothing | `record_span_event` |
//! | [`current_trace_id`], [`current_span_id`] | the ids | `None` | `get_current_trace_id` |
//! | [`is_telemetry_enabled`] | whether a span would be recorded | looks up the global provider | `is_telemetry_enabled` |
//! | [`InContextExt`] | carries the context into a future | carries the empty context | |
//! | [`carry`], [`Carried`] | carry the context into a closure, or with a value | the same | |
#![cfg_attr(
    feature = "tokio",
    doc = "| [`spawn_in_context`], [`spawn_blocking_in_context`] | carry it into a task | the same | |"
)]
//!
//! # What is recorded for an error
//!
//! By the [conventions for
//! exceptions](https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/):
//!
//! | name | source | by |
//! |---|---|---|
//! | `exception.type` | the name of the error's type; unknown for `dyn Error` | both |
//! | `exception.message` | its `Display` [without secrets](crate::error_message) | both |
//! | `exception.stacktrace` | if it has a source: its text and those of its sources, one per line, at most 32 | both |
//! | `error.type` | its class, as in the layers ([`error_type`](crate::error_type)): `connection_refused`, the name of a type, `_OTHER` | [`set_span_error`] |
//! | status Error | the text of `exception.message` | [`set_span_error`] |
//!
//! # When work is aborted
//!
//! A future that is dropped before it is ready is dropped in its span. The span ends then, with its current
//! status. A span that is ended by a panic has the status Error and the `error.type` `panic`.
//!
//! # Which provider
//!
//! While the global provider is a no-op, [`span`] and similar functions start no span and look the provider
//! up again: see [`LazyTracer::following`](crate::provider::LazyTracer::following). Attributes that are set
//! where no span was started are not recorded on the outer span, as with any no-op span.

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
