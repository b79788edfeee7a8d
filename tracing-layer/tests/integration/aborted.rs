//! Ten thousand requests, a third of them aborted somewhere, and some that panic.

use std::convert::Infallible;
use std::future::{self, Future};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use axum::routing::get;
use futures_util::{StreamExt, stream};
use http_body_util::BodyExt;
use opentelemetry::trace::SpanKind;
use throughline_test_support::{Recorder, Script, ScriptedBody};
use tower::{Layer, ServiceExt, service_fn};

use crate::{active, client, server};

/// Is pending so many times, waking at once.
struct Pause(u32);

impl Future for Pause {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        task.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Numbers that look random, the same in every run.
struct Lcg(u64);

impl Lcg {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

const REQUESTS: u64 = 10_000;

/// A panic that prints nothing: there are many.
fn panics() -> ! {
    resume_unwind(Box::new("in the handler"))
}

async fn panic_now() -> &'static str {
    Pause(1).await;
    panics()
}

fn router(recorder: &Recorder, called: &Arc<AtomicU64>) -> Router {
    let called = Arc::clone(called);
    let upstream = client(recorder).layer(service_fn(move |_: Request<Body>| {
        called.fetch_add(1, Ordering::Relaxed);
        async {
            Pause(2).await;
            let script = [
                Script::Data("a"),
                Script::Pending,
                Script::Data("b"),
                Script::Pending,
            ];
            Ok::<_, Infallible>(Response::new(ScriptedBody::new(script)))
        }
    }));
    let handler = move || {
        let upstream = upstream.clone();
        async move {
            let request = Request::get("http://upstream/").body(Body::empty());
            let response = upstream.oneshot(request.expect("a request")).await;
            Body::new(response.expect("infallible").into_body())
        }
    };
    let panic_later = || async {
        let first = stream::once(future::ready(Ok::<_, Infallible>("a")));
        Body::from_stream(first.chain(stream::poll_fn(|_| panics())))
    };
    Router::new()
        .route("/", get(handler))
        .route("/panic", get(panic_now))
        .route("/later", get(panic_later))
        .layer(server(recorder))
}

#[test]
fn aborted_requests_end_their_spans() {
    let recorder = Recorder::new();
    let called = Arc::default();
    let router = router(&recorder, &called);
    let mut random = Lcg(7);
    let (mut served, mut aborted, mut panicked) = (0, 0, 0);
    for _ in 0..REQUESTS {
        let path = match random.below(20) {
            0 => "/panic",
            1 => "/later",
            _ => "/",
        };
        let request = Request::get(path).body(Body::empty()).expect("a request");
        let router = router.clone();
        let exchange = async move {
            let response = router.oneshot(request).await.expect("infallible");
            response.into_body().collect().await.is_ok()
        };
        // A third is dropped after a few polls. Those that are never polled record nothing.
        let polls = if random.below(3) == 0 {
            random.below(6)
        } else {
            u64::MAX
        };
        served += u64::from(polls > 0);
        match catch_unwind(AssertUnwindSafe(|| poll_for(exchange, polls))) {
            Ok(Some(_)) => {}
            Ok(None) => aborted += 1,
            Err(_) => panicked += 1,
        }
    }
    assert!(aborted > REQUESTS / 5, "many were aborted: {aborted}");
    assert!(panicked > REQUESTS / 20, "some panicked: {panicked}");
    let called = called.load(Ordering::Relaxed);
    let spans = recorder.spans();
    let ended = |kind| spans.iter().filter(|span| span.span_kind == kind).count() as u64;
    assert_eq!(ended(SpanKind::Server), served, "every server span has ended");
    assert_eq!(ended(SpanKind::Client), called, "every client span has ended");
    assert_eq!(
        durations(&recorder, "http.server.request.duration"),
        served,
        "every request is measured"
    );
    assert_eq!(
        durations(&recorder, "http.client.request.duration"),
        called,
        "every call is measured"
    );
    let idle = "http.server.active_requests{http.request.method=GET,url.scheme=http} 0";
    assert_eq!(active(&recorder), [idle], "no request is active");
}

/// How many measurements a histogram has, over all its series.
fn durations(recorder: &Recorder, name: &str) -> u64 {
    let lines = recorder.metrics().into_iter();
    let counts = lines.filter(|line| line.starts_with(name));
    counts
        .filter_map(|line| line.rsplit('=').next()?.parse::<u64>().ok())
        .sum()
}

/// Polls at most so often, then drops.
fn poll_for<F: Future>(future: F, polls: u64) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut polled = 0;
    while polled < polls {
        if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return Some(done);
        }
        polled += 1;
    }
    None
}
