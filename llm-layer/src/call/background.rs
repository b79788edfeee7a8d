//! A background thread that loads vocabularies, counts long texts and records the calls that need them. No caller waits for
//! it.
//!
//! A call that waits for its tokens is held in a slot. It is taken from there once: by the thread, when the vocabulary is
//! loaded, or by a shutdown that cannot wait any longer and records the call with a rough number. A call that is being
//! counted at that moment stays with the thread, and its counting stops at the end of the segment.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use throughline_propagation::unfinished;

/// A text to be counted, or a vocabulary to be loaded.
type Job = Box<dyn FnOnce() + Send>;

/// A call that is recorded later than it ends.
pub(crate) trait Late: Send {
    /// Loads what counting needs, which may take long. It runs while the call can still be taken.
    fn preparation(&self) -> Job;

    /// Counts and records the call, exactly or roughly.
    fn record(self: Box<Self>, is_rough: bool);
}

/// Waits up to `within` for all finished calls to be recorded. Returns whether they were.
///
/// A call is recorded after it ends if the provider reported no usage and the prompt is longer than 32 KiB, the answer is
/// longer than 16 KiB or the vocabulary is not loaded yet; also if content is captured and the prompt is longer than 32 KiB.
/// Call this before you shut down your own providers. `throughline-telemetry` waits by itself.
pub fn settle(within: Duration) -> bool {
    BACKGROUND.settle(within)
}

/// Records the calls that wait with rough numbers, and waits at most so long for the one that is being counted.
fn hurry(within: Duration) -> bool {
    BACKGROUND.hurry(within)
}

/// Runs a job in the background, after those before it; gives it back if there is no room, or no thread.
pub(crate) fn run(job: Job) -> Result<(), Job> {
    BACKGROUND.run(job)
}

/// Records a call in the background; gives it back if there is no room, no thread or no time.
pub(crate) fn record(call: Box<dyn Late>) -> Result<(), Box<dyn Late>> {
    BACKGROUND.record(call)
}

/// Whether there is no time to count.
pub(crate) fn is_hurried() -> bool {
    BACKGROUND.is_hurried.load(Ordering::Relaxed)
}

/// A queue and the thread that works it off.
struct Background {
    queue: OnceLock<Option<SyncSender<Job>>>,
    calls: Mutex<Calls>,
    done: Condvar,
    is_hurried: AtomicBool,
}

/// The calls that have ended and are not recorded.
struct Calls {
    /// All of them, also the one that is being counted.
    open: usize,
    /// Those that were not taken; some slots may be empty already.
    waiting: Vec<Slot>,
}

type Slot = Arc<Mutex<Option<Box<dyn Late>>>>;

impl Background {
    /// The most jobs that wait: a call holds its prompt, a text 16 KiB.
    const ROOM: usize = 64;

    const fn new() -> Self {
        Self {
            queue: OnceLock::new(),
            calls: Mutex::new(Calls {
                open: 0,
                waiting: Vec::new(),
            }),
            done: Condvar::new(),
            is_hurried: AtomicBool::new(false),
        }
    }

    fn settle(&self, within: Duration) -> bool {
        let calls = self.calls();
        let waited = self
            .done
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
        let is_done = self.settle(within);
        self.is_hurried.store(false, Ordering::Relaxed);
        is_done
    }

    fn record(&'static self, call: Box<dyn Late>) -> Result<(), Box<dyn Late>> {
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

    /// Records the call of a slot, unless somebody has taken it.
    fn finish(&self, slot: &Slot, is_rough: bool) {
        if let Some((call, _open)) = self.take(slot) {
            let _ = catch_unwind(AssertUnwindSafe(|| call.record(is_rough)));
        }
    }

    fn take(&self, slot: &Slot) -> Option<(Box<dyn Late>, OpenCall<'_>)> {
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
        let (queue, jobs) = sync_channel(Self::ROOM);
        let thread = std::thread::Builder::new().name("throughline-tokens".to_owned());
        thread.spawn(move || work(&jobs)).ok()?;
        unfinished::register_hurry(settle, hurry);
        Some(queue)
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        locked(&self.calls)
    }
}

/// A call that was taken; it is recorded, or given up, when this is dropped.
struct OpenCall<'a>(&'a Background);

impl Drop for OpenCall<'_> {
    fn drop(&mut self) {
        let mut calls = self.0.calls();
        calls.open = calls.open.saturating_sub(1);
        drop(calls);
        self.0.done.notify_all();
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

    use super::{Background, Job, Late};

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

    impl Late for Call {
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
        for number in 1..=Background::ROOM {
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
        assert!(!background.settle(Duration::ZERO), "none is done");
        drop(opener);
        assert!(background.settle(LONG), "all are done");
        let found: Vec<_> = records.try_iter().collect();
        let expected: Vec<_> = (0..=Background::ROOM).map(|number| (number, false)).collect();
        assert_eq!(found, expected, "each once, and exactly");

        assert!(
            background.run(Box::new(|| panic!("on purpose"))).is_ok(),
            "a job that panics"
        );
        assert!(
            background.record(Box::new(call(7, &recorded))).is_ok(),
            "and a call behind it"
        );
        assert!(background.settle(LONG), "the thread lives on");
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
        assert!(background.settle(LONG), "there is time again");
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
        assert!(background.settle(LONG), "in the end");
        assert_eq!(records.try_iter().collect::<Vec<_>>(), [(0, false)], "once");
    }
}
