//! The span helpers as a program uses them: with the global provider, in their own process.

#![expect(clippy::expect_used, clippy::panic, reason = "a test says so by a panic")]

mod carry;
mod current;
mod lifecycle;
mod off;
mod shutdown;

use std::sync::LazyLock;

use opentelemetry::global;
use opentelemetry_sdk::trace::Sampler;
use throughline_test_support::Recorder;
use throughline_tracing_layer::span::span;

/// What all the tests record into. A helper was used before it was there: see [`off`].
static RECORDER: LazyLock<Recorder> = LazyLock::new(|| {
    LazyLock::force(&off::BEFORE);
    let recorder = Recorder::with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOn)));
    global::set_tracer_provider(recorder.tracer_provider());
    off::until_the_provider_is_seen();
    recorder
});

/// Runs a test in a span of its name.
fn within<T>(name: &'static str, test: impl FnOnce() -> T) -> T {
    LazyLock::force(&RECORDER);
    let _root = span(name);
    test()
}

/// What was recorded under the root span of this name, if that has ended.
fn tree(root: &str) -> String {
    let whole = RECORDER.tree(&[]);
    let head = format!("Internal {root}");
    let mut lines = whole
        .lines()
        .skip_while(|line| *line != head && !line.starts_with(&format!("{head} [")));
    let head: Vec<&str> = lines.by_ref().take(1).collect();
    let below = lines.take_while(|line| line.starts_with(' '));
    head.into_iter()
        .chain(below)
        .map(|line| format!("{line}\n"))
        .collect()
}
