//! Attributes that a program says of its calls by functions.

use http::{Request, Response};
use opentelemetry::Context;
use opentelemetry_sdk::logs::{InMemoryLogExporter, SdkLoggerProvider};
use throughline_llm_layer::{CallAttributes, Capture};
use throughline_test_support::Recorder;

use crate::support::{CHAT, Chunks, HELLO, exchange, layer};

fn attributes() -> CallAttributes {
    CallAttributes::default()
        .with_compacted_conversation()
        .with_prompt_variable("city", "Paris")
        .with_prompt_variable("text", "é".repeat(100))
}

/// The attributes of interest: of the span, and of the event with the content.
fn recorded(capture: Capture) -> [Vec<String>; 2] {
    let recorder = Recorder::new();
    let exporter = InMemoryLogExporter::default();
    let provider = SdkLoggerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .build();
    let layer = layer(&recorder)
        .with_capture(capture)
        .with_content_limits(1000, 11)
        .with_logger_provider(&provider);
    let attached = Context::current_with_value(attributes()).attach();
    let request = Request::post(CHAT).body(Chunks::from_iter([HELLO])).unwrap();
    let answer = r#"{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}"#;
    exchange(&layer, request, Response::new(Chunks::from_iter([answer])));
    drop(attached);
    let is_ours = |key: &str| key.starts_with("gen_ai.prompt.") || key == "gen_ai.conversation.compacted";
    let span = recorder.spans().remove(0);
    let on_span = span
        .attributes
        .iter()
        .filter(|attribute| is_ours(attribute.key.as_str()));
    let on_span = on_span.map(|attribute| format!("{}={}", attribute.key, attribute.value));
    let records = exporter.get_emitted_logs().expect("records");
    let on_event = records.iter().flat_map(|log| log.record.attributes_iter());
    let on_event = on_event
        .filter(|(key, _)| is_ours(key.as_str()))
        .map(|(key, _)| key.to_string());
    [on_span.collect(), on_event.collect()]
}

#[test]
fn variables_of_prompts_are_recorded_where_content_is() {
    let compacted = "gen_ai.conversation.compacted=true";
    let shown = [
        compacted,
        "gen_ai.prompt.variable.city=Paris",
        "gen_ai.prompt.variable.text=ééééé",
    ];
    let keys = shown.map(|text| text.split_once('=').expect("a value").0);
    for (capture, on_span, on_event) in [
        (Capture::NoContent, &shown[..1], &[][..]),
        (Capture::SpanOnly, &shown[..], &[]),
        (Capture::EventOnly, &shown[..1], &keys),
        (Capture::SpanAndEvent, &shown[..], &keys),
    ] {
        assert_eq!(
            recorded(capture),
            [on_span, on_event],
            "{capture:?}: on the span, and on the event"
        );
    }
}

#[test]
fn debug_omits_the_values_of_variables() {
    let debug = format!("{:?}", attributes());
    assert!(debug.contains("city") && !debug.contains("Paris"), "{debug}");
}
