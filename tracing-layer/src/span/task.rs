//! Tokio tasks in the current context.

use std::future::Future;

use tokio::task::{self, JoinHandle};

use super::{InContextExt, carry};

/// Spawns a task in the current context: its spans are children of the current one, and its logs have the id
/// of the trace.
///
/// The task does not keep the current span open. To give the task its own span, use
/// `spawn_in_context(in_span(name, future))`.
///
/// # Panics
///
/// Panics outside of a Tokio runtime, like [`tokio::spawn`].
#[track_caller]
pub fn spawn_in_context<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    task::spawn(future.in_current_context())
}

/// Runs a blocking closure in the current context, on Tokio's threads for blocking work.
///
/// # Panics
///
/// Panics outside of a Tokio runtime, like [`tokio::task::spawn_blocking`].
#[track_caller]
pub fn spawn_blocking_in_context<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    task::spawn_blocking(carry(work))
}
