//! The drains that are open: how many, and how to end them.

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
    /// Who waits until there are none.
    waiting: Vec<Waker>,
}

#[derive(Default)]
struct Entry {
    waker: Option<Waker>,
    cut_off: bool,
}

/// The room of one drain, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Room {
    open: Arc<Open>,
    id: u64,
}

impl Open {
    pub(super) fn count(&self) -> usize {
        self.state().drains.len()
    }

    /// Room for a drain, if fewer than `most` are open.
    pub(super) fn enter(self: &Arc<Self>, most: usize) -> Option<Room> {
        let mut state = self.state();
        if state.drains.len() >= most {
            return None;
        }
        let id = state.next;
        state.next += 1;
        state.drains.insert(id, Entry::default());
        Some(Room {
            open: self.clone(),
            id,
        })
    }

    /// Ends all drains that are open now.
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

impl Room {
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

impl Drop for Room {
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
