//! Functions of the user: filters, routes and attributes. A panic in one only ends that hook, not the
//! request.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use opentelemetry::{KeyValue, otel_warn};

/// A function of the user, or none.
pub(crate) struct Hook<F: ?Sized>(Option<Arc<F>>);

impl<F: ?Sized> Hook<F> {
    pub(crate) const NONE: Self = Self(None);

    pub(crate) fn new(function: Arc<F>) -> Self {
        Self(Some(function))
    }

    /// Returns the attributes that the function adds. If there is none or it panics, returns none.
    pub(crate) fn attributes(&self, add: impl FnOnce(&F, &mut Vec<KeyValue>)) -> Vec<KeyValue> {
        let mut attributes = Vec::new();
        self.call(|function| add(function, &mut attributes));
        attributes
    }

    /// Returns whether there is no function.
    pub(crate) fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// Passes the function to `call`. Returns `None` if there is none or it panics.
    pub(crate) fn call<T>(&self, call: impl FnOnce(&F) -> T) -> Option<T> {
        let function = self.0.as_deref()?;
        let called = catch_unwind(AssertUnwindSafe(|| call(function)));
        if called.is_err() {
            otel_warn!(
                name: "throughline.hook_panicked",
                message = "A function that was given to a layer panicked. The request goes on without it."
            );
        }
        called.ok()
    }
}

impl<F: ?Sized> Default for Hook<F> {
    fn default() -> Self {
        Self::NONE
    }
}

impl<F: ?Sized> Clone for Hook<F> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<F: ?Sized> fmt::Debug for Hook<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Some(..)" } else { "None" })
    }
}
