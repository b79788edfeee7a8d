//! Counts long prompts on a thread of its own, so that no caller waits for it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// A call to be recorded.
type Job = Box<dyn FnOnce() + Send>;

/// Waits until all calls that have ended are recorded, at most so long; whether they are.
///
/// Only a call with a long prompt (more than 32 KiB) that nobody reported the tokens of is recorded later than it ends.
/// Call this before the providers are shut down.
pub fn settle(within: Duration) -> bool {
    let open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    let waited = DONE.wait_timeout_while(open, within, |open| *open > 0);
    let (open, _) = waited.unwrap_or_else(PoisonError::into_inner);
    *open == 0
}

/// Runs a job in the background; gives it back if there is no room, or no thread.
pub(super) fn run(job: Job) -> Result<(), Job> {
    let Some(queue) = QUEUE.get_or_init(start) else {
        return Err(job);
    };
    change(|open| open.saturating_add(1));
    queue.try_send(job).map_err(|error| {
        finished();
        match error {
            TrySendError::Full(job) | TrySendError::Disconnected(job) => job,
        }
    })
}

fn start() -> Option<SyncSender<Job>> {
    let (queue, jobs) = sync_channel(ROOM);
    let thread = std::thread::Builder::new().name("throughline-tokens".to_owned());
    thread.spawn(move || work(&jobs)).ok()?;
    Some(queue)
}

fn work(jobs: &Receiver<Job>) {
    while let Ok(job) = jobs.recv() {
        let _ = catch_unwind(AssertUnwindSafe(job));
        finished();
    }
}

fn finished() {
    if change(|open| open.saturating_sub(1)) == 0 {
        DONE.notify_all();
    }
}

fn change(to: impl FnOnce(usize) -> usize) -> usize {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    *open = to(*open);
    *open
}

static QUEUE: OnceLock<Option<SyncSender<Job>>> = OnceLock::new();
static OPEN: Mutex<usize> = Mutex::new(0);
static DONE: Condvar = Condvar::new();

/// The most calls that wait: each holds its prompt.
const ROOM: usize = 64;
