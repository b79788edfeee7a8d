//! Server-sent events.

use std::time::Duration;

use axum::body::Body;
use http::Request;
use http_body_util::BodyExt;
use serde_json::Value;
use throughline_viewer::{Viewer, ViewerConfig};
use tower::ServiceExt;

use crate::support::{hex, request, span, task};

/// Reads the events of a stream one by one.
struct Events(Body);

impl Events {
    async fn open(viewer: &Viewer, last_id: Option<&str>) -> Self {
        let request = Request::get("/api/events").header("host", "localhost");
        let request = match last_id {
            Some(id) => request.header("last-event-id", id),
            None => request,
        };
        let request = request.body(Body::empty()).expect("a request");
        let response = viewer
            .router()
            .oneshot(request)
            .await
            .expect("a router does not fail");
        assert_eq!(
            response.headers()["content-type"],
            "text/event-stream",
            "a stream"
        );
        Self(response.into_body())
    }

    /// The name, the id and the data of the next event, or `None` at the end.
    async fn next(&mut self) -> Option<(String, String, Value)> {
        loop {
            let frame = tokio::time::timeout(Duration::from_secs(20), self.0.frame())
                .await
                .expect("an event in time");
            let frame = frame?
                .expect("the stream does not fail")
                .into_data()
                .expect("data");
            let text = String::from_utf8(frame.to_vec()).expect("UTF-8");
            let field = |name: &str| {
                text.lines()
                    .find_map(|line| line.strip_prefix(name))
                    .map(|value| value.trim().to_owned())
            };
            if let Some(data) = field("data:") {
                let json = serde_json::from_str(&data).expect("JSON");
                return Some((
                    field("event:").unwrap_or_default(),
                    field("id:").unwrap_or_default(),
                    json,
                ));
            }
        }
    }
}

#[tokio::test]
async fn changes_are_streamed_until_the_viewer_ends() {
    let viewer = Viewer::default();
    let mut events = Events::open(&viewer, None).await;
    let (name, id, data) = events.next().await.expect("the state");
    assert_eq!((name.as_str(), id.as_str()), ("traces", "0"), "the state at once");
    assert_eq!(data["state"]["traces"], 0, "nothing is stored");
    viewer.add_traces(&task(7));
    let (name, id, data) = events.next().await.expect("a change");
    assert_eq!(
        (name.as_str(), id.as_str()),
        ("traces", "1"),
        "the number of the change"
    );
    assert_eq!(data["traces"][0]["id"], hex(7), "the trace");
    assert_eq!(data["state"]["spans"], 5, "the counters");
    viewer.end();
    assert_eq!(events.next().await, None, "the stream ends with the viewer");
}

#[tokio::test]
async fn reader_that_comes_back_gets_what_it_missed() {
    let viewer = Viewer::new(ViewerConfig::default().with_max_traces(60));
    viewer.add_traces(&task(1));
    viewer.add_traces(&task(2));
    let mut events = Events::open(&viewer, Some("1")).await;
    let (name, _, data) = events.next().await.expect("an event");
    assert_eq!(name, "traces", "all changes are known");
    assert_eq!(
        data["traces"].as_array().map(Vec::len),
        Some(1),
        "only the second trace"
    );

    let mut events = Events::open(&viewer, Some("900")).await;
    assert_eq!(
        events.next().await.expect("an event").0,
        "resync",
        "the number is of another process"
    );

    for trace in 3..=70 {
        viewer.add_traces(&request("shop", vec![span(trace, 1, 0, "work", 0, 1)]));
    }
    let mut events = Events::open(&viewer, Some("2")).await;
    let (name, id, data) = events.next().await.expect("an event");
    assert_eq!(
        (name.as_str(), id.as_str()),
        ("resync", "70"),
        "traces were dropped meanwhile"
    );
    assert_eq!(
        data["traces"].as_array().map(Vec::len),
        Some(0),
        "the page loads its list"
    );
}
