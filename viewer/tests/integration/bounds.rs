//! The bounds of the store.

use http::StatusCode;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use serde_json::json;
use throughline_viewer::{Viewer, ViewerConfig};

use crate::support::{SpanExt, attribute, hex, json_of, ok, request, span};

/// A whole trace with one span of about this many bytes.
fn large(trace: u128, bytes: usize) -> ExportTraceServiceRequest {
    request(
        "shop",
        vec![span(trace, 1, 0, "work", 0, 1).with("text", "x".repeat(bytes))],
    )
}

#[tokio::test]
async fn oldest_traces_are_dropped_for_bytes() {
    let viewer = Viewer::new(ViewerConfig::default().with_max_bytes(1 << 20));
    for trace in 1..=20 {
        viewer.add_traces(&large(trace, 50_000));
        let state = ok(&viewer, "/api/state").await;
        let bytes = state["bytes"].as_u64().expect("a number");
        assert!(bytes <= 1 << 20, "{bytes} after {trace} traces");
    }
    let state = ok(&viewer, "/api/state").await;
    let evicted = state["dropped"]["traces_evicted"].as_u64().expect("a number");
    let stored = state["traces"].as_u64().expect("a number");
    assert_eq!(evicted + stored, 20, "each is stored or counted");
    assert!(
        (5..20).contains(&stored),
        "a third of the room is not for spans: {stored} are stored"
    );
    for trace in 1..=20 {
        let (status, _) = json_of(&viewer, &format!("/api/traces/{}", hex(trace))).await;
        let expected = if u64::try_from(trace).expect("small") <= evicted {
            StatusCode::NOT_FOUND
        } else {
            StatusCode::OK
        };
        assert_eq!(status, expected, "trace {trace}: the oldest {evicted} are gone");
    }
}

#[tokio::test]
async fn traces_are_bounded_in_number_and_a_running_one_is_kept() {
    let viewer = Viewer::new(ViewerConfig::default().with_max_traces(3));
    // Its root has not ended.
    viewer.add_traces(&request("shop", vec![span(1, 2, 1, "child", 0, 1)]));
    for trace in 2..=6 {
        viewer.add_traces(&large(trace, 10));
    }
    let list = ok(&viewer, "/api/traces").await;
    let mut ids: Vec<&str> = list["traces"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|trace| trace["id"].as_str())
        .collect();
    ids.sort_unstable();
    assert_eq!(ids, [hex(1), hex(5), hex(6)], "the running one and the newest");
    // A late span joins.
    viewer.add_traces(&request("shop", vec![span(1, 1, 0, "root", 0, 9)]));
    let trace = ok(&viewer, &format!("/api/traces/{}", hex(1))).await;
    assert_eq!(trace["summary"]["complete"], true, "with its root");
    assert_eq!(trace["spans"][1]["name"], "child", "the child is below it");
    // It has ended, and is the oldest.
    viewer.add_traces(&large(7, 10));
    let (status, _) = json_of(&viewer, &format!("/api/traces/{}", hex(1))).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "it is dropped like others");
}

#[tokio::test]
async fn running_traces_alone_do_not_exceed_the_bound() {
    let viewer = Viewer::new(ViewerConfig::default().with_max_traces(3));
    for trace in 1..=200 {
        viewer.add_traces(&request("shop", vec![span(trace, 2, 1, "child", 0, 1)]));
    }
    let state = ok(&viewer, "/api/state").await;
    assert_eq!(state["traces"], 3, "the newest");
    assert_eq!(state["dropped"]["traces_evicted"], 197, "the others are counted");
}

#[tokio::test]
async fn one_trace_that_is_too_large_keeps_its_first_spans() {
    let viewer = Viewer::new(ViewerConfig::default().with_max_bytes(1 << 20));
    let spans = (1..=100)
        .map(|id| span(1, id, u64::from(id > 1), "work", id, id + 1).with("text", "x".repeat(20_000)));
    viewer.add_traces(&request("shop", spans.collect()));
    let state = ok(&viewer, "/api/state").await;
    let (stored, dropped) = (
        state["spans"].as_u64().expect("a number"),
        state["dropped"]["spans"].as_u64().expect("a number"),
    );
    assert_eq!(stored + dropped, 100, "each is stored or counted");
    assert!((10..60).contains(&stored), "{stored} of 20 kB each fit");
    assert!(
        state["bytes"].as_u64().expect("a number") <= 1 << 20,
        "within the bound"
    );
    let trace = ok(&viewer, &format!("/api/traces/{}", hex(1))).await;
    assert_eq!(
        trace["spans"].as_array().map(Vec::len),
        Some(usize::try_from(stored).expect("small")),
        "they are shown"
    );
}

#[tokio::test]
async fn span_that_comes_twice_is_stored_once() {
    let viewer = Viewer::default();
    for _ in 0..3 {
        viewer.add_traces(&large(1, 10));
    }
    let mut server = span(1, 1, 0, "of the server", 0, 1);
    server.kind = 2;
    viewer.add_traces(&request("shop", vec![server]));
    let state = ok(&viewer, "/api/state").await;
    assert_eq!(state["spans"], 2, "a client and a server may share an id");
}

#[tokio::test]
async fn each_resource_counts() {
    let viewer = Viewer::new(ViewerConfig::default().with_max_bytes(1 << 20));
    for trace in 1..=100 {
        let mut one = large(trace, 10);
        let resource = one.resource_spans[0].resource.as_mut().expect("a resource");
        resource
            .attributes
            .push(attribute("unique", format!("{trace}{}", "x".repeat(10_000))));
        viewer.add_traces(&one);
    }
    let state = ok(&viewer, "/api/state").await;
    let stored = state["traces"].as_u64().expect("a number");
    assert!(
        stored < 40,
        "resources of 10 kB each take memory: {stored} traces are stored"
    );
}

#[tokio::test]
async fn log_records_are_bounded_in_bytes() {
    let viewer = Viewer::new(ViewerConfig::default().with_max_bytes(1 << 20));
    let record = |number: u64| LogRecord {
        time_unix_nano: number,
        attributes: vec![attribute("text", "x".repeat(10_000))],
        ..LogRecord::default()
    };
    viewer.add_logs(&ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            scope_logs: vec![ScopeLogs {
                log_records: (1..=100).map(record).collect(),
                ..ScopeLogs::default()
            }],
            ..ResourceLogs::default()
        }],
    });
    let state = ok(&viewer, "/api/state").await;
    let (stored, dropped) = (
        state["logs"].as_u64().expect("a number"),
        state["dropped"]["logs"].as_u64().expect("a number"),
    );
    assert_eq!(stored + dropped, 100, "each is stored or counted");
    assert!((20..=26).contains(&stored), "a quarter of a MiB: {stored}");
    let logs = ok(&viewer, "/api/logs?limit=1").await;
    assert_eq!(logs["logs"][0]["time"], json!("100"), "the newest is there");
}
