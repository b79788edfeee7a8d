//! Numbers for ids: well mixed and seeded from the operating system, not for secrets.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

/// The next number of this thread, never zero.
pub(crate) fn nonzero() -> u64 {
    thread_local! {
        static STREAM: (RandomState, Cell<u64>) = (RandomState::new(), Cell::new(0));
    }
    STREAM.with(|(keys, count)| {
        loop {
            let next = count.get().wrapping_add(1);
            count.set(next);
            // A keyed hash of a counter: the keys come from the operating system, so no two threads share a stream.
            match keys.hash_one(next) {
                0 => {}
                id => return id,
            }
        }
    })
}
