//! Every golden exchange, and every scope, held against the tables of the GenAI conventions.

mod check;
mod content;
mod metrics;
mod table;

use std::time::Duration;

use http::Uri;
use opentelemetry::trace::SpanKind;
use opentelemetry_sdk::trace::SpanData;
use throughline_agents::scope::Scope;
use throughline_agents::{agent, tool, workflow};
use throughline_llm_layer::{Capture, Convention, LlmLayer, LlmWebSocket, wait_idle};
use throughline_test_support::conventions::ConventionChecker;

use self::check::{GenAi, check_answered};
use crate::golden;
use crate::support::block_on;

#[test]
fn golden_exchanges_keep_the_conventions() {
    for convention in [Convention::Latest, Convention::V1_41, Convention::Both] {
        for case in golden::all() {
            let checker = ConventionChecker::new(GenAi);
            golden::run(&case, &layer(&checker).with_convention(convention), 0);
            let name = format!("{} by {convention:?}", case.name);
            let kinds: Vec<SpanKind> = spans(&checker, &name)
                .into_iter()
                .map(|span| span.span_kind)
                .collect();
            let expected = if golden::is_model_call(&case) {
                vec![SpanKind::Client]
            } else {
                Vec::new()
            };
            assert_eq!(kinds, expected, "{name}: the kinds of the spans");
            let totals = checker.check_metrics(&name);
            // `prompt_size` exists from the start.
            assert_eq!(
                totals.metrics > 1,
                golden::is_model_call(&case),
                "{name}: metrics"
            );
        }
    }
}

#[test]
fn answered_calls_have_all_that_conformance_requires() {
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
        let checker = ConventionChecker::new(GenAi);
        golden::run(case, &layer(&checker), 0);
        check_answered(scenario, &spans(&checker, scenario)[0]);
    }
}

#[test]
fn calls_over_a_websocket_keep_the_conventions() {
    for convention in [Convention::Latest, Convention::V1_41, Convention::Both] {
        let checker = ConventionChecker::new(GenAi);
        let layer = layer(&checker).with_convention(convention);
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
        let spans = spans(&checker, &name);
        assert_eq!(spans.len(), 1, "{name}: spans");
        assert_eq!(spans[0].span_kind, SpanKind::Client, "{name}: the kind");
        assert!(checker.check_metrics(&name).metrics > 0, "{name}: metrics");
    }
}

#[test]
fn scopes_keep_the_conventions() {
    let checker = ConventionChecker::new(GenAi);
    let observed = |scope: Scope| {
        scope
            .with_tracer_provider(checker.recorder().tracer_provider())
            .with_meter_provider(checker.recorder().meter_provider())
    };
    let layer = layer(&checker);
    let cases = golden::all();
    let case = cases.iter().find(|case| case.name.ends_with("openai/unary"));
    let case = case.expect("the case is there");
    let call = async || golden::run(case, &layer, 0);
    let search = async {
        call().await;
        Err::<(), _>("nothing found")
    };
    let plan = async {
        call().await;
        let tool = observed(tool("search"))
            .with_type("function")
            .with_capture(Capture::SpanOnly);
        let tool = tool.with_description("Searches.").with_arguments("rust");
        tool.try_run(search).await.expect_err("as scripted");
    };
    let planner = observed(agent("Planner").with_conversation("c-1"));
    block_on(observed(workflow("checkout")).run(planner.run(plan)));
    assert!(checker.check_metrics("scopes").metrics > 0, "there are metrics");
    let spans = spans(&checker, "scopes");
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

/// The spans of all calls so far, checked.
fn spans(checker: &ConventionChecker<GenAi>, case: &str) -> Vec<SpanData> {
    assert!(wait_idle(Duration::from_secs(60)), "{case}: recorded in time");
    checker.take_spans(case)
}

fn layer(checker: &ConventionChecker<GenAi>) -> LlmLayer {
    crate::support::layer(checker.recorder()).with_capture(Capture::SpanOnly)
}
