//! Telemetry that is meant to do harm.

use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue};
use throughline_viewer::Viewer;

use crate::support::{START, SpanExt, get, hex, ok, request, send, span};

#[tokio::test]
async fn html_and_scripts_are_only_text() {
    let evil = "</script><img src=x onerror=alert(1)>\u{202e}\u{0}";
    let viewer = Viewer::default();
    viewer.add_traces(&request(
        evil,
        vec![
            span(1, 1, 0, evil, 0, 1)
                .with(evil, evil)
                .event(evil, 0)
                .failing(evil),
        ],
    ));
    for path in [
        "/api/traces".to_owned(),
        format!("/api/traces/{}", hex(1)),
        format!("/api/traces/{}/spans/0000000000000001", hex(1)),
        "/api/state".to_owned(),
    ] {
        let (parts, body) = send(&viewer.router(), get(&path)).await;
        assert_eq!(
            parts.headers["content-type"], "application/json",
            "{path}: never HTML"
        );
        assert_eq!(
            parts.headers["x-content-type-options"], "nosniff",
            "{path}: and not guessed to be"
        );
        let text = String::from_utf8(body).expect("UTF-8");
        assert!(text.contains("onerror"), "{path}: the text is passed on as it is");
    }
    let (parts, body) = send(
        &viewer.router(),
        get(&format!("/trace/{}?span=%3Cscript%3E", hex(1))),
    )
    .await;
    let page = String::from_utf8(body).expect("UTF-8");
    assert!(
        !page.contains("onerror") && !page.contains("?span"),
        "the page has nothing of the telemetry or the query"
    );
    assert!(
        parts.headers["content-security-policy"]
            .to_str()
            .expect("text")
            .starts_with("default-src 'none'"),
        "the policy"
    );
}

#[tokio::test]
async fn long_values_are_cut_and_can_be_read_whole() {
    let viewer = Viewer::default();
    let long = "é".repeat(500_000);
    let list = Any::ArrayValue(ArrayValue {
        values: vec![AnyValue {
            value: Some(Any::StringValue(long.clone())),
        }],
    });
    viewer.add_traces(&request(
        "shop",
        vec![
            span(1, 1, 0, &long, 0, 1)
                .with("a/b?c", long.clone())
                .with("list", list),
        ],
    ));
    let path = format!("/api/traces/{}/spans/0000000000000001", hex(1));
    let details = ok(&viewer, &path).await;
    let shown = details["attributes"].as_array().expect("attributes");
    for attribute in shown {
        assert_eq!(attribute["cut"], true, "{}: it says so", attribute["key"]);
        let length = attribute["value"].as_str().expect("a text").len();
        assert!(
            (65_000..=65_536).contains(&length),
            "{}: {length} bytes",
            attribute["key"]
        );
    }
    let (parts, body) = send(&viewer.router(), get(&format!("{path}/attributes/a%2Fb%3Fc"))).await;
    assert_eq!(
        parts.headers["content-type"], "text/plain; charset=utf-8",
        "as text"
    );
    assert_eq!(body, long.as_bytes(), "the whole value");
    let row = &ok(&viewer, &format!("/api/traces/{}", hex(1))).await["spans"][0];
    assert_eq!(
        row["name"].as_str().map(|name| name.chars().count()),
        Some(301),
        "a name in a list is cut"
    );
}

#[tokio::test]
async fn a_hundred_thousand_spans_are_answered_in_time() {
    const SPANS: u64 = 100_000;
    let viewer = Viewer::default();
    for batch in 0..SPANS / 1_000 {
        let ids = batch * 1_000 + 1..=(batch + 1) * 1_000;
        let spans = ids.map(|id| span(1, id, id / 2, "work", id, id + 10));
        viewer.add_traces(&request("shop", spans.collect()));
    }
    let state = ok(&viewer, "/api/state").await;
    assert_eq!(state["spans"], SPANS, "all are stored");
    assert!(
        state["bytes"].as_u64().expect("a number") <= 64 << 20,
        "within the bound"
    );
    let begun = Instant::now();
    let trace = ok(&viewer, &format!("/api/traces/{}", hex(1))).await;
    assert_eq!(
        trace["spans"].as_array().map(Vec::len),
        Some(100_000),
        "all are shown"
    );
    ok(&viewer, &format!("/api/traces/{}/find?q=nothing", hex(1))).await;
    ok(&viewer, "/api/traces?q=nothing").await;
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(60), "{took:?}, without optimisation");
}

#[tokio::test]
async fn odd_parents_and_times_are_shown() {
    let viewer = Viewer::default();
    let mut future = span(1, 5, 0, "future", 0, 1);
    future.start_time_unix_nano = u64::MAX - 1;
    future.end_time_unix_nano = u64::MAX;
    let endless = [7, 8].map(|id| {
        let mut endless = span(2, id, 0, "endless", 0, 1);
        endless.end_time_unix_nano = u64::MAX;
        endless.start_time_unix_nano = 0;
        endless
    });
    viewer.add_traces(&request("shop", endless.into()));
    let both = ok(&viewer, &format!("/api/traces/{}", hex(2))).await;
    assert_eq!(both["critical"], u64::MAX, "the sum of two roots is bounded");
    let mut backwards = span(1, 6, 0, "backwards", 50, 10);
    backwards.end_time_unix_nano = 1;
    viewer.add_traces(&request(
        "shop",
        vec![
            span(1, 1, 2, "cycle", 0, 10),
            span(1, 2, 1, "cycle too", 1, 9),
            span(1, 3, 3, "its own parent", 2, 3),
            span(1, 4, 99, "orphan", 3, 4),
            future,
            backwards,
        ],
    ));
    let trace = ok(&viewer, &format!("/api/traces/{}", hex(1))).await;
    let rows = trace["spans"].as_array().expect("rows");
    assert_eq!(rows.len(), 6, "each is shown once");
    let orphan = rows
        .iter()
        .find(|row| row["name"] == "orphan")
        .expect("the orphan");
    assert_eq!(
        orphan["parent_id"], "0000000000000063",
        "the parent that is not there"
    );
    assert_eq!(
        trace["summary"]["duration"],
        u64::MAX - START,
        "from the first start to the last end"
    );
    let backwards = rows
        .iter()
        .find(|row| row["name"] == "backwards")
        .expect("the span");
    assert_eq!(backwards["duration"], 0, "an end before the start");
    ok(&viewer, "/api/tokens").await;
    ok(&viewer, &format!("/api/compare?a={}&b={}", hex(1), hex(1))).await;
}

#[tokio::test]
async fn invalid_ids_are_rejected_and_counted() {
    let viewer = Viewer::default();
    let mut spans = vec![
        span(0, 1, 0, "no trace", 0, 1),
        span(1, 0, 0, "no span", 0, 1),
        span(1, 1, 0, "valid", 0, 1),
    ];
    let mut short = span(1, 2, 0, "short", 0, 1);
    short.trace_id.truncate(2);
    spans.push(short);
    assert_eq!(
        viewer.add_traces(&request("shop", spans)).rejected,
        3,
        "three are invalid"
    );
    let state = ok(&viewer, "/api/state").await;
    assert_eq!(
        (&state["spans"], &state["rejected"]),
        (&1.into(), &3.into()),
        "one is stored"
    );
}
