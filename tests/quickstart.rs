//! Runs `examples/quickstart` like a user.

use std::sync::{Arc, Mutex};

use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::json;
use throughline_test_support::process::{collected, example_with, run};
use throughline_test_support::{VARYING, serve};
use tokio::process::Command;

const QUERY: &str = "Which product sold most?";
const ANSWER: &str = "By the sales table: chair: 1250, desk: 5200, lamp: 1500.";

fn quickstart(arguments: &[&str]) -> Command {
    example_with("quickstart", arguments)
}

#[tokio::test]
async fn the_console_shows_everything() {
    let ran = run(quickstart(&["--exporter", "console"])).await;
    assert_eq!(ran.code, Some(0), "exit code; {}", ran.err);
    for part in [
        "By the sales table: north: 10150, south: 7450, west: 5600.",
        "POST /task",
        "invoke_agent Planner",
        "invoke_agent CodeInterpreter",
        "invoke_agent CodeGenerator",
        "execute_tool Executor",
        "chat scripted",
        "tokens by role",
        "prompt_size",
    ] {
        assert!(ran.out.contains(part), "the output lacks {part:?}:\n{}", ran.out);
    }
    assert!(
        !ran.out.contains('\u{1b}'),
        "no colour where standard output is no terminal:\n{}",
        ran.out
    );
}

/// A terminal has 24 lines of 80 columns, of which one is the command and one is the next prompt. The answer
/// used to scroll off, behind a table of metrics.
#[tokio::test]
async fn one_screen_shows_the_answer_and_the_tree() {
    let mut command = quickstart(&[]);
    command.env("COLUMNS", "80");
    let ran = run(command).await;
    assert_eq!(ran.code, Some(0), "exit code; {}", ran.err);
    let screen: Vec<&str> = ran.out.lines().collect();
    assert!(screen.len() <= 22, "it fits on the screen:\n{}", ran.out);
    let wide = screen.iter().find(|line| line.chars().count() > 80);
    assert_eq!(wide, None, "no line is wider than the screen:\n{}", ran.out);
    let names = [
        "By the sales table: north: 10150, south: 7450, west: 5600.",
        "trace ",
        "POST /task",
        "invoke_agent Planner",
        "chat scripted",
        "POST",
        "invoke_agent CodeInterpre…",
        "invoke_agent CodeGener…",
        "chat scripted",
        "POST",
        "execute_tool Executor",
        "chat scripted",
        "POST",
        "tokens by role",
        "total",
    ];
    let mut lines = screen.iter();
    for name in names {
        assert!(
            lines.any(|line| line.contains(name)),
            "{name:?} is missing or not in its place:\n{}",
            screen.join("\n")
        );
    }
}

#[tokio::test]
async fn without_tracing_the_answer_is_unchanged_and_nothing_is_exported() {
    let (quiet, collector) = collected(quickstart(&["run", QUERY])).await;
    assert_eq!(
        (quiet.code, quiet.out.trim()),
        (Some(0), ANSWER),
        "untraced; {}",
        quiet.err
    );
    assert_eq!(
        collector.spans().len(),
        0,
        "nothing is exported without --tracing"
    );
    let traced = run(quickstart(&["run", QUERY, "--tracing"])).await;
    assert_eq!(traced.code, Some(0), "traced; {}", traced.err);
    assert!(
        traced.out.contains(ANSWER),
        "the answer is the same:\n{}",
        traced.out
    );
}

#[tokio::test]
async fn whole_tree_arrives() {
    let (ran, collector) = collected(quickstart(&["run", QUERY, "--tracing"])).await;
    assert_eq!((ran.code, ran.out.trim()), (Some(0), ANSWER), "{}", ran.err);
    assert_eq!(collector.traces().len(), 1, "one trace");
    let expected = include_str!("quickstart_tree.txt");
    assert_eq!(
        collector.tree(VARYING),
        expected,
        "the whole tree, value by value"
    );
    let counted = collector.counter("prompt_size");
    assert_eq!(
        counted,
        ["direction=\"input\" 93", "direction=\"output\" 18"],
        "tokens of the three calls"
    );
}

#[tokio::test]
async fn content_is_recorded_only_if_capture_is_enabled() {
    let said = [
        // The posts between the roles, as their input and output.
        ("Internal invoke_agent Planner", r#"\"name\":\"User\""#),
        (
            "Internal invoke_agent Planner",
            r#"\"content\":\"Which product sold most?\""#,
        ),
        ("Internal invoke_agent Planner", "By the sales table: chair: 1250"),
        (
            "Internal invoke_agent CodeInterpreter",
            "Compute the max of amount by product.",
        ),
        ("Internal invoke_agent CodeInterpreter", "chair: 1250, desk: 5200"),
        // The generated plan, on the spans of its author and of its execution.
        (
            "Internal invoke_agent CodeGenerator",
            r#"\\\"operation\\\":\\\"max\\\""#,
        ),
        (
            "Internal execute_tool Executor",
            r#"gen_ai.tool.call.arguments="{\"operation\":\"max\",\"group_by\":\"product\"}""#,
        ),
        (
            "Internal execute_tool Executor",
            r#"gen_ai.tool.call.result="chair: 1250, desk: 5200, lamp: 1500""#,
        ),
        // The prompt and the answer of a model call.
        ("Client chat scripted", "You are the CodeGenerator."),
    ];
    let variable = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT";
    let cases: [(&[&str], &str, bool); 4] = [
        (&["--capture"], "", true),
        (&[], "true", true),
        (&[], "NO_CONTENT", false),
        (&[], "", false),
    ];
    for (arguments, choice, captured) in cases {
        let mut command = quickstart(&["run", QUERY, "--tracing"]);
        command.args(arguments);
        command.envs((!choice.is_empty()).then_some((variable, choice)));
        let (ran, collector) = collected(command).await;
        assert_eq!(ran.code, Some(0), "{arguments:?} {choice}: {}", ran.err);
        let tree = collector.tree(VARYING);
        for (span, part) in said {
            let spans = tree.split("\n").scan("", |span, line| {
                let line = line.trim_start();
                *span = if line.starts_with("- ") { span } else { line };
                Some((*span, line))
            });
            let found = spans
                .into_iter()
                .any(|(on, line)| on == span && line.contains(part));
            assert_eq!(
                found, captured,
                "{arguments:?} {choice}: {span} says {part}:\n{tree}"
            );
        }
    }
}

#[tokio::test]
async fn model_failures_are_reported() {
    let unreachable = ["--model-url", "http://127.0.0.1:9/v1"];
    let cases: [(&[&str], &str, &str); 6] = [
        (
            &["--model", "scripted-401"],
            "401 Unauthorized: Incorrect API key provided.",
            "invalid_api_key",
        ),
        (
            &["--model", "scripted-429"],
            "429 Too Many Requests: Rate limit reached.",
            "rate_limit_exceeded",
        ),
        (
            &["--model", "scripted-500"],
            "500 Internal Server Error: The model failed.",
            "server_error",
        ),
        (
            &["--model", "scripted-nonsense"],
            "is not a chat completion",
            "malformed_response",
        ),
        (
            &["--model", "scripted-cut"],
            "was interrupted: ",
            "unexpected_eof",
        ),
        (
            &unreachable,
            "cannot be reached: Connection refused",
            "connection_refused",
        ),
    ];
    for (arguments, message, error_type) in cases {
        let all = [&["run", QUERY, "--tracing"], arguments].concat();
        let (ran, collector) = collected(quickstart(&all)).await;
        assert_eq!(ran.code, Some(1), "{arguments:?}: exit code");
        assert!(
            ran.err.contains(message),
            "{arguments:?}: the error lacks {message:?}: {}",
            ran.err
        );
        assert_eq!(ran.out.trim(), "", "{arguments:?}: no answer");
        let tree = collector.tree(VARYING);
        let attribute = format!("error.type=\"{error_type}\"");
        assert!(
            tree.contains(&attribute),
            "{arguments:?}: no span has {attribute}:\n{tree}"
        );
    }
}

#[tokio::test]
async fn traceparent_continues_in_every_outgoing_call() {
    let seen: Arc<Mutex<Vec<HeaderMap>>> = Arc::default();
    let log = Arc::clone(&seen);
    let model = post(move |headers: HeaderMap| async move {
        log.lock().unwrap_or_else(|_| panic!("the log")).push(headers);
        (
            StatusCode::SERVICE_UNAVAILABLE,
            Json(json!({ "error": { "message": "closed" } })),
        )
    });
    let address = serve(Router::new().route("/v1/chat/completions", model)).await;
    let url = format!("http://{address}/v1");

    for tracing in [true, false] {
        let mut command = quickstart(&["run", QUERY, "--model-url", &url]);
        command.args(tracing.then_some("--tracing"));
        command.env(
            "TRACEPARENT",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        );
        command
            .env("TRACESTATE", "vendor=1")
            .env("OPENAI_API_KEY", "secret");
        let ran = run(command).await;
        assert_eq!(ran.code, Some(1), "this model answers nothing but 503");
        let calls = std::mem::take(&mut *seen.lock().unwrap_or_else(|_| panic!("the log")));
        assert_eq!(calls.len(), 1, "tracing {tracing}: one outgoing call");
        for headers in calls {
            let traceparent = headers["traceparent"].to_str().expect("text");
            let same_span = traceparent.contains("-b7ad6b7169203331-");
            assert!(
                traceparent.starts_with("00-0af7651916cd43dd8448eb211c80319c-"),
                "{traceparent}"
            );
            assert!(traceparent.ends_with("-01"), "the sampled flag: {traceparent}");
            assert_eq!(
                same_span, !tracing,
                "the parent is the HTTP span, if there is one: {traceparent}"
            );
            assert_eq!(headers["tracestate"], "vendor=1", "the state of other vendors");
            assert_eq!(
                headers["authorization"], "Bearer secret",
                "the key goes to the model"
            );
            assert!(
                !format!("{}{}", ran.out, ran.err).contains("secret"),
                "and nowhere else: {}",
                ran.out
            );
        }
    }
}

#[tokio::test]
async fn unreachable_collector_is_reported_and_the_answer_is_unchanged() {
    for endpoint in ["http://127.0.0.1:9", "http://127.0.0.1:9/v1/traces"] {
        let ran = run(quickstart(&[
            "run",
            QUERY,
            "--tracing",
            "--otlp-endpoint",
            endpoint,
        ]))
        .await;
        assert_eq!(
            (ran.code, ran.out.trim()),
            (Some(0), ANSWER),
            "{endpoint}: {}",
            ran.err
        );
        assert!(
            ran.err.contains(endpoint.trim_end_matches("/v1/traces")),
            "{endpoint}: the place: {}",
            ran.err
        );
    }
}

#[tokio::test]
async fn invalid_arguments_are_reported() {
    let bad_url = run(quickstart(&["run", QUERY, "--model-url", "nowhere"])).await;
    assert_eq!(bad_url.code, Some(1), "a bad URL");
    let expected = "expected a URL such as http://127.0.0.1:8080/v1";
    assert!(
        bad_url.err.contains("nowhere") && bad_url.err.contains(expected),
        "{}",
        bad_url.err
    );
    let both = run(quickstart(&[
        "--file",
        "f",
        "--otlp-endpoint",
        "http://127.0.0.1:9",
    ]))
    .await;
    assert_eq!(both.code, Some(2), "two places: {}", both.err);
    let bad_exporter = run(quickstart(&["--exporter", "pigeon"])).await;
    assert_eq!(bad_exporter.code, Some(2), "an unknown exporter");
    assert!(
        bad_exporter
            .err
            .contains("[possible values: console, otlp, file, prometheus]"),
        "{}",
        bad_exporter.err
    );
}

/// The endpoint used to be ignored in silence.
#[tokio::test]
async fn an_endpoint_without_tracing_is_noted() {
    let arguments = ["run", QUERY, "--otlp-endpoint", "http://127.0.0.1:1"];
    let ran = run(quickstart(&arguments)).await;
    let note = "note: --otlp-endpoint has no effect, since nothing is traced: add --tracing";
    assert_eq!(
        (ran.code, ran.out.trim(), ran.err.trim()),
        (Some(0), ANSWER, note),
        "untraced"
    );
}
