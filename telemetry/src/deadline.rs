//! Runs blocking work on threads of its own and stops waiting at a deadline.

use std::fmt;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::ShutdownError;
use crate::signal::Signal;

/// Work for one signal.
pub(crate) struct Job {
    pub(crate) signal: Signal,
    pub(crate) run: Box<dyn FnOnce() -> Result<(), String> + Send>,
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Job").field(&self.signal).finish()
    }
}

/// Runs lanes side by side and the jobs of a lane one after the other. A job that is late goes on by itself.
pub(crate) fn within(deadline: Duration, lanes: Vec<Vec<Job>>) -> Result<(), ShutdownError> {
    let end = Instant::now().checked_add(deadline);
    let left = |end: Instant| end.saturating_duration_since(Instant::now());
    let mut waiting: Vec<Signal> = lanes.iter().flatten().map(|job| job.signal).collect();
    let mut failures = Vec::new();
    let (sender, results) = mpsc::channel();
    for lane in lanes {
        let sender = sender.clone();
        let run = move || {
            for Job { signal, run } in lane {
                let _ = sender.send((signal, run()));
            }
        };
        // A lane whose thread cannot be started drops its sender, and is reported below.
        let _ = thread::Builder::new().name("throughline-flush".into()).spawn(run);
    }
    drop(sender);
    while !waiting.is_empty() {
        match results.recv_timeout(end.map_or(Duration::MAX, left)) {
            Ok((signal, result)) => {
                waiting.retain(|other| *other != signal);
                failures.extend(result.err().map(|why| (signal, why)));
            }
            Err(RecvTimeoutError::Timeout) => {
                let late = format!("not finished within {deadline:?}");
                failures.extend(waiting.drain(..).map(|signal| (signal, late.clone())));
            }
            Err(RecvTimeoutError::Disconnected) => {
                let died = "its thread did not run to its end";
                failures.extend(waiting.drain(..).map(|signal| (signal, died.to_owned())));
            }
        }
    }
    failures.sort();
    ShutdownError::from_failures(failures)
}
