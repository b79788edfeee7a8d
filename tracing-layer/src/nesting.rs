//! Two layers of one kind around one request: the inner one omits what the outer one does.
//!
//! Otherwise one request has two spans and is counted twice. It is easy to see on the thread that a layer
//! runs inside another one, but not whether both have the same request: a handler may send a request of its
//! own through a router in the same process. Therefore the request has a tag: an entry in the extensions of
//! an `http::Request`, or a hash of method and URL if a client's request has no extensions.
//!
//! A request that has extensions already, as all requests from hyper and axum do, always gets a tag. For a
//! request without any, a tag costs two more allocations, and almost no program needs it. Therefore each
//! layer tags the first of these requests, and all layers tag all of them once any layer was seen inside
//! another one. If the first one does not pass both layers, one later request without extensions may be
//! recorded twice.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::otel_warn;

use crate::layer_parts::Parts;

/// What one layer knows of outer and inner ones. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Nesting {
    flags: Arc<Flags>,
}

#[derive(Debug, Default)]
struct Flags {
    /// Whether the layer has tagged its first request.
    tagged: AtomicBool,
    /// Whether the layer has warned.
    warned: AtomicBool,
}

impl Nesting {
    /// Returns whether the request that starts gets a tag.
    pub(crate) fn is_tagging(&self) -> bool {
        let first =
            || !self.flags.tagged.load(Ordering::Relaxed) && !self.flags.tagged.swap(true, Ordering::Relaxed);
        IS_NESTED.load(Ordering::Relaxed) || first()
    }

    /// Warns, once per layer, that an outer layer does its work.
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

/// Notes that a layer runs inside another one. From now on, all requests get a tag.
pub(crate) fn note_nested() {
    IS_NESTED.store(true, Ordering::Relaxed);
}

static IS_NESTED: AtomicBool = AtomicBool::new(false);

/// A request that a client layer is sending on this thread, and the parts that this layer does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InFlight {
    /// A hash of the request's method and URL, if it is tagged.
    pub(crate) target: Option<u64>,
    pub(crate) parts: Parts,
}

thread_local! {
    static IN_FLIGHT: Cell<Option<InFlight>> = const { Cell::new(None) };
}

/// Returns the request that an outer client layer is sending.
pub(crate) fn in_flight() -> Option<InFlight> {
    IN_FLIGHT.get()
}

/// Runs `work` while a request is being sent.
pub(crate) fn with_in_flight<T>(request: InFlight, work: impl FnOnce() -> T) -> T {
    let _before = Before(IN_FLIGHT.replace(Some(request)));
    work()
}

/// The request that was being sent before. `Drop` restores it, also after a panic.
struct Before(Option<InFlight>);

impl Drop for Before {
    fn drop(&mut self) {
        IN_FLIGHT.set(self.0);
    }
}
