//! A background thread that loads vocabularies, counts long texts and records the calls that need them, so
//! that no caller waits for it.
//!
//! A call that waits for its tokens is held in a slot. It is taken from there exactly once: by the thread,
//! when the vocabulary is loaded, or by a shutdown that cannot wait any longer and records the call with an
//! approximate number. A call that is being counted at that moment stays with the thread, and its counting
//! stops at the end of the segment.
//!
//! The thread starts on first use and lives as long as the process. The queue holds 64 jobs; if it is full,
//! the job is returned to the caller, who then approximates.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

/// Work for the thread.
pub type Job = Box<dyn FnOnce() + Send>;

/// A call that is recorded after it ended, because its tokens have to be counted first.
pub trait DeferredCall: Send {
    /// Returns a job that loads what counting needs. While it runs, a shutdown can still take the call.
    fn preparation(&self) -> Job;

    /// Counts the tokens and records the call. If `is_rough`, there is no time to count, and numbers are
    /// approximate.
    fn record(self: Box<Self>, is_rough: bool);
}

/// Waits up to `within` for all finished calls to be recorded. Returns whether they were.
pub fn wait_idle(within: Duration) -> bool {
    BACKGROUND.wait_idle(within)
}

/// Records the waiting calls with approximate numbers, and waits up to `within` for the one that is being
/// counted. Returns whether all calls were recorded.
pub fn hurry(within: Duration) -> bool {
    BACKGROUND.hurry(within)
}

/// Runs a job on the thread, after those before it.
///
/// # Errors
///
/// Returns the job if the queue is full or the thread could not be started.
pub fn run(job: Job) -> Result<(), Job> {
    BACKGROUND.run(job)
}

/// Records a call on the thread.
///
/// # Errors
///
/// Returns the call if the queue is full, the thread could not be started, or a shutdown [hurries](hurry).
pub fn record(call: Box<dyn DeferredCall>) -> Result<(), Box<dyn DeferredCall>> {
    BACKGROUND.record(call)
}

/// Returns whether a shutdown [hurries](hurry), so that there is no time to count.
#[must_use]
pub fn is_hurried() -> bool {
    BACKGROUND.is_hurried.load(Ordering::Relaxed)
}

/// A queue and the thread that works through it.
struct Background {
    queue: OnceLock<Option<SyncSender<Job>>>,
    calls: Mutex<Calls>,
    idle: Condvar,
    is_hurried: AtomicBool,
}

/// The calls that have ended and are not recorded.
struct Calls {
    /// The number of all of them, including the one that is being counted.
    open: usize,
    /// Those that were not taken. Some slots may be empty already.
    waiting: Vec<Slot>,
}

type Slot = Arc<Mutex<Option<Box<dyn DeferredCall>>>>;

impl Background {
    /// The most jobs that wait. A call holds its prompt, a text 16 KiB.
    const MAX_JOBS: usize = 64;

    const fn new() -> Self {
        Self {
            queue: OnceLock::new(),
            calls: Mutex::new(Calls {
                open: 0,
                waiting: Vec::new(),
            }),
            idle: Condvar::new(),
            is_hurried: AtomicBool::new(false),
        }
    }

    fn wait_idle(&self, within: Duration) -> bool {
        let calls = self.calls();
        let waited = self
            .idle
            .wait_timeout_while(calls, within, |calls| calls.open > 0);
        let (calls, _) = waited.unwrap_or_else(PoisonError::into_inner);
        calls.open == 0
    }

    fn hurry(&self, within: Duration) -> bool {
        self.is_hurried.store(true, Ordering::Relaxed);
        let waiting = std::mem::take(&mut self.calls().waiting);
        for slot in waiting {
            self.finish(&slot, true);
        }
        let is_done = self.wait_idle(within);
        self.is_hurried.store(false, Ordering::Relaxed);
        is_done
    }

    fn record(&'static self, call: Box<dyn DeferredCall>) -> Result<(), Box<dyn DeferredCall>> {
        if self.is_hurried.load(Ordering::Relaxed) {
            return Err(call);
        }
        let slot: Slot = Arc::new(Mutex::new(Some(call)));
        {
            let mut calls = self.calls();
            calls.open += 1;
            calls.waiting.push(Arc::clone(&slot));
        }
        let job = Arc::clone(&slot);
        let run = move || {
            let preparation = locked(&job).as_ref().map(|call| call.preparation());
            if let Some(preparation) = preparation {
                let _ = catch_unwind(AssertUnwindSafe(preparation));
            }
            self.finish(&job, false);
        };
        match self.run(Box::new(run)) {
            Ok(()) => Ok(()),
            Err(_) => match self.take(&slot) {
                Some((call, open)) => {
                    drop(open);
                    Err(call)
                }
                None => Ok(()),
            },
        }
    }

    /// Records the call of a slot, unless it was taken.
    fn finish(&self, slot: &Slot, is_rough: bool) {
        if let Some((call, _open)) = self.take(slot) {
            let _ = catch_unwind(AssertUnwindSafe(|| call.record(is_rough)));
        }
    }

    fn take(&self, slot: &Slot) -> Option<(Box<dyn DeferredCall>, OpenCall<'_>)> {
        let call = locked(slot).take()?;
        self.calls().waiting.retain(|other| !Arc::ptr_eq(other, slot));
        Some((call, OpenCall(self)))
    }

    fn run(&self, job: Job) -> Result<(), Job> {
        let Some(queue) = self.queue.get_or_init(Self::start) else {
            return Err(job);
        };
        queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(job) | TrySendError::Disconnected(job) => job,
        })
    }

    fn start() -> Option<SyncSender<Job>> {
        let (queue, jobs) = sync_channel(Self::MAX_JOBS);
        let thread = std::thread::Builder::new().name("throughline-tokens".to_owned());
        thread.spawn(move || work(&jobs)).ok()?;
        Some(queue)
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        locked(&self.calls)
    }
}

/// A call that was taken from its slot. Dropping this counts it as recorded, also if recording panicked.
struct OpenCall<'a>(&'a Background);

impl Drop for OpenCall<'_> {
    fn drop(&mut self) {
        let mut calls = self.0.calls();
        calls.open = calls.open.saturating_sub(1);
        drop(calls);
        self.0.idle.notify_all();
    }
}

fn work(jobs: &Receiver<Job>) {
    while let Ok(job) = jobs.recv() {
        let _ = catch_unwind(AssertUnwindSafe(job));
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

static BACKGROUND: Background = Background::new();

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{self, Receiver, Sender};
    use std::time::Duration;

    use super::{Background, DeferredCall, Job};

    /// A call that says how it was recorded. It is prepared, and counted, when it is let.
    struct Call {
        number: usize,
        recorded: Sender<(usize, bool)>,
        preparing: Option<Gate>,
        counting: Option<Gate>,
    }

    /// Says that it was reached, and waits.
    #[derive(Clone)]
    struct Gate {
        reached: Sender<()>,
        open: std::sync::Arc<std::sync::Mutex<Receiver<()>>>,
    }

    impl Gate {
        /// A gate, who sees that it was reached, and what opens it when it is dropped.
        fn new() -> (Self, Receiver<()>, Sender<()>) {
            let (reached, is_reached) = mpsc::channel();
            let (opener, open) = mpsc::channel();
            let open = std::sync::Arc::new(std::sync::Mutex::new(open));
            (Self { reached, open }, is_reached, opener)
        }

        fn pass(&self) {
            self.reached.send(()).unwrap();
            let _ = self.open.lock().unwrap().recv();
        }
    }

    impl DeferredCall for Call {
        fn preparation(&self) -> Job {
            let gate = self.preparing.clone();
            Box::new(move || gate.iter().for_each(Gate::pass))
        }

        fn record(self: Box<Self>, is_rough: bool) {
            if !is_rough {
                self.counting.iter().for_each(Gate::pass);
            }
            self.recorded.send((self.number, is_rough)).unwrap();
        }
    }

    fn background() -> &'static Background {
        Box::leak(Box::new(Background::new()))
    }

    fn call(number: usize, recorded: &Sender<(usize, bool)>) -> Call {
        Call {
            number,
            recorded: recorded.clone(),
            preparing: None,
            counting: None,
        }
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_full_queue_refuses_and_loses_nothing() {
        let background = background();
        let (recorded, records) = mpsc::channel();
        let (gate, is_reached, opener) = Gate::new();
        let first = Call {
            counting: Some(gate),
            ..call(0, &recorded)
        };
        assert!(background.record(Box::new(first)).is_ok(), "the first");
        is_reached.recv().unwrap();
        for number in 1..=Background::MAX_JOBS {
            let call = call(number, &recorded);
            assert!(
                background.record(Box::new(call)).is_ok(),
                "there is room for call {number}"
            );
        }
        assert!(
            background.record(Box::new(call(99, &recorded))).is_err(),
            "and no more"
        );
        assert!(background.run(Box::new(|| ())).is_err(), "for no job either");
        assert!(!background.wait_idle(Duration::ZERO), "none is done");
        drop(opener);
        assert!(background.wait_idle(LONG), "all are done");
        let found: Vec<_> = records.try_iter().collect();
        let expected: Vec<_> = (0..=Background::MAX_JOBS).map(|number| (number, false)).collect();
        assert_eq!(found, expected, "each once, and exactly");

        assert!(
            background.run(Box::new(|| panic!("on purpose"))).is_ok(),
            "a job that panics"
        );
        assert!(
            background.record(Box::new(call(7, &recorded))).is_ok(),
            "and a call behind it"
        );
        assert!(background.wait_idle(LONG), "the thread lives on");
        assert_eq!(records.try_iter().collect::<Vec<_>>(), [(7, false)], "and works");
    }

    #[test]
    fn whoever_hurries_records_all_that_wait() {
        let background = background();
        let (recorded, records) = mpsc::channel();
        let (gate, is_reached, opener) = Gate::new();
        let first = Call {
            preparing: Some(gate),
            ..call(0, &recorded)
        };
        assert!(background.record(Box::new(first)).is_ok(), "the first");
        is_reached.recv().unwrap();
        for number in 1..20 {
            assert!(
                background.record(Box::new(call(number, &recorded))).is_ok(),
                "call {number}"
            );
        }
        assert!(
            background.hurry(LONG),
            "all are recorded, though a vocabulary is still being loaded"
        );
        let found: Vec<_> = records.try_iter().collect();
        let expected: Vec<_> = (0..20).map(|number| (number, true)).collect();
        assert_eq!(found, expected, "each once, and roughly");
        drop(opener);
        assert!(
            background.record(Box::new(call(20, &recorded))).is_ok(),
            "afterwards"
        );
        assert!(background.wait_idle(LONG), "there is time again");
        assert_eq!(
            records.try_iter().collect::<Vec<_>>(),
            [(20, false)],
            "nothing twice"
        );
    }

    #[test]
    fn what_is_being_counted_is_waited_for_and_missed() {
        let background = background();
        let (recorded, records) = mpsc::channel();
        let (gate, is_reached, opener) = Gate::new();
        let first = Call {
            counting: Some(gate),
            ..call(0, &recorded)
        };
        assert!(background.record(Box::new(first)).is_ok(), "the first");
        assert!(
            background.record(Box::new(call(1, &recorded))).is_ok(),
            "the second"
        );
        is_reached.recv().unwrap();
        assert!(!background.hurry(Duration::from_millis(1)), "one is not done");
        assert_eq!(
            records.try_iter().collect::<Vec<_>>(),
            [(1, true)],
            "the other is"
        );
        drop(opener);
        assert!(background.wait_idle(LONG), "in the end");
        assert_eq!(records.try_iter().collect::<Vec<_>>(), [(0, false)], "once");
    }
}
