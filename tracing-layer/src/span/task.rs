//! Tokio's tasks, in the context of who spawns them.

use std::future::Future;

use tokio::task::{self, JoinHandle};

use super::{InContextExt, carry};

/// Spawns a task in the current context: its spans are children of the current one, and its logs carry the trace's id.
///
/// The task does not keep the current span open. A task that shall have a span of its own is
/// `spawn_in_context(in_span(name, future))`.
///
/// # Panics
///
/// Outside a Tokio runtime, as [`tokio::spawn`] does.
#[track_caller]
pub fn spawn_in_context<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    task::spawn(future.in_current_context())
}

/// Runs a blocking closure on Tokio's threads for such, in the current context.
///
/// # Panics
///
/// Outside a Tokio runtime, as [`tokio::task::spawn_blocking`] does.
#[track_caller]
pub fn spawn_blocking_in_context<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    task::spawn_blocking(carry(work))
}
