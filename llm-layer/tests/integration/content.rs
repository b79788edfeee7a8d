//! What of a call's text goes on its span, and the attributes of other conventions.

use http::{Request, Response};
use throughline_agents::agent;
use throughline_llm_layer::Capture;
use throughline_test_support::Recorder;

use crate::support::{CHAT, Chunks, MASKED, block_on, exchange, layer, lines_with, unary};

/// The lines of the tree that speak of content.
fn content(recorder: &Recorder) -> Vec<String> {
    let words = ["messages", "definitions", "details"];
    let tree = recorder.tree(MASKED);
    let lines = tree
        .lines()
        .filter(|line| words.iter().any(|word| line.contains(word)));
    lines.map(|line| line.trim().to_owned()).collect()
}

#[test]
fn capture() {
    let input = r#"gen_ai.input.messages="[{\"parts\":[{\"content\":\"Hello\",\"type\":\"text\"}],\"role\":\"user\"}]""#;
    let output = r#"gen_ai.output.messages="[{\"finish_reason\":\"stop\",\"parts\":[{\"content\":\"Hi\",\"type\":\"text\"}],\"role\":\"assistant\"}]""#;
    let tools = r#"gen_ai.tool.definitions="[{\"name\":\"f\",\"type\":\"function\"}]""#;
    let on_span = [format!("- {input}"), format!("- {output}"), format!("- {tools}")];
    let on_event = [format!(
        "! gen_ai.client.inference.operation.details {input} {output} {tools}"
    )];
    let cases = [
        (Capture::NoContent, vec![]),
        (Capture::SpanOnly, on_span.to_vec()),
        (Capture::EventOnly, on_event.to_vec()),
        (Capture::SpanAndEvent, [on_span.as_slice(), &on_event].concat()),
    ];
    for (capture, expected) in cases {
        let recorder = Recorder::new();
        unary(&layer(&recorder).with_capture(capture));
        assert_eq!(content(&recorder), expected, "{capture:?}");
    }
    let recorder = Recorder::new();
    let redacted = layer(&recorder).with_capture(Capture::SpanOnly);
    unary(&redacted.with_redaction(|content| content.input.clear()));
    assert_eq!(content(&recorder), on_span[1..], "redacted");
    let recorder = Recorder::new();
    let broken = layer(&recorder).with_capture(Capture::SpanOnly);
    unary(&broken.with_redaction(|_| panic!("on purpose")));
    assert_eq!(content(&recorder), Vec::<String>::new(), "a hook that panics");
    assert!(
        recorder.tree(MASKED).contains("output_tokens=2"),
        "changes nothing else"
    );
}

#[test]
fn openinference() {
    let recorder = Recorder::new();
    let layer = layer(&recorder)
        .with_openinference(true)
        .with_capture(Capture::SpanOnly);
    let agent = agent("a")
        .with_tracer_provider(recorder.tracer_provider())
        .with_conversation("c-1");
    block_on(agent.run(async { unary(&layer) }));
    let expected = [
        r#"input.mime_type="application/json""#,
        r#"input.value="[{\"parts\":[{\"content\":\"Hello\",\"type\":\"text\"}],\"role\":\"user\"}]""#,
        r#"llm.input_messages.0.message.content="Hello""#,
        r#"llm.input_messages.0.message.role="user""#,
        r#"llm.invocation_parameters="{\"temperature\":0.5}""#,
        r#"llm.model_name="m""#,
        r#"llm.output_messages.0.message.content="Hi""#,
        r#"llm.output_messages.0.message.role="assistant""#,
        r#"llm.provider="openai""#,
        "llm.token_count.completion=2",
        "llm.token_count.prompt=8",
        "llm.token_count.total=10",
        r#"openinference.span.kind="LLM""#,
        r#"output.mime_type="application/json""#,
        r#"output.value="[{\"finish_reason\":\"stop\",\"parts\":[{\"content\":\"Hi\",\"type\":\"text\"}],\"role\":\"assistant\"}]""#,
        r#"session.id="c-1""#,
    ];
    let prefixes = ["input.", "output.", "llm.", "openinference", "session"];
    assert_eq!(lines_with(&recorder, &prefixes), expected);
}

#[test]
fn legacy_attributes() {
    let recorder = Recorder::new();
    unary(
        &layer(&recorder)
            .with_legacy_attributes(true)
            .with_capture(Capture::SpanOnly),
    );
    let expected = [
        "llm.input_tokens=8",
        r#"llm.model="gpt-4o""#,
        "llm.output_tokens=2",
        "llm.prompt_length=7",
        "llm.temperature=0.5",
        "llm.total_tokens=10",
        "output_size=2",
        r#"prompt="[{\"role\": \"user\", \"content\": \"Hello\"}]""#,
        "prompt_size=8",
    ];
    assert_eq!(
        lines_with(&recorder, &["llm.", "prompt", "output_size"]),
        expected
    );
}

/// It is the request's own JSON, images and all.
#[test]
fn a_prompt_with_an_image_is_no_legacy_attribute() {
    let recorder = Recorder::new();
    let layer = layer(&recorder)
        .with_legacy_attributes(true)
        .with_openinference(true)
        .with_capture(Capture::SpanAndEvent);
    let body = r#"{"model":"gpt-4o","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,aGVsbG8="}}]}]}"#;
    let request = Request::post(CHAT).body(Chunks::from_iter([body])).unwrap();
    exchange(&layer, request, Response::new(Chunks::from_iter(["{}"])));
    let tree = recorder.tree(MASKED);
    assert!(tree.contains("encoded_length"), "it is seen from outside: {tree}");
    assert!(!tree.contains("aGVsbG8="), "and nowhere else: {tree}");
}

/// The parts of an answer used to be taken for alternatives where no alternatives are.
#[test]
fn an_answer_of_several_parts_is_one_message() {
    let cases = [
        (
            "https://api.anthropic.com/v1/messages",
            r#"{"model":"m","max_tokens":9,"messages":[]}"#,
            r#"{"content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"Hi"}],"stop_reason":"end_turn"}"#,
            "end_turn",
        ),
        (
            "https://api.openai.com/v1/responses",
            r#"{"model":"m","input":"x"}"#,
            r#"{"status":"completed","output":[{"type":"reasoning","summary":[{"text":"hm"}]},{"type":"message","content":[{"text":"Hi"}]}]}"#,
            "stop",
        ),
        (
            "https://bedrock-runtime.us-east-1.amazonaws.com/model/m/converse",
            r#"{"messages":[]}"#,
            r#"{"output":{"message":{"content":[{"reasoningContent":{"reasoningText":{"text":"hm"}}},{"text":"Hi"}]}},"stopReason":"end_turn"}"#,
            "end_turn",
        ),
    ];
    let gemini = [(
        "https://generativelanguage.googleapis.com/v1beta/models/m:streamGenerateContent",
        r#"{"contents":[]}"#,
        r#"[{"candidates":[{"content":{"parts":[{"text":"h","thought":true}]}}]},{"candidates":[{"content":{"parts":[{"text":"m","thought":true},{"text":"H"}]}}]},{"candidates":[{"content":{"parts":[{"text":"i","thought":false}]},"finishReason":"STOP"}]}]"#,
        "STOP",
    )];
    for (uri, body, answer, reason) in cases.into_iter().chain(gemini) {
        let recorder = Recorder::new();
        let layer = layer(&recorder).with_capture(Capture::SpanOnly);
        let request = Request::post(uri).body(Chunks::from_iter([body])).unwrap();
        exchange(&layer, request, Response::new(Chunks::from_iter([answer])));
        let expected = format!(
            r#"gen_ai.output.messages="[{{\"finish_reason\":\"{reason}\",\"parts\":[{{\"content\":\"hm\",\"type\":\"reasoning\"}},{{\"content\":\"Hi\",\"type\":\"text\"}}],\"role\":\"assistant\"}}]""#
        );
        let seen = lines_with(&recorder, &["gen_ai.output.messages"]);
        assert_eq!(seen, [expected], "{uri}");
    }
}

/// Of arguments that came as an object, everything but the strings at its root used to be lost.
#[test]
fn a_tools_arguments_are_kept_as_they_were_sent() {
    let arguments = r#"{"city":"Oslo","days":2,"near":[{"far":false,"name":"Moss"},null],"why":""}"#;
    let cases = [
        (
            "https://api.anthropic.com/v1/messages",
            r#"{"model":"m","max_tokens":9,"messages":[]}"#,
            r#"{"content":[{"type":"tool_use","name":"f","input":ARGUMENTS}],"stop_reason":"s"}"#,
        ),
        (
            "https://x.test/api/chat",
            r#"{"model":"m","messages":[],"stream":false}"#,
            r#"{"message":{"tool_calls":[{"function":{"name":"f","arguments":ARGUMENTS}}]},"done":true,"done_reason":"s"}"#,
        ),
        (
            "https://x.test/v1/models/m:generateContent",
            r#"{"contents":[]}"#,
            r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":ARGUMENTS}}]},"finishReason":"s"}]}"#,
        ),
        (
            "https://x.test/model/m/converse",
            r#"{"messages":[]}"#,
            r#"{"output":{"message":{"content":[{"toolUse":{"name":"f","input":ARGUMENTS}}]}},"stopReason":"s"}"#,
        ),
        (
            "https://x.test/v1beta/interactions",
            r#"{"model":"m","input":"x"}"#,
            r#"{"status":"incomplete","steps":[{"type":"function_call","name":"f","arguments":ARGUMENTS}]}"#,
        ),
    ];
    for (uri, body, answer) in cases {
        let recorder = Recorder::new();
        let layer = layer(&recorder).with_capture(Capture::SpanOnly);
        let request = Request::post(uri).body(Chunks::from_iter([body])).unwrap();
        let answer = answer.replace("ARGUMENTS", arguments);
        exchange(&layer, request, Response::new(Chunks::from_iter([answer])));
        let seen = lines_with(&recorder, &["gen_ai.output.messages"]).concat();
        let part = format!("{{\"arguments\":{arguments},\"name\":\"f\",\"type\":\"tool_call\"}}");
        assert!(seen.replace("\\\"", "\"").contains(&part), "{uri}: {seen}");
    }
}
