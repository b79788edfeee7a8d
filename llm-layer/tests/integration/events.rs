//! The conventions' events as log records.

use std::collections::BTreeMap;

use http::{Request, Response};
use opentelemetry::logs::AnyValue;
use opentelemetry_sdk::logs::{InMemoryLogExporter, SdkLoggerProvider};
use throughline_llm_layer::Capture;
use throughline_test_support::Recorder;

use super::support::{CHAT, Chunks, HELLO, exchange, layer};

/// What a call with these settings logs: severity, name and attributes of each record, and whether it names
/// the span.
fn logged(capture: Capture, status: u16, answer: &'static str) -> Vec<(String, BTreeMap<String, String>)> {
    let recorder = Recorder::new();
    let exporter = InMemoryLogExporter::default();
    let provider = SdkLoggerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .build();
    let layer = layer(&recorder)
        .with_capture(capture)
        .with_logger_provider(&provider);
    let request = Request::post(CHAT).body(Chunks::from_iter([HELLO])).unwrap();
    let response = Response::builder().status(status);
    exchange(
        &layer,
        request,
        response.body(Chunks::from_iter([answer])).unwrap(),
    );
    let span = recorder.spans().remove(0);
    assert!(span.events.events.is_empty(), "the span has no events too");
    let records = exporter.get_emitted_logs().unwrap();
    let records = records.into_iter().map(|log| {
        let record = log.record;
        let ids = record.trace_context().expect("the span's ids");
        assert_eq!(
            (ids.trace_id, ids.span_id),
            (span.span_context.trace_id(), span.span_context.span_id()),
            "the call's span"
        );
        assert_eq!(record.timestamp(), Some(span.end_time), "when the call ended");
        let attributes = record.attributes_iter();
        let attributes = attributes.map(|(name, value)| (name.to_string(), text(value)));
        let name = format!(
            "{} {}",
            record.severity_text().unwrap_or_default(),
            record.event_name().unwrap_or_default()
        );
        (name, attributes.collect())
    });
    records.collect()
}

fn text(value: &AnyValue) -> String {
    match value {
        AnyValue::Int(value) => value.to_string(),
        AnyValue::Double(value) => value.to_string(),
        AnyValue::Boolean(value) => value.to_string(),
        AnyValue::String(value) => value.to_string(),
        AnyValue::ListAny(items) => format!("[{}]", items.iter().map(text).collect::<Vec<_>>().join(", ")),
        AnyValue::Map(members) => {
            let members: BTreeMap<_, _> = members
                .iter()
                .map(|(name, member)| (name.as_str(), text(member)))
                .collect();
            format!("{members:?}")
        }
        other => panic!("{other:?} is no value of ours"),
    }
}

const ANSWER: &str = r#"{"id":"c1","choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":8,"completion_tokens":1}}"#;

#[test]
fn content_goes_into_a_structured_record() {
    let mut logged = logged(Capture::EventOnly, 200, ANSWER);
    let (name, attributes) = logged.remove(0);
    assert_eq!(
        name, "DEBUG gen_ai.client.inference.operation.details",
        "the event"
    );
    assert!(logged.is_empty(), "one record");
    let expected = [
        ("gen_ai.operation.name", "chat"),
        ("gen_ai.request.model", "gpt-4o"),
        ("gen_ai.response.id", "c1"),
        ("gen_ai.response.finish_reasons", "[stop]"),
        ("gen_ai.usage.input_tokens", "8"),
        ("server.port", "443"),
        (
            "gen_ai.input.messages",
            r#"[{"parts": "[{\"content\": \"Hello\", \"type\": \"text\"}]", "role": "user"}]"#,
        ),
        (
            "gen_ai.output.messages",
            r#"[{"finish_reason": "stop", "parts": "[{\"content\": \"Hi\", \"type\": \"text\"}]", "role": "assistant"}]"#,
        ),
    ];
    for (name, value) in expected {
        assert_eq!(attributes.get(name).map(String::as_str), Some(value), "{name}");
    }
}

#[test]
fn a_failure_is_told() {
    let refused = r#"{"error":{"code":"rate_limit_exceeded","message":"slow down"}}"#;
    let logged = logged(Capture::NoContent, 429, refused);
    let attributes = [
        ("exception.type", "rate_limit_exceeded"),
        (
            "exception.message",
            "the provider answered 429: rate_limit_exceeded",
        ),
    ];
    let attributes = attributes.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let expected = (
        "WARN gen_ai.client.operation.exception".to_owned(),
        attributes.into(),
    );
    assert_eq!(logged, [expected], "what failed, and no content");
}

#[test]
fn nothing_is_told_of_a_call_that_went_well() {
    for capture in [Capture::NoContent, Capture::SpanOnly] {
        assert_eq!(logged(capture, 200, ANSWER), [], "{capture:?}");
    }
}

/// Runs itself again in a process with the variables set, as they are read when a layer is made.
#[test]
fn the_environment_chooses() {
    const CHILD: &str = "THROUGHLINE_TEST_CHILD";
    if std::env::var_os(CHILD).is_none() {
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "events::the_environment_chooses"])
            .env(CHILD, "1")
            .env("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "span_only")
            .env("OTEL_SEMCONV_STABILITY_OPT_IN", "http, gen_ai")
            .output()
            .unwrap();
        let printed = String::from_utf8_lossy(&child.stdout);
        assert!(
            child.status.success() && printed.contains("1 passed"),
            "{printed}"
        );
        return;
    }
    let recorder = Recorder::new();
    let request = Request::post(CHAT).body(Chunks::from_iter([HELLO])).unwrap();
    exchange(
        &layer(&recorder),
        request,
        Response::new(Chunks::from_iter([ANSWER])),
    );
    let attributes = recorder.spans().remove(0).attributes.into_iter();
    let messages: Vec<_> = attributes
        .filter(|attribute| attribute.key.as_str() == "gen_ai.output.messages")
        .collect();
    assert_eq!(messages.len(), 1, "content on the span");
    let metrics = recorder.metrics();
    let has = |name: &str| metrics.iter().any(|line| line.starts_with(name));
    assert!(has("gen_ai.client.token.usage{"), "the old conventions");
    assert!(!has("gen_ai.client.inference.duration{"), "and not the new ones");
}
