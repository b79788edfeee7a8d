//! Shutdown while the tokens of model calls are still being counted. No span of an ended call is lost
//! silently.
//!
//! This is a separate test binary, because a shutdown ends the counting of the whole process.

#![expect(clippy::expect_used, reason = "a test fails with a message")]

use std::convert::Infallible;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request, Response};
use futures_util::StreamExt;
use throughline::LlmLayer;
use throughline::llm::{RequestBody, TokenCounter, TokenEncoding};
use throughline::telemetry::{self, Exporter, Protocol, ShutdownError, Telemetry, TelemetryConfig};
use throughline_test_support::Collector;
use tower::{ServiceBuilder, ServiceExt};

/// Serialises the tests, because telemetry is global to the process.
static TURN: Mutex<()> = Mutex::new(());

/// The time limit for operations that are expected to succeed.
const DEADLINE: Duration = Duration::from_secs(60);

/// The number of calls that end together.
const CALLS: usize = 20;

/// The reason why counting delays a call, on the background thread.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Waits {
    /// Loading the vocabulary takes longer than the shutdown.
    Preparing,
    /// Each segment takes time, and there is not enough time for all.
    EachSegment,
    /// One segment is never counted.
    ForEver,
}

struct Slow {
    waits: Waits,
    /// Signals that counting has reached its wait.
    reached: Sender<()>,
    /// Receives nothing until the test ends.
    end: Mutex<Receiver<()>>,
}

impl Slow {
    fn until_the_end(&self) {
        let _ = self.reached.send(());
        let end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(end.recv().is_err(), "only the end ends it");
    }
}

impl TokenCounter for Slow {
    fn encoding(&self, _: &str) -> Option<TokenEncoding> {
        Some(TokenEncoding::exact("slow"))
    }

    fn count(&self, _: &TokenEncoding, segment: &str) -> Option<u64> {
        let is_background = thread::current().name() == Some("throughline-tokens");
        match self.waits {
            Waits::EachSegment if is_background => {
                // Work, like that of a tokenizer.
                let found = (0..3_000_000)
                    .filter(|number| number % 7 == segment.len() % 7)
                    .count();
                assert!(found > 0, "some");
            }
            Waits::ForEver if is_background => self.until_the_end(),
            _ => {}
        }
        u64::try_from(segment.len() / 3).ok()
    }

    fn prepare(&self, _: &TokenEncoding) {
        if self.waits == Waits::Preparing {
            self.until_the_end();
        }
    }
}

/// A stream without usage.
fn answer(events: usize) -> Body {
    let text = "lorem ipsum ".repeat(86);
    let event = format!(
        "data: {{\"model\":\"llama\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n"
    );
    let end =
        "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    let events = std::iter::repeat_n(event, events).chain([end.to_owned()]);
    Body::from_stream(futures_util::stream::iter(events.map(Ok::<_, Infallible>)))
}

/// Makes the calls, which all end, and shuts down. Returns the exported spans as text, and the result.
async fn calls_and_shutdown(waits: Waits, deadline: Duration) -> (Vec<String>, Result<(), ShutdownError>) {
    let (collector, url) = Collector::start().await;
    let telemetry = started(&url);
    // More than a segment, unless the background thread is to reach the calls themselves.
    let events = if waits == Waits::ForEver { 1 } else { 64 };
    let (ender, end) = mpsc::channel();
    let (reached, is_reached) = mpsc::channel();
    let counter = Slow {
        waits,
        reached,
        end: Mutex::new(end),
    };
    let upstream = tower::service_fn(move |request: Request<RequestBody<Body>>| async move {
        to_bytes(Body::new(request.into_body()), usize::MAX)
            .await
            .expect("a question");
        let response = Response::builder().header("content-type", "text/event-stream");
        Ok::<_, Infallible>(response.body(answer(events)).expect("a response"))
    });
    let client = ServiceBuilder::new()
        .layer(LlmLayer::new().with_token_counter(counter))
        .service(upstream);
    // Longer than the text that is counted on the caller's task.
    let text = "What is all this? ".repeat(3_000);
    let question =
        format!(r#"{{"model":"llama","stream":true,"messages":[{{"role":"user","content":"{text}"}}]}}"#);
    for _ in 0..CALLS {
        let request = Request::post("http://model.example/v1/chat/completions");
        let request = request
            .header("content-type", "application/json")
            .body(Body::from(question.clone()));
        let response = client
            .clone()
            .oneshot(request.expect("a request"))
            .await
            .expect("an answer");
        let mut frames = Body::new(response.into_body()).into_data_stream();
        while let Some(frame) = frames.next().await {
            frame.expect("a frame");
        }
    }
    if waits != Waits::EachSegment {
        // The background thread may still have work of the previous test.
        is_reached
            .recv_timeout(DEADLINE)
            .expect("the background thread reaches it");
    }
    let result = tokio::task::spawn_blocking(move || telemetry.shutdown_within(deadline)).await;
    let spans = collector.spans().iter().map(|span| format!("{span:?}")).collect();
    drop(ender);
    assert!(
        throughline::llm::wait_idle(DEADLINE),
        "nothing remains for the next test"
    );
    (spans, result.expect("no panic"))
}

fn started(url: &str) -> Telemetry {
    let config = TelemetryConfig::default()
        .with_enabled(true)
        .with_exporter(Exporter::Otlp)
        .with_metrics_exporter(Exporter::None);
    telemetry::init(config.with_endpoint(url).with_protocol(Protocol::HttpProtobuf)).expect("started")
}

fn run(waits: Waits, deadline: Duration) -> (Vec<String>, Result<(), ShutdownError>) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime
        .expect("a runtime")
        .block_on(calls_and_shutdown(waits, deadline))
}

/// 19 of 20 spans used to be lost, while the shutdown returned Ok.
#[test]
fn calls_that_are_still_being_counted_end_with_an_estimate() {
    for (waits, deadline) in [
        (Waits::Preparing, Duration::from_secs(2)),
        (Waits::EachSegment, Duration::from_secs(4)),
    ] {
        let (spans, result) = run(waits, deadline);
        result.expect("all were recorded and delivered");
        assert_eq!(spans.len(), CALLS, "{waits:?}: each call's span arrived");
        for span in &spans {
            assert!(
                span.contains("throughline.tokens.output"),
                "{waits:?}: with its tokens: {span}"
            );
            assert!(
                span.contains("\"estimated\""),
                "{waits:?}: which are estimated: {span}"
            );
        }
        let rough = spans.iter().filter(|span| span.contains("\"bytes/4\"")).count();
        if waits == Waits::Preparing {
            assert_eq!(rough, CALLS, "by bytes, since nothing can be counted");
        }
    }
}

#[test]
fn a_call_that_cannot_be_ended_is_an_error() {
    let (spans, result) = run(Waits::ForEver, Duration::from_secs(2));
    let error = result.expect_err("one call is being counted").to_string();
    let expected = "not everything was delivered; traces: some ended spans are not recorded yet, such as those of model \
                    calls whose tokens are still being counted";
    assert_eq!(error, expected, "what is missing");
    assert_eq!(spans.len(), CALLS - 1, "all others arrived");
}
