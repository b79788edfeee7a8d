//! The route of a request, and how it is set late.

use std::borrow::Cow;
use std::cell::Cell;
use std::mem;

use http::Extensions;

use crate::template::Template;

/// Sets the route of the request that is being served.
///
/// Use it in handlers and inner routers that know the route when the server layer cannot. It sets
/// `http.route` on span and metrics, and the name of the span. The last call before the end applies. (If a
/// span started with a route without a wildcard, it keeps that as its `http.route`, since an attribute cannot
/// be replaced; name and metrics change.) Returns whether a request is being served: inside of a
/// [`ServerLayer`](super::ServerLayer) that [records](crate::provider::is_off) something, in the task that
/// serves the request, not in a spawned one.
///
/// A route is a template with few values, such as `/users/{id}`; a path is not.
///
/// ```
/// # use throughline_tracing_layer as throughline;
/// use throughline::server::set_route;
///
/// let served = set_route("/users/{id}");
/// assert!(!served, "no request is being served here");
/// ```
pub fn set_route(template: impl Into<Cow<'static, str>>) -> bool {
    if SLOT.get() == Slot::Nobody {
        return false;
    }
    let named = NAME.try_with(|name| name.set(Some(template.into()))).is_ok();
    if named {
        SLOT.set(Slot::Named);
    }
    named
}

/// Returns whether this thread is serving a request.
pub(super) fn is_serving() -> bool {
    SLOT.get() != Slot::Nobody
}

/// Starts to listen for the route of a request.
#[inline]
pub(super) fn listen() -> Listening {
    if SLOT.get() == Slot::Nobody {
        SLOT.set(Slot::Waiting);
        return Listening {
            outer: (Slot::Nobody, None),
        };
    }
    Listening {
        outer: take(Slot::Waiting),
    }
}

/// A request that listens for its route. When it is dropped, also by a panic, the outer one listens again.
pub(super) struct Listening {
    outer: (Slot, Option<Cow<'static, str>>),
}

impl Listening {
    /// Returns the route that was set in between.
    #[inline]
    pub(super) fn end(self) -> Option<Cow<'static, str>> {
        if SLOT.get() == Slot::Waiting && self.outer.0 == Slot::Nobody {
            // Nothing was set, and nothing is to be restored, as for nearly every poll.
            SLOT.set(Slot::Nobody);
            mem::forget(self);
            return None;
        }
        self.end_named()
    }

    // Separate, since it is the exception.
    #[inline(never)]
    fn end_named(self) -> Option<Cow<'static, str>> {
        let (_, named) = take(Slot::Nobody);
        drop(self);
        named
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let (slot, name) = &mut self.outer;
        take(*slot);
        if let Some(name) = name.take() {
            let _ = NAME.try_with(|named| named.set(Some(name)));
        }
    }
}

/// Returns whether a route is set at the start, for samplers. A route with a wildcard may be replaced later,
/// and an attribute that is set twice is exported twice.
pub(super) fn is_final(route: &Template) -> bool {
    !route.text.as_str().contains('*')
}

/// Returns the route that the framework has matched.
pub(super) fn matched(extensions: &Extensions) -> Option<&str> {
    #[cfg(feature = "axum")]
    if let Some(path) = extensions.get::<axum::extract::MatchedPath>() {
        return Some(path.as_str());
    }
    let _ = extensions;
    None
}

/// The route set for the request that this thread is serving. `None` if it serves none.
#[derive(Clone, Copy, PartialEq)]
enum Slot {
    Nobody,
    Waiting,
    Named,
}

thread_local! {
    static SLOT: Cell<Slot> = const { Cell::new(Slot::Nobody) };
    static NAME: Cell<Option<Cow<'static, str>>> = const { Cell::new(None) };
}

/// Empties the slot for the next request.
fn take(next: Slot) -> (Slot, Option<Cow<'static, str>>) {
    let slot = SLOT.replace(next);
    let name = if slot == Slot::Named {
        NAME.try_with(Cell::take).ok().flatten()
    } else {
        None
    };
    (slot, name)
}
