//! The route of a request, and how it is learned late.

use std::borrow::Cow;
use std::cell::Cell;

use http::Extensions;

use crate::template::Template;

/// Names the route of the request that is being served, late.
///
/// For handlers and inner routers that know what the server layer could not: `http.route` on span and metrics, and the
/// span's name. The last call before the end counts. (A span that began with a route that has no wildcard keeps that as
/// its `http.route`, since an attribute cannot be taken back; name and metrics change.) Returns whether there is such a
/// request: inside a [`ServerLayer`](super::ServerLayer), in the task that serves the request, not in one that was
/// spawned.
///
/// A route is a template with few values, such as `/users/{id}`; a path is not.
///
/// ```
/// use throughline_tracing_layer::server::set_route;
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

/// Whether this thread is working on a request.
pub(super) fn is_serving() -> bool {
    SLOT.get() != Slot::Nobody
}

/// Listens for the route of a request, from here on.
pub(super) fn listen() -> Listening {
    Listening {
        outer: take(Slot::Waiting),
    }
}

/// A request that waits for its route. When it is dropped, also by a panic, the one outside of it waits again.
pub(super) struct Listening {
    outer: (Slot, Option<Cow<'static, str>>),
}

impl Listening {
    /// The route that was set meanwhile.
    pub(super) fn end(self) -> Option<Cow<'static, str>> {
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

/// Whether a route is told from the start, for samplers to see: one with a wildcard may be told better, and a span that
/// is told twice shows both.
pub(super) fn is_final(route: &Template) -> bool {
    !route.text.as_str().contains('*')
}

/// The route that the framework has found.
pub(super) fn matched(extensions: &Extensions) -> Option<&str> {
    #[cfg(feature = "axum")]
    if let Some(path) = extensions.get::<axum::extract::MatchedPath>() {
        return Some(path.as_str());
    }
    let _ = extensions;
    None
}

/// What the request that this thread is working on is told. Its name is looked for only if there is one.
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

/// Empties the slot for what comes.
fn take(next: Slot) -> (Slot, Option<Cow<'static, str>>) {
    let slot = SLOT.replace(next);
    let name = if slot == Slot::Named {
        NAME.try_with(Cell::take).ok().flatten()
    } else {
        None
    };
    (slot, name)
}
