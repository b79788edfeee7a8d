//! Random numbers for ids: well mixed and seeded by the operating system, but not for secrets.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

/// Returns the next number of this thread. It is never zero.
pub(crate) fn nonzero() -> u64 {
    thread_local! {
        static STREAM: (RandomState, Cell<u64>) = (RandomState::new(), Cell::new(0));
    }
    STREAM.with(|(keys, count)| {
        loop {
            let next = count.get().wrapping_add(1);
            count.set(next);
            // A keyed hash of a counter. The keys come from the operating system, so the sequences of threads
            // differ.
            match keys.hash_one(next) {
                0 => {}
                id => return id,
            }
        }
    })
}
