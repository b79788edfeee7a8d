//! Values that carry the context of their sender.

use opentelemetry::Context;

use super::open::current;
use super::thread::Attached;

/// A value with the context in which it was created, for channels, queues and thread pools.
///
/// ```
/// # use throughline_tracing_layer as throughline;
/// use std::sync::mpsc;
/// use throughline::span::{Carried, current_trace_id, span};
///
/// let (sender, receiver) = mpsc::channel();
/// let worker = std::thread::spawn(move || {
///     for job in receiver {
///         Carried::run(job, |job: &str| (job.len(), current_trace_id()));
///     }
/// });
/// let _span = span("enqueue");
/// sender.send(Carried::new("job"))?;
/// # drop(sender);
/// # worker.join().unwrap();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Carried<T> {
    value: T,
    context: Context,
}

impl<T> Carried<T> {
    /// Wraps the value together with the current context.
    pub fn new(value: T) -> Self {
        Self {
            value,
            context: current(),
        }
    }

    /// Passes the value to `work`, which runs in the context.
    pub fn run<R>(self, work: impl FnOnce(T) -> R) -> R {
        let _attached = Attached::new(self.context);
        work(self.value)
    }

    /// Returns the value and the context, for work that is a future: see
    /// [`InContextExt`](super::InContextExt).
    pub fn into_parts(self) -> (T, Context) {
        (self.value, self.context)
    }
}

/// Wraps a closure so that it runs in the current context on any thread.
///
/// ```
/// # use throughline_tracing_layer as throughline;
/// use throughline::span::{carry, current_trace_id, span};
///
/// let _span = span("parent");
/// let here = current_trace_id();
/// let there = std::thread::spawn(carry(current_trace_id)).join();
/// assert_eq!(there.ok(), Some(here));
/// ```
pub fn carry<T>(work: impl FnOnce() -> T) -> impl FnOnce() -> T {
    let work = Carried::new(work);
    move || work.run(|work| work())
}
