//! Loads vocabularies and counts long texts on a thread of its own, so that no caller waits for it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use throughline_propagation::unfinished;

/// A call to be recorded, a text to be counted, or a vocabulary to be loaded.
type Job = Box<dyn FnOnce() + Send>;

/// Waits until all calls that have ended are recorded, at most so long; whether they are.
///
/// A call is recorded later than it ends if nobody reported its tokens and its prompt (more than 32 KiB) or its answer
/// (more than 16 KiB) is long, or the vocabulary is not loaded yet; and if its content is captured and its prompt is long.
/// Call this before you shut providers of your own down; throughline's telemetry waits by itself.
pub fn settle(within: Duration) -> bool {
    BACKGROUND.settle(within)
}

/// Runs a job in the background, after those before it; gives it back if there is no room, or no thread.
pub(crate) fn run(job: Job) -> Result<(), Job> {
    BACKGROUND.run(job)
}

/// A queue and the thread that works it off.
struct Background {
    queue: OnceLock<Option<SyncSender<Job>>>,
    open: Mutex<usize>,
    done: Condvar,
}

impl Background {
    /// The most jobs that wait: a call holds its prompt, a text 16 KiB.
    const ROOM: usize = 64;

    const fn new() -> Self {
        Self {
            queue: OnceLock::new(),
            open: Mutex::new(0),
            done: Condvar::new(),
        }
    }

    fn settle(&self, within: Duration) -> bool {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.done.wait_timeout_while(open, within, |open| *open > 0);
        let (open, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *open == 0
    }

    fn run(&'static self, job: Job) -> Result<(), Job> {
        let Some(queue) = self.queue.get_or_init(|| self.start()) else {
            return Err(job);
        };
        self.change(|open| open.saturating_add(1));
        queue.try_send(job).map_err(|error| {
            self.finished();
            match error {
                TrySendError::Full(job) | TrySendError::Disconnected(job) => job,
            }
        })
    }

    fn start(&'static self) -> Option<SyncSender<Job>> {
        let (queue, jobs) = sync_channel(Self::ROOM);
        let thread = std::thread::Builder::new().name("throughline-tokens".to_owned());
        thread.spawn(move || self.work(&jobs)).ok()?;
        unfinished::register(settle);
        Some(queue)
    }

    fn work(&self, jobs: &Receiver<Job>) {
        while let Ok(job) = jobs.recv() {
            let _ = catch_unwind(AssertUnwindSafe(job));
            self.finished();
        }
    }

    fn finished(&self) {
        if self.change(|open| open.saturating_sub(1)) == 0 {
            self.done.notify_all();
        }
    }

    fn change(&self, to: impl FnOnce(usize) -> usize) -> usize {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        *open = to(*open);
        *open
    }
}

static BACKGROUND: Background = Background::new();

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, mpsc};
    use std::time::Duration;

    use super::Background;

    #[test]
    fn a_full_queue_refuses_and_loses_nothing() {
        let background: &'static Background = Box::leak(Box::new(Background::new()));
        let (working, has_begun) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let block = move || {
            working.send(()).unwrap();
            released.recv().unwrap();
        };
        assert!(background.run(Box::new(block)).is_ok(), "the first");
        has_begun.recv().unwrap();
        let ran = Arc::new(AtomicUsize::new(0));
        let job = || {
            let ran = ran.clone();
            Box::new(move || {
                ran.fetch_add(1, Ordering::Relaxed);
            })
        };
        for number in 0..Background::ROOM {
            assert!(background.run(job()).is_ok(), "there is room for job {number}");
        }
        assert!(background.run(job()).is_err(), "and no more");
        assert!(!background.settle(Duration::ZERO), "none is done");
        release.send(()).unwrap();
        assert!(background.settle(Duration::from_secs(60)), "all are done");
        assert_eq!(ran.load(Ordering::Relaxed), Background::ROOM, "each once");
        assert!(
            background.run(Box::new(|| panic!("on purpose"))).is_ok(),
            "a job that panics"
        );
        assert!(background.run(job()).is_ok(), "and one behind it");
        assert!(background.settle(Duration::from_secs(60)), "the thread lives on");
        assert_eq!(ran.load(Ordering::Relaxed), Background::ROOM + 1, "and works");
    }
}
