//! Runs blocking work on threads of its own and stops waiting at a deadline.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use throughline_propagation::unfinished;

use crate::error::{ShutdownError, SignalFailure};
use crate::signal::Signal;

/// Work for one signal, of the process or of a service in it.
pub(crate) struct Job {
    pub(crate) signal: Signal,
    pub(crate) service: Option<Arc<str>>,
    pub(crate) run: Box<dyn FnOnce() -> Result<(), String> + Send>,
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Job").field(&self.key()).finish()
    }
}

impl Job {
    fn key(&self) -> JobKey {
        (self.signal, self.service.clone())
    }
}

type JobKey = (Signal, Option<Arc<str>>);

/// Waits, at most half of the time, until what has ended is recorded, then runs lanes side by side and the jobs of a lane
/// one after the other. A job that is late goes on by itself.
pub(crate) fn flush_within(deadline: Duration, lanes: Vec<Vec<Job>>) -> Result<(), ShutdownError> {
    let end = Instant::now().checked_add(deadline);
    // What is not recorded yet comes with the next flush.
    let _ = unfinished::settle(deadline / 2);
    ShutdownError::from_failures(run(deadline, end, lanes))
}

/// As [`flush_within`], but what is not recorded after half of the time is recorded as it is.
pub(crate) fn end_within(deadline: Duration, lanes: Vec<Vec<Job>>) -> Result<(), ShutdownError> {
    let end = Instant::now().checked_add(deadline);
    let is_recorded = unfinished::finish(deadline / 2);
    let mut failures = run(deadline, end, lanes);
    if !is_recorded {
        failures.push(SignalFailure {
            signal: Signal::Traces,
            why: NOT_RECORDED.to_owned(),
            service: None,
        });
        failures.sort();
    }
    ShutdownError::from_failures(failures)
}

/// Why a job that ran out of time failed.
pub(crate) fn late(deadline: Duration) -> String {
    format!("not finished within {deadline:?}")
}

fn run(deadline: Duration, end: Option<Instant>, lanes: Vec<Vec<Job>>) -> Vec<SignalFailure> {
    let remaining = |end: Instant| end.saturating_duration_since(Instant::now());
    let mut waiting: Vec<JobKey> = lanes.iter().flatten().map(Job::key).collect();
    let mut failures = Vec::new();
    let (sender, results) = mpsc::channel();
    for lane in lanes {
        let sender = sender.clone();
        let run = move || {
            for job in lane {
                let key = job.key();
                let _ = sender.send((key, (job.run)()));
            }
        };
        // A lane whose thread cannot be started drops its sender, and is reported below.
        let _ = thread::Builder::new().name("throughline-flush".into()).spawn(run);
    }
    drop(sender);
    while !waiting.is_empty() {
        match results.recv_timeout(end.map_or(Duration::MAX, remaining)) {
            Ok((key, result)) => {
                waiting.retain(|other| *other != key);
                failures.extend(result.err().map(|why| failure(key, why)));
            }
            Err(RecvTimeoutError::Timeout) => {
                failures.extend(waiting.drain(..).map(|key| failure(key, late(deadline))));
            }
            Err(RecvTimeoutError::Disconnected) => {
                let died = "its thread did not run to its end";
                failures.extend(waiting.drain(..).map(|key| failure(key, died.to_owned())));
            }
        }
    }
    failures.sort();
    failures
}

fn failure((signal, service): JobKey, why: String) -> SignalFailure {
    SignalFailure { signal, why, service }
}

const NOT_RECORDED: &str = "spans that have ended are not recorded, such as those of model calls whose tokens are still being \
                            counted";
