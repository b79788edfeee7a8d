//! The time at which a call ends if its caller leaves, by a clock that the test sets.

use std::cell::Cell;
use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use throughline_test_support::Recorder;
use tower::{Layer, Service, service_fn};

use super::{DrainLayer, Executor, Work};
use crate::call::{RequestBody, wait_idle};
use crate::clock::Clock;
use crate::layer::LlmLayer;

thread_local! {
    static ELAPSED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

fn advance(time: Duration) {
    ELAPSED.set(ELAPSED.get() + time);
}

/// An executor that stores the work, so that the test polls it.
#[derive(Clone, Default)]
struct ByHand(Arc<Mutex<Option<Work>>>);

impl Executor for ByHand {
    fn spawn(&self, work: Work) {
        *self.0.lock().unwrap() = Some(work);
    }

    fn sleep(&self, _: Duration) -> Work {
        Box::pin(std::future::pending())
    }
}

#[test]
fn a_drained_call_ends_at_the_time_at_which_the_caller_left() {
    let recorder = Recorder::new();
    let llm = LlmLayer::new()
        .with_tracer_provider(recorder.tracer_provider())
        .with_meter_provider(recorder.meter_provider())
        .with_clock(Clock(|| *EPOCH + ELAPSED.get()));
    let executor = ByHand::default();
    let service = service_fn(|_: Request<RequestBody<Full<&'static [u8]>>>| async {
        advance(Duration::from_secs(1));
        yield_once().await;
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(ANSWER)))
    });
    let request = Request::post("https://api.openai.com/v1/chat/completions");
    let request = request.body(Full::new(&br#"{"model":"m","messages":[]}"#[..]));
    let mut client = DrainLayer::new(executor.clone()).layer(llm.layer(service));
    let mut task = Context::from_waker(Waker::noop());
    {
        let call = pin!(client.call(request.unwrap()));
        assert!(
            call.poll(&mut task).is_pending(),
            "the provider has not answered yet"
        );
    }
    advance(Duration::from_secs(9));
    let work = executor.0.lock().unwrap().take();
    let mut work = work.expect("the call is drained");
    assert!(work.as_mut().poll(&mut task).is_ready(), "the drain ends");
    drop(work);
    assert!(wait_idle(Duration::from_secs(60)), "recorded in time");
    let [span] = &recorder.spans()[..] else {
        panic!("one span")
    };
    let lasted = span.end_time.duration_since(span.start_time);
    assert_eq!(
        lasted.unwrap(),
        Duration::from_secs(1),
        "the duration of the span"
    );
    let sums = recorder.sums();
    let mut durations = sums.iter().filter(|line| line.contains("inference.duration"));
    let duration = durations.next().expect("a duration");
    assert!(duration.ends_with("sum=1"), "the duration metric: {duration}");
}

async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(|_| match std::mem::replace(&mut yielded, true) {
        true => Poll::Ready(()),
        false => Poll::Pending,
    })
    .await;
}

const ANSWER: &str = r#"{"choices":[{"index":0,"message":{"content":"Hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":11,"completion_tokens":7}}"#;
