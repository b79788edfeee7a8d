//! Runs `examples/existing_service` like a user.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use serde_json::{Value, json};
use throughline_test_support::process::{Ran, collected, example_with, expect_help, run};
use throughline_test_support::{VARYING, hex, serve};
use tokio::process::Command;

fn existing_service(arguments: &[&str]) -> Command {
    example_with("existing_service", arguments)
}

/// Starts a rates service with this answer. Returns its base URL and the headers of each request.
async fn rates(status: StatusCode, answer: &'static str) -> (String, Arc<Mutex<Vec<HeaderMap>>>) {
    let seen: Arc<Mutex<Vec<HeaderMap>>> = Arc::default();
    let log = Arc::clone(&seen);
    let rate = get(async move |headers: HeaderMap| {
        log.lock().expect("the log").push(headers);
        (status, answer)
    });
    let address = serve(Router::new().route("/rates/usd", rate)).await;
    (format!("http://{address}"), seen)
}

/// Returns the log lines of the service.
fn logs(ran: &Ran) -> Vec<Value> {
    let lines = ran.err.lines().filter(|line| line.starts_with('{'));
    lines
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect()
}

#[tokio::test]
async fn trace_continues_in_the_rates_service() {
    let (rates_url, seen) = rates(StatusCode::OK, r#"{"rate":2}"#).await;
    let (ran, collector) = collected(existing_service(&["--rates-url", &rates_url])).await;
    assert_eq!(
        (ran.code, ran.out.trim()),
        (Some(0), "desk for 900.0 dollars"),
        "{}",
        ran.err
    );
    let expected = include_str!("existing_service_tree.txt");
    assert_eq!(
        collector.tree_of_services(&[VARYING, &["code.line.number"]].concat()),
        expected,
        "the whole tree, value by value"
    );
    let spans = collector.spans();
    let client = spans
        .iter()
        .find(|span| span.name == "GET")
        .expect("the client's span");
    let traceparent = format!("00-{}-{}-01", hex(&client.trace_id), hex(&client.span_id));
    let seen: Vec<_> = seen
        .lock()
        .expect("the log")
        .iter()
        .map(|headers| headers["traceparent"].clone())
        .collect();
    assert_eq!(
        seen,
        [traceparent.as_str()],
        "one request for the rate, in the client's span"
    );
}

#[tokio::test]
async fn logs_are_unchanged_except_for_trace_ids() {
    let (ran, collector) = collected(existing_service(&[])).await;
    assert_eq!(
        (ran.code, ran.out.trim()),
        (Some(0), "desk for 675.0 dollars"),
        "{}",
        ran.err
    );
    let spans = collector.spans();
    let server = spans
        .iter()
        .find(|span| span.parent_span_id.is_empty())
        .expect("the server's span");
    let logs = logs(&ran);
    let messages: Vec<_> = logs
        .iter()
        .map(|line| {
            (
                line["level"].clone(),
                line["target"].clone(),
                line["fields"]["message"].clone(),
            )
        })
        .collect();
    let line = |level: &str, target: &str, message: &str| (json!(level), json!(target), json!(message));
    let expected = [
        line(
            "DEBUG",
            "tower_http::trace::on_request",
            "started processing request",
        ),
        line("INFO", "existing_service::app", "priced"),
        line(
            "DEBUG",
            "tower_http::trace::on_response",
            "finished processing request",
        ),
        line("DEBUG", "tower_http::trace::on_eos", "end of stream"),
    ];
    assert_eq!(messages, expected, "the lines that were there before");
    for line in &logs {
        assert_eq!(line["trace_id"], hex(&server.trace_id), "the trace of {line}");
        assert_eq!(line["span_id"], hex(&server.span_id), "the span of {line}");
        assert_eq!(line["span"]["uri"], "/prices/desk", "tower-http's span of {line}");
    }
    assert_eq!(logs[1]["fields"]["rate"], 1.5, "the fields of an event");
}

#[tokio::test]
async fn failures_of_the_rates_service_are_reported() {
    let (broken, _) = rates(StatusCode::INTERNAL_SERVER_ERROR, "").await;
    let (invalid, _) = rates(StatusCode::OK, "fine").await;
    let down = "http://127.0.0.1:9";
    let cases = [
        (
            down,
            "cannot be reached: Connection refused (os error 111)",
            Some("connection_refused"),
        ),
        (&broken, "answered 500 Internal Server Error", Some("500")),
        (&invalid, "sent an invalid answer", None),
    ];
    for (url, reason, error_type) in cases {
        let (ran, collector) = collected(existing_service(&["--rates-url", url])).await;
        assert_eq!((ran.code, ran.out.trim()), (Some(1), ""), "{url}: no price");
        let message = format!("the rates service at {url} {reason}");
        assert!(
            ran.err.ends_with(&format!("error: {message}\n")),
            "{url}: {}",
            ran.err
        );
        let warned = logs(&ran).into_iter().find(|line| line["level"] == "WARN");
        let warned = warned.map(|line| line["fields"]["error"].clone());
        assert_eq!(warned, Some(json!(message)), "{url}: the log has the same error");
        let tree = collector.tree_of_services(VARYING);
        for error_type in error_type.into_iter().chain(["502"]) {
            let attribute = format!("error.type=\"{error_type}\"");
            assert!(
                tree.contains(&attribute),
                "{url}: no span has {attribute}:\n{tree}"
            );
        }
    }
}

#[tokio::test]
async fn console_shows_the_trace_beside_the_logs() {
    let ran = run(existing_service(&["--item", "lamp"])).await;
    assert_eq!(ran.code, Some(0), "exit code; {}", ran.err);
    for part in [
        "lamp for 52.5 dollars",
        " · 3 spans · ",
        "GET /prices/{item}",
        "\nserver GET /prices/{item}      1       0  ",
        "\nclient 127.0.0.1               1       0  ",
    ] {
        assert!(ran.out.contains(part), "the output lacks {part:?}:\n{}", ran.out);
    }
    let trace = ran.out.split_once("trace ").map(|(_, rest)| json!(rest[..32]));
    assert_eq!(
        trace.as_ref(),
        logs(&ran).first().map(|line| &line["trace_id"]),
        "one id in both"
    );
}

#[tokio::test]
async fn unreachable_collector_is_reported_and_the_answer_is_unchanged() {
    let ran = run(existing_service(&["--otlp-endpoint", "http://127.0.0.1:9"])).await;
    assert_eq!(
        (ran.code, ran.out.trim()),
        (Some(0), "desk for 675.0 dollars"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("warning: "), "the loss is reported: {}", ran.err);
    assert_eq!(logs(&ran).len(), 4, "the logs are complete: {}", ran.err);
}

#[tokio::test]
async fn unknown_item_is_reported() {
    let ran = run(existing_service(&["--item", "sofa"])).await;
    assert_eq!(ran.code, Some(1), "exit code");
    let error = "error: unknown item \"sofa\"; expected chair, desk or lamp\n";
    assert!(ran.err.ends_with(error), "{}", ran.err);
}

#[tokio::test]
async fn help_lists_options_and_examples() {
    let parts = ["already has logs", "--rates-url", "--otlp-endpoint", "Examples:"];
    expect_help(existing_service(&[]), &parts).await;
}
