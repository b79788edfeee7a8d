//! Every golden exchange, and every scope, held against the tables of the GenAI conventions.
//!
//! What OpenTelemetry's conformance suite checks with weaver: names, types, requirement levels, span names and kinds, what
//! samplers see, units, buckets, and the schema of content.

mod check;
mod table;

use http::Uri;
use opentelemetry::trace::SpanKind;
use throughline_agents::scope::Scope;
use throughline_agents::{agent, tool, workflow};
use throughline_llm_layer::{Capture, Convention, LlmLayer, LlmWebSocket};

use self::check::{Witness, all_answered};
use crate::golden;
use crate::support::block_on;

#[test]
fn golden_exchanges_keep_the_conventions() {
    for convention in [Convention::Latest, Convention::V1_41, Convention::Both] {
        for case in golden::all() {
            let witness = Witness::new();
            let layer = layer(&witness).with_convention(convention);
            case.run(&layer, 0);
            let name = format!("{} by {convention:?}", case.name);
            let spans = witness.spans(&name);
            if case.name.contains("/none/") {
                assert_eq!(spans.len(), 0, "{name}: spans");
                continue;
            }
            assert_eq!(spans.len(), 1, "{name}: spans");
            assert_eq!(spans[0].span_kind, SpanKind::Client, "{name}: the kind");
            witness.check_metrics(&name);
        }
    }
}

#[test]
fn answered_calls_say_all_that_conformance_asks_for() {
    let scenarios = [
        "openai/unary",
        "openai/stream",
        "openai_responses/unary",
        "openai_responses/stream_tool",
        "anthropic/unary",
        "anthropic/stream_tool_thinking",
    ];
    let cases = golden::all();
    for scenario in scenarios {
        let case = cases.iter().find(|case| case.name.ends_with(scenario));
        let case = case.unwrap_or_else(|| panic!("no golden exchange {scenario}"));
        let witness = Witness::new();
        case.run(&layer(&witness), 0);
        all_answered(scenario, &witness.spans(scenario)[0]);
    }
}

#[test]
fn calls_over_a_websocket_keep_the_conventions() {
    for convention in [Convention::Latest, Convention::V1_41, Convention::Both] {
        let witness = Witness::new();
        let layer = layer(&witness).with_convention(convention);
        let url = Uri::from_static("wss://api.openai.com/v1/realtime?model=gpt-realtime");
        let mut socket = LlmWebSocket::new(&layer, &url);
        socket.read_client(
            r#"{"type":"response.create","response":{"output_modalities":["audio"],"temperature":0.8}}"#,
        );
        socket.read_server(
            r#"{"type":"response.created","response":{"id":"resp_1","conversation_id":"conv_1"}}"#,
        );
        socket.read_server(
            r#"{"type":"response.output_audio_transcript.delta","response_id":"resp_1","delta":"Hi"}"#,
        );
        socket.read_server(r#"{"type":"response.done","response":{"id":"resp_1","status":"completed","usage":{"total_tokens":9,"input_tokens":5,"output_tokens":4,"input_token_details":{"text_tokens":2,"audio_tokens":3,"cached_tokens":1},"output_token_details":{"text_tokens":1,"audio_tokens":3}}}}"#);
        let name = format!("a response by {convention:?}");
        let spans = witness.spans(&name);
        assert_eq!(spans.len(), 1, "{name}: spans");
        assert_eq!(spans[0].span_kind, SpanKind::Client, "{name}: the kind");
        witness.check_metrics(&name);
    }
}

#[test]
fn scopes_keep_the_conventions() {
    let witness = Witness::new();
    let seen = |scope: Scope| {
        scope
            .with_tracer_provider(witness.tracer_provider())
            .with_meter_provider(witness.meter_provider())
    };
    let layer = layer(&witness);
    let cases = golden::all();
    let case = cases.iter().find(|case| case.name.ends_with("openai/unary"));
    let case = case.expect("the case is there");
    let ask = async || case.run(&layer, 0);
    let searched = async {
        ask().await;
        Err::<(), _>("nothing found")
    };
    let planned = async {
        ask().await;
        let search = seen(tool("search"))
            .with_type("function")
            .with_capture(Capture::SpanOnly);
        let search = search.with_description("Searches.").with_arguments("rust");
        search.try_run(searched).await.expect_err("as scripted");
    };
    let planner = seen(agent("Planner").with_conversation("c-1"));
    block_on(seen(workflow("checkout")).run(planner.run(planned)));
    witness.check_metrics("scopes");
    let spans = witness.spans("scopes");
    let kinds: Vec<(&str, &SpanKind)> = spans
        .iter()
        .map(|span| (span.name.as_ref(), &span.span_kind))
        .filter(|(_, kind)| **kind != SpanKind::Client)
        .collect();
    let expected = [
        ("execute_tool search", &SpanKind::Internal),
        ("invoke_agent Planner", &SpanKind::Internal),
        ("invoke_workflow checkout", &SpanKind::Internal),
    ];
    assert_eq!(kinds, expected, "name and kind");
}

fn layer(witness: &Witness) -> LlmLayer {
    LlmLayer::new()
        .with_tracer_provider(witness.tracer_provider())
        .with_meter_provider(witness.meter_provider())
        .with_capture(Capture::SpanOnly)
}
