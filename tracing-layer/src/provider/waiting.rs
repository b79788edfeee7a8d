//! Instruments that are created as soon as a provider is reported.

use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Instruments that may wait for the global provider.
pub(super) trait Waiting: Send + Sync {
    /// Creates the instruments, if there is a provider.
    fn create(&self);
}

/// Creates the instruments when a provider is reported, if they still exist.
pub(super) fn wait(instruments: &Arc<impl Waiting + 'static>) {
    let instruments: Weak<dyn Waiting> = Arc::downgrade(&(Arc::clone(instruments) as Arc<dyn Waiting>));
    let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
    waiting.retain(|other| other.strong_count() > 0 && !other.ptr_eq(&instruments));
    if waiting.len() < MAX_WAITING {
        waiting.push(instruments);
    }
}

/// Creates all instruments that wait.
pub(super) fn create_all() {
    let waiting = std::mem::take(&mut *WAITING.lock().unwrap_or_else(PoisonError::into_inner));
    // Not under the lock, since this runs code of the provider.
    for instruments in waiting.iter().filter_map(Weak::upgrade) {
        instruments.create();
    }
}

static WAITING: Mutex<Vec<Weak<dyn Waiting>>> = Mutex::new(Vec::new());

/// The maximum number of instruments that wait. A program has a handful of layers. Those beyond it are
/// created at their first measurement.
const MAX_WAITING: usize = 256;
