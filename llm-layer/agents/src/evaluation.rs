//! Results of evaluations: how good the output of a model, an agent or a tool was.
//!
//! ```
//! use opentelemetry::Context;
//! use throughline_agents::agent;
//! use throughline_agents::evaluation::Evaluation;
//!
//! let planner = agent("Planner").start();
//! // …
//! Evaluation::new("Relevance")
//!     .with_score(0.85)
//!     .with_label("relevant")
//!     .with_explanation("The plan answers the question.")
//!     .record(planner.context());
//! ```
//!
//! # What is recorded
//!
//! The event `gen_ai.evaluation.result` of the
//! [conventions](https://github.com/open-telemetry/semantic-conventions-genai), on the span that was
//! evaluated:
//!
//! | attribute | when | what |
//! |---|---|---|
//! | `gen_ai.evaluation.name` | always | the metric that was evaluated |
//! | `gen_ai.evaluation.score.value` | if set and finite | the score |
//! | `gen_ai.evaluation.score.label` | if set | what the score means, such as `pass` |
//! | `gen_ai.evaluation.explanation` | if set | why; cut to 1 KiB |
//! | `gen_ai.response.id` | if set | the id of the model's response |
//! | `error.type` | if set | why the evaluation failed |
//!
//! [`Evaluation::record`] adds it to a span that has not ended. [`Evaluation::emit`] makes a log record of
//! it, with the trace and span of a context: the conventions' form, also for spans that have ended and
//! evaluations in another process.

use std::time::SystemTime;

use opentelemetry::logs::{AnyValue, LogRecord, Logger, LoggerProvider, Severity};
use opentelemetry::trace::TraceContextExt;
use opentelemetry::{Context, KeyValue, Value};
use throughline_tracing_layer::limits::bound;

use crate::convention::Convention;
use crate::semconv;

/// The result of an evaluation. See [the module](self).
#[derive(Debug, Clone)]
#[must_use = "an evaluation is not recorded until `record` or `emit` is called"]
pub struct Evaluation {
    attributes: Vec<KeyValue>,
}

impl Evaluation {
    /// Creates the result of evaluating this metric, such as `Relevance`. Use few different names.
    pub fn new(name: impl Into<String>) -> Self {
        let attributes = Vec::new();
        Self { attributes }.with(semconv::EVALUATION_NAME, name.into())
    }

    /// Sets the score. Default: none.
    pub fn with_score(self, score: f64) -> Self {
        match score.is_finite() {
            true => self.with(semconv::EVALUATION_SCORE_VALUE, score),
            false => self,
        }
    }

    /// Sets what the score means, such as `pass` or `relevant`. Default: none.
    pub fn with_label(self, label: impl Into<String>) -> Self {
        self.with(semconv::EVALUATION_SCORE_LABEL, label.into())
    }

    /// Sets why the score was assigned, cut to 1 KiB. Default: none.
    pub fn with_explanation(self, explanation: impl Into<String>) -> Self {
        self.with(semconv::EVALUATION_EXPLANATION, explanation.into())
    }

    /// Sets the id of the response that was evaluated, for when the span of the model call is not known.
    /// Default: none.
    pub fn with_response_id(self, id: impl Into<String>) -> Self {
        self.with(semconv::RESPONSE_ID, id.into())
    }

    /// Sets the class of the error with which the evaluation failed. Default: none.
    pub fn with_error_type(self, error_type: impl Into<String>) -> Self {
        self.with(semconv::ERROR_TYPE, error_type.into())
    }

    fn with(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        let mut value = value.into();
        bound(&mut value);
        self.attributes.retain(|attribute| attribute.key.as_str() != key);
        self.attributes.push(KeyValue::new(key, value));
        self
    }

    /// Adds the event to the span of a context. If that span has ended, nothing is recorded.
    pub fn record(self, cx: &Context) {
        cx.span().add_event(semconv::EVALUATION_RESULT, self.attributes);
    }

    /// Emits the event as a log record with the trace and span of a context.
    pub fn emit<P: LoggerProvider>(self, provider: &P, cx: &Context) {
        let logger = provider.logger_with_scope(Convention::in_environment().instrumentation_scope());
        let name = semconv::EVALUATION_RESULT;
        if !logger.event_enabled(Severity::Info, env!("CARGO_PKG_NAME"), Some(name)) {
            return;
        }
        let mut record = logger.create_log_record();
        record.set_event_name(name);
        record.set_severity_number(Severity::Info);
        record.set_severity_text(Severity::Info.name());
        record.set_timestamp(SystemTime::now());
        let span = cx.span().span_context().clone();
        if span.is_valid() {
            record.set_trace_context(span.trace_id(), span.span_id(), Some(span.trace_flags()));
        }
        record.add_attributes(self.attributes.into_iter().map(|attribute| {
            let value = match attribute.value {
                Value::F64(value) => AnyValue::from(value),
                text => text.as_str().into_owned().into(),
            };
            (attribute.key, value)
        }));
        logger.emit(record);
    }
}
