//! Runs `examples/agents` like a user.

use throughline_test_support::VARYING;
use throughline_test_support::process::{collected, example_with, expect_help, run};
use tokio::process::Command;

const ANSWER: &str = "The bill of ada is paid. The account is open. The desk is in stock.";

fn agents(arguments: &[&str]) -> Command {
    example_with("agents", arguments)
}

#[tokio::test]
async fn ten_spans_of_seven_services_arrive_as_one_trace() {
    let (ran, collector) = collected(agents(&[])).await;
    assert_eq!((ran.code, ran.out.trim()), (Some(0), ANSWER), "{}", ran.err);
    assert_eq!(collector.traces().len(), 1, "one trace");
    assert_eq!(collector.spans().len(), 10, "the ten spans of the document");
    let expected = include_str!("agents_tree.txt");
    assert_eq!(
        collector.tree_of_services(VARYING),
        expected,
        "the whole tree, value by value"
    );
}

#[tokio::test]
async fn console_shows_one_tree() {
    let ran = run(agents(&["--account", "bob", "--item", "lamp"])).await;
    assert_eq!(ran.code, Some(0), "exit code; {}", ran.err);
    let (answer, tree) = ran.out.split_once("\n\n").expect("an answer, then the tree");
    assert_eq!(
        answer,
        "The bill of bob is overdue. The account was locked and is open again. The lamp is sold out."
    );
    let mut lines = tree.trim().lines();
    let header = lines.next().unwrap_or_default();
    assert!(
        header.contains(" · 10 spans · 7 services · "),
        "one trace of ten: {header}"
    );
    assert!(
        tree.contains("client  Customer Interaction "),
        "services are named:\n{tree}"
    );
    // The columns after the name and the kind contain times.
    let spans: Vec<String> = lines
        .map(|line| line.trim_start_matches(['●', ' ', '│', '├', '└', '─']).to_owned())
        .map(|line| line.split_whitespace().take(3).collect::<Vec<_>>().join(" "))
        .collect();
    let expected = [
        "POST /agents/main client",
        "POST /agents/main server",
        "POST /payments server",
        "POST /agents/support client",
        "POST /agents/support server",
        "POST /investigations client",
        "POST /investigations server",
        "POST /agents/orders server",
        "POST /stock client",
        "POST /stock server",
    ];
    assert_eq!(spans, expected, "no other tree, no metrics:\n{tree}");
}

#[tokio::test]
async fn service_that_is_down_is_reported_and_spans_of_its_callers_fail() {
    let cases = [
        ("main", "Customer Interaction", "Agent 1 (Main - Arch)", 1, 1),
        (
            "payment",
            "Agent 1 (Main - Arch)",
            "External Payment Service",
            2,
            2,
        ),
        (
            "support",
            "Agent 1 (Main - Arch)",
            "Agent 2 (Support - Arch)",
            4,
            3,
        ),
        (
            "tech-support",
            "Agent 2 (Support - Arch)",
            "Internal Tech Support",
            6,
            5,
        ),
        ("orders", "Agent 1 (Main - Arch)", "Agent 3 (Orders - Arch)", 7, 2),
        (
            "inventory",
            "Agent 3 (Orders - Arch)",
            "Inventory Management",
            9,
            4,
        ),
    ];
    for (down, caller, service, spans, failed) in cases {
        let (ran, collector) = collected(agents(&["--down", down])).await;
        assert_eq!((ran.code, ran.out.trim()), (Some(1), ""), "{down}: no answer");
        let message = format!("error: {caller} cannot call {service}: Connection refused");
        assert!(ran.err.starts_with(&message), "{down}: {}", ran.err);
        let tree = collector.tree_of_services(VARYING);
        assert!(
            !tree.contains(&format!("{service}:")),
            "{down}: it has no span:\n{tree}"
        );
        let counted = (collector.spans().len(), tree.matches("error.type=").count());
        assert_eq!(
            counted,
            (spans, failed),
            "{down}: spans and failed spans:\n{tree}"
        );
    }
}

#[tokio::test]
async fn error_of_a_service_reaches_the_customer() {
    let cases = [
        (
            ["--account", "eve"],
            "External Payment Service has no account \"eve\"",
        ),
        (["--item", "sofa"], "Inventory Management has no item \"sofa\""),
    ];
    for (arguments, message) in cases {
        let ran = run(agents(&arguments)).await;
        assert_eq!(ran.code, Some(1), "{arguments:?}: exit code");
        assert_eq!(ran.err.trim(), format!("error: {message}"), "{arguments:?}");
    }
}

#[tokio::test]
async fn unreachable_collector_is_reported_and_the_answer_is_unchanged() {
    for endpoint in ["http://127.0.0.1:9/", "http://127.0.0.1:9/v1/traces"] {
        let ran = run(agents(&["--otlp-endpoint", endpoint])).await;
        assert_eq!(
            (ran.code, ran.out.trim()),
            (Some(0), ANSWER),
            "{endpoint}: {}",
            ran.err
        );
        let message = "warning: not everything was delivered; traces of Agent 1 (Main - Arch), Agent 2 (Support - Arch), ";
        assert!(ran.err.contains(message), "{endpoint}: {}", ran.err);
    }
}

#[tokio::test]
async fn invalid_arguments_are_reported() {
    for endpoint in ["nowhere", "ftp://nowhere"] {
        let ran = run(agents(&["--otlp-endpoint", endpoint])).await;
        assert_eq!(ran.code, Some(1), "{endpoint}: exit code");
        let message = format!("{endpoint:?} is not accepted: use a URL such as http://127.0.0.1:4317");
        assert!(ran.err.contains(&message), "{endpoint}: {}", ran.err);
    }
}

#[tokio::test]
async fn help_lists_options_and_examples() {
    let parts = [
        "ten spans",
        "traceparent",
        "--otlp-endpoint",
        "Examples:",
        "agents --down inventory",
    ];
    expect_help(agents(&[]), &parts).await;
}
