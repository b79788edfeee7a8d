//! What outer layers do for a request, as its extensions say. See [`nesting`](crate::nesting).

use http::{Extensions, Request};

use super::route;
use crate::layer_parts::Parts;
use crate::nesting;

/// What outer layers do for a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outside {
    pub(super) parts: Parts,
    /// Whether one of them has the route of the request.
    pub(super) routed: bool,
}

/// The tag of a request for which outer layers do everything, as for nearly every one. It has no size, so it
/// needs no allocation.
#[derive(Debug, Clone, Copy)]
struct AllDone;

/// The same if the route is also known.
#[derive(Debug, Clone, Copy)]
struct AllDoneRouted;

impl Outside {
    const ALL: Self = Self {
        parts: Parts::ALL,
        routed: false,
    };

    /// Tags a request.
    pub(super) fn tag(self, extensions: &mut Extensions) {
        match (self.parts, self.routed) {
            (Parts::ALL, true) => _ = extensions.insert(AllDoneRouted),
            (Parts::ALL, false) => _ = extensions.insert(AllDone),
            _ => _ = extensions.insert(self),
        }
    }

    /// Returns the tag of a request. If several layers have tagged it, the most complete tag applies.
    fn tagged(extensions: &Extensions) -> Option<Self> {
        if extensions.is_empty() {
            return None;
        }
        if extensions.get::<AllDoneRouted>().is_some() {
            return Some(Self {
                routed: true,
                ..Self::ALL
            });
        }
        let all = extensions.get::<AllDone>().map(|_| Self::ALL);
        all.or_else(|| extensions.get().copied())
    }
}

/// Returns what outer layers do for this request.
pub(super) fn outside<B>(request: &Request<B>) -> Outside {
    let tag = Outside::tagged(request.extensions());
    if tag.is_some() || route::is_serving() {
        nesting::note_nested();
    }
    tag.unwrap_or(Outside {
        parts: Parts::NONE,
        routed: false,
    })
}
