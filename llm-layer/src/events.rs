//! The events of the conventions, as log records.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use opentelemetry::logs::{AnyValue, LogRecord, Logger, LoggerProvider, Severity};
use opentelemetry::trace::SpanContext;
use opentelemetry::{Array, Key, KeyValue, Value};
use serde_json::Value as Json;
use throughline_agents::Convention;
use throughline_llm_wire::Content;

use crate::{content, semconv};

/// Emits the events of model calls through the user's logger. The closure hides the type of the logger.
#[derive(Clone)]
pub(crate) struct Events(Arc<dyn Fn(Event) + Send + Sync>);

/// An event of a call, before it becomes a log record.
#[derive(Debug)]
struct Event {
    name: &'static str,
    severity: Severity,
    at: SystemTime,
    span: SpanContext,
    attributes: Vec<(Key, AnyValue)>,
}

impl Events {
    pub(crate) fn new<P>(provider: &P, convention: Convention) -> Self
    where
        P: LoggerProvider<Logger: Send + Sync + 'static>,
    {
        let logger = provider.logger_with_scope(semconv::instrumentation_scope(convention));
        Self(Arc::new(move |event| emit(&logger, event)))
    }

    /// Emits the content of a call, together with the attributes of its span.
    pub(crate) fn details(
        &self,
        span: &SpanContext,
        at: SystemTime,
        attributes: impl IntoIterator<Item = KeyValue>,
        content: &Content,
    ) {
        let attributes = attributes
            .into_iter()
            .map(|attribute| (attribute.key, value(attribute.value)));
        let parts = content::parts(content)
            .into_iter()
            .filter(|(_, part)| !part.is_empty());
        let parts = parts.map(|(name, part)| (Key::from_static_str(name), part.iter().map(json).collect()));
        self.0(Event {
            name: semconv::OPERATION_DETAILS,
            severity: Severity::Debug,
            at,
            span: span.clone(),
            attributes: attributes.chain(parts).collect(),
        });
    }

    /// Emits the error of a failed call.
    pub(crate) fn exception(&self, span: &SpanContext, at: SystemTime, kind: &str, message: &str) {
        let attributes = [
            (semconv::EXCEPTION_TYPE, kind),
            (semconv::EXCEPTION_MESSAGE, message),
        ];
        let attributes = attributes.map(|(name, text)| (Key::from_static_str(name), text.to_owned().into()));
        self.0(Event {
            name: semconv::OPERATION_EXCEPTION,
            severity: Severity::Warn,
            at,
            span: span.clone(),
            attributes: attributes.into(),
        });
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Events")
    }
}

fn emit<L: Logger>(logger: &L, event: Event) {
    if !logger.event_enabled(event.severity, env!("CARGO_PKG_NAME"), Some(event.name)) {
        return;
    }
    let mut record = logger.create_log_record();
    record.set_event_name(event.name);
    record.set_severity_number(event.severity);
    record.set_severity_text(event.severity.name());
    record.set_timestamp(event.at);
    record.set_trace_context(
        event.span.trace_id(),
        event.span.span_id(),
        Some(event.span.trace_flags()),
    );
    record.add_attributes(event.attributes);
    logger.emit(record);
}

/// Converts the value of a span attribute into that of a log attribute.
fn value(value: Value) -> AnyValue {
    match value {
        Value::Bool(value) => value.into(),
        Value::I64(value) => value.into(),
        Value::F64(value) => value.into(),
        Value::String(value) => value.into(),
        Value::Array(Array::Bool(values)) => values.into_iter().collect(),
        Value::Array(Array::I64(values)) => values.into_iter().collect(),
        Value::Array(Array::F64(values)) => values.into_iter().collect(),
        Value::Array(Array::String(values)) => values.into_iter().collect(),
        other => other.to_string().into(),
    }
}

/// Converts JSON into the value of a log attribute. There is no null: a member that is null is omitted, and
/// an item that is null becomes an empty string, so that the other items keep their positions.
fn json(value: &Json) -> AnyValue {
    match value {
        Json::Null => "".into(),
        Json::Bool(value) => (*value).into(),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => number.into(),
            (None, Some(number)) => number.into(),
            (None, None) => number.to_string().into(),
        },
        Json::String(text) => text.clone().into(),
        Json::Array(items) => items.iter().map(json).collect(),
        Json::Object(members) => {
            let members = members.iter().filter(|(_, member)| !member.is_null());
            members
                .map(|(name, member)| (name.clone(), json(member)))
                .collect()
        }
    }
}
