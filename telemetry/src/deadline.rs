//! Runs blocking work on its own threads, and stops waiting at a deadline.
//!
//! The SDK's flush and shutdown block as long as the destination does, and must not run on a thread of a
//! Tokio runtime. Each lane of jobs therefore has its own thread, and the caller waits for results on a
//! channel. A late job is reported but not stopped. Its thread ends when the destination responds, or with
//! the process.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use throughline_tracing_layer::pending;

use crate::error::{ShutdownError, SignalFailure};
use crate::signal::Signal;

/// Work on one signal of the process, or of a service in it.
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

/// Waits at most half of the time for work that is not recorded yet, then runs the lanes concurrently and the
/// jobs of a lane in order. A late job continues on its thread.
pub(crate) fn flush_within(deadline: Duration, lanes: Vec<Vec<Job>>) -> Result<(), ShutdownError> {
    let end = Instant::now().checked_add(deadline);
    // Work that is still not recorded is exported by the next flush.
    let _ = pending::wait_idle(deadline / 2);
    ShutdownError::from_failures(run(deadline, end, lanes))
}

/// Like [`flush_within`], but work that is not recorded after half of the time is recorded as it is.
pub(crate) fn end_within(deadline: Duration, lanes: Vec<Vec<Job>>) -> Result<(), ShutdownError> {
    let end = Instant::now().checked_add(deadline);
    let is_recorded = pending::finish(deadline / 2);
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

/// The failure message of a job that ran out of time.
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
                let died = "its thread ended early";
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

const NOT_RECORDED: &str = "some ended spans are not recorded yet, such as those of model calls whose tokens are still \
                            being counted";
