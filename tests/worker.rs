//! Runs `examples/worker` like a user.

use throughline_test_support::process::{collected, example_with, expect_help, run};
use throughline_test_support::{VARYING, hex};
use tokio::process::Command;

const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn worker(arguments: &[&str]) -> Command {
    example_with("worker", arguments)
}

#[tokio::test]
async fn trace_crosses_the_queue_and_the_processes() {
    let (ran, collector) = collected(worker(&["--job", "to be or not to be", "--job=--help"])).await;
    let counted = "6 words: to be or not to be\n1 words: --help";
    assert_eq!((ran.code, ran.out.trim()), (Some(0), counted), "{}", ran.err);
    assert_eq!(collector.traces().len(), 1, "one trace");
    let expected = include_str!("worker_tree.txt");
    assert_eq!(
        collector.tree_of_services(VARYING),
        expected,
        "the whole tree, value by value"
    );
}

#[tokio::test]
async fn trace_of_a_shell_continues() {
    let trace = &TRACEPARENT[3..35];
    for arguments in [&["--job", "one"][..], &["count", "one"]] {
        let mut command = worker(arguments);
        command
            .env("TRACEPARENT", TRACEPARENT)
            .env("TRACESTATE", "vendor=1");
        let (ran, collector) = collected(command).await;
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.err);
        let spans = collector.spans();
        let is_here = |id: &[u8]| spans.iter().any(|span| span.span_id == id);
        let root = spans
            .iter()
            .find(|span| !is_here(&span.parent_span_id))
            .expect("a span");
        assert_eq!(
            hex(&root.parent_span_id),
            &TRACEPARENT[36..52],
            "{arguments:?}: the shell's span"
        );
        for span in &spans {
            assert_eq!(hex(&span.trace_id), trace, "{arguments:?}: the shell's trace");
            assert_eq!(
                span.trace_state, "vendor=1",
                "{arguments:?}: {} keeps the state",
                span.name
            );
        }
    }
}

#[tokio::test]
async fn each_process_prints_its_own_part() {
    let ran = run(worker(&["--job", "one"])).await;
    assert_eq!(ran.code, Some(0), "exit code; {}", ran.err);
    let id = |text: &str| text.split_once("trace ").map(|(_, rest)| rest[..32].to_owned());
    assert_eq!(id(&ran.out), id(&ran.err), "one trace:\n{}\n{}", ran.out, ran.err);
    for (text, spans) in [
        (&ran.out, &["submit", "send jobs", "process jobs"][..]),
        (&ran.err, &["count"]),
    ] {
        assert!(
            spans.iter().all(|span| text.contains(span)),
            "{spans:?} in:\n{text}"
        );
    }
}

#[tokio::test]
async fn failing_child_is_reported() {
    let cases = [
        (
            "/nowhere/child",
            "/nowhere/child cannot be started: No such file or directory",
        ),
        ("/bin/false", "/bin/false failed: exit status: 1"),
        ("/bin/echo", "/bin/echo did not print a number: \"--exporter otlp"),
    ];
    for (child, reason) in cases {
        let (ran, collector) = collected(worker(&["--job", "one", "--child", child])).await;
        assert_eq!((ran.code, ran.out.trim()), (Some(1), ""), "{child}: no number");
        let message = format!("error: the child process {reason}");
        assert!(ran.err.contains(&message), "{child}: {}", ran.err);
        let tree = collector.tree_of_services(VARYING);
        let failed = "Consumer worker: process jobs [error: the child process ";
        assert!(
            tree.contains(failed),
            "{child}: the span of the job has the error:\n{tree}"
        );
        assert_eq!(collector.spans().len(), 3, "{child}: all but the child's");
    }
}

#[tokio::test]
async fn unreachable_collector_fails_no_job() {
    let nowhere = ["--otlp-endpoint", "http://127.0.0.1:9"];
    for (arguments, answer) in [(["--job", "to be"], "2 words: to be"), (["count", "to be"], "2")] {
        let ran = run(worker(&[&arguments[..], &nowhere].concat())).await;
        assert_eq!(
            (ran.code, ran.out.trim()),
            (Some(0), answer),
            "{arguments:?}: {}",
            ran.err
        );
        assert!(
            ran.err.contains("warning: "),
            "{arguments:?}: the loss is reported: {}",
            ran.err
        );
    }
}

#[tokio::test]
async fn help_lists_options_and_examples() {
    let parts = ["TRACEPARENT", "metadata", "count", "--otlp-endpoint", "Examples:"];
    expect_help(worker(&[]), &parts).await;
    let parts = ["Continues the trace of TRACEPARENT", "--exporter"];
    expect_help(worker(&["count"]), &parts).await;
}
