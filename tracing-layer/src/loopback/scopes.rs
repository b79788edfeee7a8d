//! The contexts that base URLs stand for.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use opentelemetry::Context;

/// The contexts of all scopes, by number.
#[derive(Default)]
pub(super) struct Scopes {
    next: AtomicU64,
    contexts: Mutex<HashMap<u64, Context>>,
}

impl Scopes {
    /// Adds a context until the registration is dropped.
    pub(super) fn register(scopes: &Arc<Self>, context: Context) -> Registration {
        let id = scopes.next.fetch_add(1, Ordering::Relaxed);
        scopes.contexts().insert(id, context);
        Registration {
            scopes: Arc::clone(scopes),
            id,
        }
    }

    pub(super) fn get(&self, id: u64) -> Option<Context> {
        self.contexts().get(&id).cloned()
    }

    fn contexts(&self) -> MutexGuard<'_, HashMap<u64, Context>> {
        self.contexts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A context in [`Scopes`], which its drop removes.
pub(super) struct Registration {
    scopes: Arc<Scopes>,
    id: u64,
}

impl Registration {
    pub(super) const fn id(&self) -> u64 {
        self.id
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let context = self.scopes.contexts().remove(&self.id);
        // Outside of the lock, because the drop of a context may end a span.
        drop(context);
    }
}
