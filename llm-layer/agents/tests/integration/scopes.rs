//! Spans and durations of scopes, without model calls.

use std::convert::Infallible;
use std::fmt;
use std::future::{pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{self, Poll, Waker};
use std::time::{Duration, Instant};

use opentelemetry::Context;
use opentelemetry::trace::{TraceContextExt, Tracer, TracerProvider};
use throughline_agents::scope::Scope;
use throughline_agents::{agent, in_agent, tool, workflow};
use throughline_test_support::{Recorder, block_on};
use tower::{Layer, Service};

#[derive(Debug)]
struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the tool refused")
    }
}

#[test]
fn a_scope_records_how_its_work_ended() {
    let recorder = Recorder::new();
    let scope = || tool("t").with_tracer_provider(recorder.tracer_provider());
    let line = |recorder: &Recorder| {
        let span = recorder.spans().pop().expect("a span");
        let kind = span
            .attributes
            .into_iter()
            .find(|attribute| attribute.key.as_str() == "error.type");
        format!(
            "{:?} {:?}",
            span.status,
            kind.map(|kind| kind.value.as_str().into_owned())
        )
    };
    let _ = block_on(scope().try_run(async { Err::<(), _>(Refused) }));
    assert_eq!(
        line(&recorder),
        "Error { description: \"the tool refused\" } Some(\"integration::scopes::Refused\")",
        "an Err"
    );
    let _ = block_on(scope().try_run(async { Err::<(), _>(Box::<dyn std::error::Error>::from("boxed")) }));
    assert_eq!(
        line(&recorder),
        "Error { description: \"boxed\" } Some(\"_OTHER\")",
        "an error of any type"
    );
    let slow = std::io::Error::from(std::io::ErrorKind::TimedOut);
    let _ = block_on(scope().try_run(async { Err::<(), _>(Box::<dyn std::error::Error>::from(slow)) }));
    assert_eq!(
        line(&recorder),
        "Error { description: \"timed out\" } Some(\"timeout\")",
        "a timeout"
    );
    let _ = block_on(scope().try_run(async { Ok::<_, Refused>(()) }));
    assert_eq!(line(&recorder), "Unset None", "an Ok");
    let _ = block_on(scope().run(async { Err::<(), _>(Refused) }));
    assert_eq!(line(&recorder), "Unset None", "run ignores the result");
    drop(scope().run(async {}));
    assert_eq!(
        recorder.spans().len(),
        5,
        "a future that was never polled has no span"
    );
    let mut pending = Box::pin(scope().run(pending::<()>()));
    let waker = Waker::noop();
    let polled = pending.as_mut().poll(&mut task::Context::from_waker(waker));
    assert!(polled.is_pending(), "pending");
    drop(pending);
    assert_eq!(
        line(&recorder),
        "Error { description: \"dropped before it was ready\" } Some(\"cancelled\")",
        "dropped"
    );
    let panics = catch_unwind(AssertUnwindSafe(|| {
        block_on(scope().run(async { panic!("on purpose") }));
    }));
    assert!(panics.is_err(), "the panic passes");
    assert_eq!(
        line(&recorder),
        "Error { description: \"panicked\" } Some(\"panic\")",
        "panicked"
    );
}

#[test]
fn an_outer_span_is_not_ended_by_a_scope_without_one() {
    let recorder = Recorder::new();
    let span = recorder.tracer_provider().tracer("test").start("outer");
    let _attached = Context::current_with_span(span).attach();
    block_on(in_agent("with a no-op provider", async {}));
    assert_eq!(recorder.spans().len(), 0, "it is still open");
}

/// Written in one expression, the inner scope is made before the outer one has begun.
#[test]
fn a_scope_belongs_where_it_runs_if_that_is_within_the_scope_that_made_it() {
    let recorder = Recorder::new();
    let traced = |scope: Scope| scope.with_tracer_provider(recorder.tracer_provider());
    let nested = || traced(workflow("w")).run(traced(agent("a")).run(traced(tool("t")).run(async {})));
    block_on(nested());
    block_on(traced(agent("around")).run(async {
        nested().await;
        let made_here = traced(tool("of another")).run(async {});
        std::thread::spawn(|| block_on(made_here))
            .join()
            .expect("no panic");
    }));
    let made_in_one = traced(agent("one")).start();
    let attached = made_in_one.attach();
    let future = traced(tool("of one")).run(async {});
    drop(attached);
    block_on(traced(agent("two")).run(future));
    drop(made_in_one);
    let tree = recorder.tree(&[]);
    let names: Vec<&str> = tree
        .lines()
        .filter(|line| !line.trim_start().starts_with('-'))
        .collect();
    let expected = "\
Internal invoke_workflow w
  Internal invoke_agent a
    Internal execute_tool t
Internal invoke_agent around
  Internal invoke_workflow w
    Internal invoke_agent a
      Internal execute_tool t
  Internal execute_tool of another
Internal invoke_agent one
  Internal execute_tool of one
Internal invoke_agent two";
    assert_eq!(names.join("\n"), expected, "the tree");
}

fn measured(recorder: &Recorder, scope: Scope) -> Scope {
    scope.with_meter_provider(recorder.meter_provider())
}

#[test]
fn a_cancelled_scope_is_measured_and_a_suppressed_one_is_not() {
    let recorder = Recorder::new();
    {
        let suppressed = Context::new().with_telemetry_suppressed();
        let _attached = suppressed.attach();
        block_on(measured(&recorder, tool("unseen")).run(async {}));
    }
    let mut pending = Box::pin(measured(&recorder, tool("slow")).run(pending::<()>()));
    let waker = Waker::noop();
    let polled = pending.as_mut().poll(&mut task::Context::from_waker(waker));
    assert!(polled.is_pending(), "pending");
    drop(pending);
    assert_eq!(
        recorder.metrics(),
        ["gen_ai.execute_tool.duration{error.type=cancelled,gen_ai.tool.name=slow} count=1"],
        "the one that was cancelled"
    );
}

/// The conventions want the metric to be what the span shows.
#[test]
fn the_duration_is_that_of_the_span() {
    let recorder = Recorder::new();
    let scope = measured(&recorder, agent("a")).with_tracer_provider(recorder.tracer_provider());
    block_on(scope.run(async {
        let until = Instant::now() + Duration::from_millis(20);
        while Instant::now() < until {
            std::hint::spin_loop();
        }
    }));
    let span = recorder.spans().pop().expect("a span");
    let span = span
        .end_time
        .duration_since(span.start_time)
        .unwrap()
        .as_secs_f64();
    let sums = recorder.sums();
    let sum = sums
        .iter()
        .find_map(|line| line.strip_prefix("gen_ai.invoke_agent.duration{gen_ai.agent.name=a} sum="));
    let measured: f64 = sum.expect("a duration").parse().unwrap();
    assert!(
        measured >= 0.02 && measured <= span + 0.001,
        "{measured} s, and the span {span} s"
    );
}

/// A service that is ready at its second poll, once.
struct Busy(u8);

impl Service<u8> for Busy {
    type Response = u8;
    type Error = Infallible;
    type Future = std::future::Ready<Result<u8, Infallible>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0 = self.0.saturating_sub(1);
        if self.0 == 0 {
            Poll::Ready(Ok(()))
        } else {
            Poll::Pending
        }
    }

    fn call(&mut self, request: u8) -> Self::Future {
        ready(Ok(request))
    }
}

#[test]
fn readiness_passes_through() {
    let mut service = tool("t").layer().layer(Busy(2));
    let mut cx = task::Context::from_waker(Waker::noop());
    assert!(service.poll_ready(&mut cx).is_pending(), "not ready");
    assert!(service.poll_ready(&mut cx).is_ready(), "ready");
    assert_eq!(block_on(service.call(7)), Ok(7), "the answer");
}
