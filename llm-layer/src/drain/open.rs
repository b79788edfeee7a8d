//! The open drains: their number, and how they are waited for and cut off.
//!
//! A drain holds a [`Slot`], whose `Drop` removes it, so that a drain that panics or that the executor drops
//! is not counted any more. Wakers are called after the lock is released, since a waker may run the task at
//! once, which locks again.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// The open drains of a layer.
#[derive(Default)]
pub(super) struct Open {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    next: u64,
    drains: BTreeMap<u64, Entry>,
    /// The tasks that wait until no drain is open.
    waiting: Vec<Waker>,
}

#[derive(Default)]
struct Entry {
    waker: Option<Waker>,
    cut_off: bool,
}

/// The slot of one drain, released when it is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    open: Arc<Open>,
    id: u64,
}

impl Open {
    pub(super) fn count(&self) -> usize {
        self.state().drains.len()
    }

    /// Reserves a slot, if fewer than `limit` drains are open.
    pub(super) fn reserve(self: &Arc<Self>, limit: usize) -> Option<Slot> {
        let mut state = self.state();
        if state.drains.len() >= limit {
            return None;
        }
        let id = state.next;
        state.next += 1;
        state.drains.insert(id, Entry::default());
        Some(Slot {
            open: self.clone(),
            id,
        })
    }

    /// Ends all drains that are open now, at their next poll.
    pub(super) fn cut_off(&self) {
        let mut wakers = Vec::new();
        for drain in self.state().drains.values_mut() {
            drain.cut_off = true;
            wakers.extend(drain.waker.take());
        }
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Ready when no drain is open.
    pub(super) fn poll_empty(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.state();
        if state.drains.is_empty() {
            return Poll::Ready(());
        }
        if !state.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            state.waiting.push(cx.waker().clone());
        }
        Poll::Pending
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// Ready when the drain has to end.
    pub(super) fn poll_cut_off(&self, cx: &Context<'_>) -> Poll<()> {
        match self.open.state().drains.get_mut(&self.id) {
            Some(drain) if !drain.cut_off => {
                drain.waker = Some(cx.waker().clone());
                Poll::Pending
            }
            _ => Poll::Ready(()),
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut state = self.open.state();
        state.drains.remove(&self.id);
        let waiting = match state.drains.is_empty() {
            true => std::mem::take(&mut state.waiting),
            false => Vec::new(),
        };
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }
}

impl fmt::Debug for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Open").field("count", &self.count()).finish()
    }
}
