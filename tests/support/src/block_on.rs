//! Runs futures without a runtime.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Runs a future that is pending only a few times, and needs no runtime.
///
/// # Panics
/// Panics if it is still pending after a thousand polls.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..MAX_POLLS {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
    }
    panic!("still pending after {MAX_POLLS} polls");
}

const MAX_POLLS: usize = 1_000;
