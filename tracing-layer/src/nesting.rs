//! Two layers of one kind around one request: the inner one stands aside for what the outer one does.
//!
//! Otherwise one request has two spans and counts twice. That a layer runs inside another is easy to see on the thread;
//! whether both have the same request is not: a handler may send a request of its own through a router in the same
//! process. So the mark is on the request, an entry among the extensions of an `http::Request`, a hash of method and URL
//! where a client's request has no extensions.
//!
//! A mark costs two allocations, and nearly no program needs it. So each layer marks its first request, and all layers
//! mark all of theirs once any layer was seen at work inside another. Should the first request of a layer go another
//! way than through both, one later request may be recorded twice.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::otel_warn;

use crate::settings::Parts;

/// What one layer knows of others inside and outside of it. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Nesting {
    flags: Arc<Flags>,
}

#[derive(Debug, Default)]
struct Flags {
    /// Whether the layer has marked its first request.
    marked: AtomicBool,
    /// Whether it has said that it stands aside.
    warned: AtomicBool,
}

impl Nesting {
    /// Whether the request that begins is to be marked.
    pub(crate) fn marks(&self) -> bool {
        let first =
            || !self.flags.marked.load(Ordering::Relaxed) && !self.flags.marked.swap(true, Ordering::Relaxed);
        IS_SEEN.load(Ordering::Relaxed) || first()
    }

    /// Says, once for each layer, that it stands aside.
    pub(crate) fn warn(&self, layer: &'static str) {
        if !self.flags.warned.swap(true, Ordering::Relaxed) {
            otel_warn!(
                name: "throughline.nested_layers",
                layer = layer,
                message = "Two of these layers are around the same request, such as a router and a router nested in it. \
                           The inner one records nothing that the outer one does. Remove one of them."
            );
        }
    }
}

/// A layer is at work inside another: from now on, requests are marked.
pub(crate) fn seen() {
    IS_SEEN.store(true, Ordering::Relaxed);
}

static IS_SEEN: AtomicBool = AtomicBool::new(false);

/// A request that a client's layer sends on this thread, and what that layer does about it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent {
    /// A hash of the request's method and URL, if it is marked.
    pub(crate) target: Option<u64>,
    pub(crate) parts: Parts,
}

thread_local! {
    static SENT: Cell<Option<Sent>> = const { Cell::new(None) };
}

/// The request that a client's layer outside of here sends.
pub(crate) fn sent() -> Option<Sent> {
    SENT.get()
}

/// Does `work` for a request that is being sent.
pub(crate) fn sending<T>(sent: Sent, work: impl FnOnce() -> T) -> T {
    let _before = Before(SENT.replace(Some(sent)));
    work()
}

/// What was being sent before. It is again when this is dropped, also by a panic.
struct Before(Option<Sent>);

impl Drop for Before {
    fn drop(&mut self) {
        SENT.set(self.0);
    }
}
