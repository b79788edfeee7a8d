//! Two layers of one kind around one request: the inner one stands aside for what the outer one does.
//!
//! Otherwise one request has two spans and counts twice. That a layer runs inside another is easy to see on the thread;
//! whether both have the same request is not: a handler may send a request of its own through a router in the same
//! process. So the request has a tag, an entry among the extensions of an `http::Request`, a hash of method and URL
//! where a client's request has no extensions.
//!
//! A request that has extensions already, as all requests from hyper and axum have, always gets a tag. For one without
//! any, a tag costs two allocations more, and nearly no program needs it. So each layer tags the first of these, and all
//! layers tag all of theirs once any layer was seen at work inside another. Should the first one go another way than
//! through both layers, one later request without extensions may be recorded twice.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::otel_warn;

use crate::layer_parts::Parts;

/// What one layer knows of others inside and outside of it. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Nesting {
    flags: Arc<Flags>,
}

#[derive(Debug, Default)]
struct Flags {
    /// Whether the layer has tagged its first request.
    tagged: AtomicBool,
    /// Whether it has warned that it stands aside.
    warned: AtomicBool,
}

impl Nesting {
    /// Whether the request that begins is to be tagged.
    pub(crate) fn is_tagging(&self) -> bool {
        let first =
            || !self.flags.tagged.load(Ordering::Relaxed) && !self.flags.tagged.swap(true, Ordering::Relaxed);
        IS_NESTED.load(Ordering::Relaxed) || first()
    }

    /// Warns, once for each layer, that it stands aside.
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

/// Notes that a layer is at work inside another: from now on, all requests are tagged.
pub(crate) fn note_nested() {
    IS_NESTED.store(true, Ordering::Relaxed);
}

static IS_NESTED: AtomicBool = AtomicBool::new(false);

/// A request that a client's layer is sending on this thread, and what that layer does about it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InFlight {
    /// A hash of the request's method and URL, if it is tagged.
    pub(crate) target: Option<u64>,
    pub(crate) parts: Parts,
}

thread_local! {
    static IN_FLIGHT: Cell<Option<InFlight>> = const { Cell::new(None) };
}

/// The request that a client's layer outside of here is sending.
pub(crate) fn in_flight() -> Option<InFlight> {
    IN_FLIGHT.get()
}

/// Does `work` for a request that is being sent.
pub(crate) fn with_in_flight<T>(request: InFlight, work: impl FnOnce() -> T) -> T {
    let _before = Before(IN_FLIGHT.replace(Some(request)));
    work()
}

/// What was being sent before. It is again when this is dropped, also by a panic.
struct Before(Option<InFlight>);

impl Drop for Before {
    fn drop(&mut self) {
        IN_FLIGHT.set(self.0);
    }
}
