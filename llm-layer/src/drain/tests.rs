//! When a call ends whose caller left: by a clock that only the test moves.

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
use crate::LlmLayer;
use crate::call::{RequestBody, settle};
use crate::clock::Clock;

thread_local! {
    static PASSED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

fn pass(time: Duration) {
    PASSED.set(PASSED.get() + time);
}

/// Keeps the work for the test to do.
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
fn it_ends_when_the_caller_left_however_long_the_answer_took() {
    let recorder = Recorder::new();
    let llm = LlmLayer::new()
        .with_tracer_provider(recorder.tracer_provider())
        .with_meter_provider(recorder.meter_provider())
        .with_clock(Clock(|| *EPOCH + PASSED.get()));
    let executor = ByHand::default();
    let service = service_fn(|_: Request<RequestBody<Full<&'static [u8]>>>| async {
        pass(Duration::from_secs(1));
        give_way().await;
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(ANSWER)))
    });
    let request = Request::post("https://api.openai.com/v1/chat/completions");
    let request = request.body(Full::new(&br#"{"model":"m","messages":[]}"#[..]));
    let mut client = DrainLayer::new(executor.clone()).layer(llm.layer(service));
    let mut task = Context::from_waker(Waker::noop());
    {
        let call = pin!(client.call(request.unwrap()));
        assert!(call.poll(&mut task).is_pending(), "the provider thinks");
    }
    pass(Duration::from_secs(9));
    let work = executor.0.lock().unwrap().take();
    let mut work = work.expect("it goes on");
    assert!(work.as_mut().poll(&mut task).is_ready(), "to its end");
    drop(work);
    assert!(settle(Duration::from_secs(60)), "recorded in time");
    let [span] = &recorder.spans()[..] else {
        panic!("one span")
    };
    let lasted = span.end_time.duration_since(span.start_time);
    assert_eq!(lasted.unwrap(), Duration::from_secs(1), "the span");
    let sums = recorder.sums();
    let mut durations = sums.iter().filter(|line| line.contains("inference.duration"));
    let duration = durations.next().expect("a duration");
    assert!(duration.ends_with("sum=1"), "the metric: {duration}");
}

async fn give_way() {
    let mut waited = false;
    std::future::poll_fn(|_| match std::mem::replace(&mut waited, true) {
        true => Poll::Ready(()),
        false => Poll::Pending,
    })
    .await;
}

const ANSWER: &str = r#"{"choices":[{"index":0,"message":{"content":"Hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":11,"completion_tokens":7}}"#;
