//! `#[traced]` on every kind of function, by what it records.

#![expect(clippy::panic, reason = "a test says so by a panic")]

mod arguments;
mod errors;
mod instrument;
mod kinds;
mod lints;
mod names;
mod renamed;

use std::future::Future;
use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context as Task, Poll, Waker};

use opentelemetry::global;
use throughline_test_support::Recorder;
use throughline_tracing_layer::span::span;

static RECORDER: LazyLock<Recorder> = LazyLock::new(|| {
    let recorder = Recorder::new();
    global::set_tracer_provider(recorder.tracer_provider());
    recorder
});

/// Runs a test in a span of its name and returns what was recorded below.
fn below<T>(root: &'static str, test: impl FnOnce() -> T) -> String {
    LazyLock::force(&RECORDER);
    {
        let _root = span(root);
        test();
    }
    let whole = RECORDER.tree(&[]);
    let head = format!("Internal {root}");
    let mut lines = whole.lines().skip_while(|line| *line != head);
    assert!(lines.next().is_some(), "{root} in {whole}");
    lines
        .take_while(|line| line.starts_with(' '))
        .map(|line| format!("{}\n", line.strip_prefix("  ").unwrap_or(line)))
        .collect()
}

/// Polls a future that does not wait for anything.
fn now<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    for _ in 0..100 {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Task::from_waker(Waker::noop())) {
            return output;
        }
    }
    panic!("the future waits for something");
}
