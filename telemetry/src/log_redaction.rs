//! Removes secrets from log records of any code.
//!
//! Programs log the errors of failed requests, and the error of an HTTP client contains the URL, possibly
//! with a key in its query. Therefore, all text in a record is redacted before it reaches an exporter. The
//! attributes of a record cannot be changed in place, so the few records with a secret are rebuilt.

use std::borrow::Cow;
use std::time::Duration;

use opentelemetry::logs::{AnyValue, LogRecord, Logger, LoggerProvider, Severity};
use opentelemetry::{InstrumentationScope, Key};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogProcessor, SdkLogRecord, SdkLogger, SdkLoggerProvider};
use throughline_tracing_layer::redaction::{REDACTED, is_secret_name, redact};

/// The first processor.
#[derive(Debug)]
pub(crate) struct LogRedaction {
    /// Creates the new records. It emits none.
    factory: SdkLogger,
}

impl LogRedaction {
    pub(crate) fn new() -> Self {
        Self {
            factory: SdkLoggerProvider::builder().build().logger(""),
        }
    }

    fn rebuilt(&self, record: &SdkLogRecord) -> SdkLogRecord {
        let mut remade = self.factory.create_log_record();
        if let Some(name) = record.event_name() {
            remade.set_event_name(name);
        }
        if let Some(target) = record.target() {
            remade.set_target(target.clone());
        }
        if let Some(timestamp) = record.timestamp() {
            remade.set_timestamp(timestamp);
        }
        if let Some(timestamp) = record.observed_timestamp() {
            remade.set_observed_timestamp(timestamp);
        }
        if let Some(text) = record.severity_text() {
            remade.set_severity_text(text);
        }
        if let Some(severity) = record.severity_number() {
            remade.set_severity_number(severity);
        }
        if let Some(cx) = record.trace_context() {
            remade.set_trace_context(cx.trace_id, cx.span_id, cx.trace_flags);
        }
        if let Some(body) = record.body() {
            remade.set_body(redacted(body).unwrap_or_else(|| body.clone()));
        }
        for (key, value) in record.attributes_iter() {
            let shown = redacted_attribute(key, value).unwrap_or_else(|| value.clone());
            remade.add_attribute(key.clone(), shown);
        }
        remade
    }
}

#[deny(clippy::missing_trait_methods)]
impl LogProcessor for LogRedaction {
    fn emit(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) {
        // The layers redact their own records. Captured content is not changed, because the user configures
        // it.
        if scope.name().starts_with("throughline") {
            return;
        }
        let has_secret = record.body().is_some_and(|body| redacted(body).is_some())
            || record
                .attributes_iter()
                .any(|(key, value)| redacted_attribute(key, value).is_some());
        if has_secret {
            *record = self.rebuilt(record);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown(&self) -> OTelSdkResult {
        Ok(())
    }

    /// This processor does not enable any records itself.
    fn event_enabled(&self, _: Severity, _: &str, _: Option<&str>) -> bool {
        false
    }

    fn set_resource(&mut self, _: &opentelemetry_sdk::Resource) {}
}

fn redacted_attribute(key: &Key, value: &AnyValue) -> Option<AnyValue> {
    match value {
        AnyValue::String(text) if is_secret_name(key.as_str()) && text.as_str() != REDACTED => {
            Some(REDACTED.into())
        }
        value => redacted(value),
    }
}

/// Returns the value without its secrets, or `None` if it has none.
fn redacted(value: &AnyValue) -> Option<AnyValue> {
    match value {
        AnyValue::String(text) => match redact(text.as_str()) {
            Cow::Borrowed(_) => None,
            Cow::Owned(text) => Some(text.into()),
        },
        AnyValue::ListAny(items) => {
            let shown: Vec<_> = items.iter().map(redacted).collect();
            let changed = shown.iter().any(Option::is_some);
            let pairs = shown.into_iter().zip(items.iter());
            changed.then(|| {
                AnyValue::ListAny(Box::new(
                    pairs
                        .map(|(shown, item)| shown.unwrap_or_else(|| item.clone()))
                        .collect(),
                ))
            })
        }
        AnyValue::Map(members) => {
            let mut shown = None;
            for (key, value) in members.iter() {
                if let Some(value) = redacted_attribute(key, value) {
                    shown
                        .get_or_insert_with(|| members.clone())
                        .insert(key.clone(), value);
                }
            }
            shown.map(AnyValue::Map)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::time::SystemTime;

    use opentelemetry::trace::{SpanId, TraceFlags, TraceId};
    use opentelemetry_sdk::logs::InMemoryLogExporter;

    use super::*;

    const SECRET: &str = "S3cr3tV4lue";

    fn emitted(scope: &'static str, write: impl FnOnce(&mut SdkLogRecord)) -> SdkLogRecord {
        let exporter = InMemoryLogExporter::default();
        let provider = SdkLoggerProvider::builder()
            .with_log_processor(LogRedaction::new())
            .with_simple_exporter(exporter.clone())
            .build();
        let logger = provider.logger(scope);
        let mut record = logger.create_log_record();
        write(&mut record);
        logger.emit(record);
        let mut records = exporter.get_emitted_logs().expect("records");
        records.remove(0).record
    }

    #[test]
    fn no_secret_of_a_record_is_exported() {
        let url = format!("error for url (https://h/v1?key={SECRET})");
        let map = |key: &'static str, text: String| {
            AnyValue::Map(Box::new(HashMap::from([(Key::new(key), AnyValue::from(text))])))
        };
        let cases: [(&str, AnyValue, AnyValue); 6] = [
            (
                "error",
                url.clone().into(),
                "error for url (https://h/v1?REDACTED)".into(),
            ),
            ("api_key", SECRET.into(), REDACTED.into()),
            (
                "header",
                format!("Authorization: Bearer {SECRET}").into(),
                "Authorization: REDACTED".into(),
            ),
            (
                "errors",
                AnyValue::ListAny(Box::new(vec![url.clone().into(), 7.into()])),
                AnyValue::ListAny(Box::new(vec![
                    "error for url (https://h/v1?REDACTED)".into(),
                    7.into(),
                ])),
            ),
            (
                "request",
                map("password", SECRET.into()),
                map("password", REDACTED.into()),
            ),
            (
                "request",
                map("path", "/users/7".into()),
                map("path", "/users/7".into()),
            ),
        ];
        for (key, value, expected) in cases {
            let record = emitted("app", |record| {
                record.set_body(format!("GET /v1?key={SECRET}").into());
                record.add_attribute(key, value);
                record.add_attribute("n", 7);
            });
            assert_eq!(
                record.body(),
                Some(&"GET /v1?REDACTED".into()),
                "the body beside {key}"
            );
            let attributes: Vec<_> = record.attributes_iter().cloned().collect();
            assert_eq!(
                attributes,
                [(Key::new(key), expected), (Key::new("n"), 7.into())],
                "{key}"
            );
            assert!(!format!("{record:?}").contains(SECRET), "{key}: {record:?}");
        }
    }

    #[test]
    fn other_fields_of_a_record_are_unchanged() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(7);
        let (trace, span) = (TraceId::from(1_u128), SpanId::from(2_u64));
        for body in ["GET /v1?key=S3cr3tV4lue", "nothing to hide"] {
            let record = emitted("app", |record| {
                record.set_event_name("failed");
                record.set_target("app::client");
                record.set_timestamp(at);
                record.set_observed_timestamp(at);
                record.set_severity_text("ERROR");
                record.set_severity_number(Severity::Error);
                record.set_trace_context(trace, span, Some(TraceFlags::SAMPLED));
                record.set_body(body.into());
            });
            assert_eq!(record.event_name(), Some("failed"), "{body}: the event's name");
            assert_eq!(
                record.target().map(AsRef::as_ref),
                Some("app::client"),
                "{body}: the target"
            );
            assert_eq!(
                (record.timestamp(), record.observed_timestamp()),
                (Some(at), Some(at)),
                "{body}: the times"
            );
            assert_eq!(
                record.severity_text(),
                Some("ERROR"),
                "{body}: the severity's text"
            );
            assert_eq!(
                record.severity_number(),
                Some(Severity::Error),
                "{body}: the severity"
            );
            let cx = record.trace_context().expect("a context");
            assert_eq!(
                (cx.trace_id, cx.span_id, cx.trace_flags),
                (trace, span, Some(TraceFlags::SAMPLED)),
                "{body}: the ids"
            );
        }
    }

    #[test]
    fn captured_content_is_not_changed() {
        let text = "Why is https://h/?key=S3cr3tV4lue refused?";
        let record = emitted("throughline-llm-layer", |record| record.set_body(text.into()));
        assert_eq!(record.body(), Some(&text.into()), "the content");
    }
}
