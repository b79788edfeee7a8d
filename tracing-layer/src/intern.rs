//! Short texts that occur again and again, interned for the life of the process.
//!
//! The name of a span and a route are needed for every request and are fixed in the program. Interned, they
//! cost neither an allocation nor a reference count. The table is bounded: beyond the bounds, texts are
//! copied.

use std::collections::{HashMap, HashSet};
use std::sync::{LazyLock, OnceLock, PoisonError, RwLock};

use http::StatusCode;

use crate::semconv::OTHER;

/// A route, and the name of the span for one method on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) route: &'static str,
    pub(crate) span: &'static str,
}

#[derive(Default)]
struct Table {
    interned: HashSet<&'static str>,
    named: HashMap<(&'static str, &'static str), Named>,
}

/// Returns the interned text, or `None` if the table is full.
pub(crate) fn text(text: &str) -> Option<&'static str> {
    let found = read(|table| match table.interned.get(text) {
        Some(&interned) => Found::Interned(interned),
        None => table.room_for(text),
    });
    match found {
        Found::Interned(interned) => return Some(interned),
        Found::NoRoom => return None,
        Found::Room => {}
    }
    let mut table = TABLE.write().unwrap_or_else(PoisonError::into_inner);
    table.intern(text)
}

/// Returns the interned route and the span name `{method} {route}`, or `None` if the table is full.
pub(crate) fn named(method: &'static str, route: &str) -> Option<Named> {
    let look_up = |table: &Table| {
        // A map with keys of a longer lifetime is also a map with keys of this one.
        let named: &HashMap<(&str, &str), Named> = &table.named;
        match named.get(&(method, route)) {
            Some(&named) => Found::Interned(named),
            None => table.room_for(route),
        }
    };
    match read(look_up) {
        Found::Interned(named) => return Some(named),
        Found::NoRoom => return None,
        Found::Room => {}
    }
    let mut table = TABLE.write().unwrap_or_else(PoisonError::into_inner);
    let route = table.intern(route)?;
    let span = table.intern(&format!("{method} {route}"))?;
    let named = Named { route, span };
    table.named.insert((method, route), named);
    Some(named)
}

/// Returns the text of a status code. It has a place even if the table of texts is full, since without it an
/// error would not be recorded as one.
pub(crate) fn status(status: StatusCode) -> &'static str {
    let place = STATUSES.get(usize::from(status.as_u16()));
    place.map_or(OTHER, |text| text.get_or_init(|| status.as_str().into()))
}

/// What a lookup has found. Only if there is room, the table is locked for writing: otherwise each request
/// with a new text would stop all others for nothing.
enum Found<T> {
    Interned(T),
    Room,
    NoRoom,
}

impl Table {
    fn room_for<T>(&self, text: &str) -> Found<T> {
        if self.interned.len() >= MAX_TEXTS || text.len() > MAX_LENGTH {
            return Found::NoRoom;
        }
        Found::Room
    }

    fn intern(&mut self, text: &str) -> Option<&'static str> {
        if let Some(&interned) = self.interned.get(text) {
            return Some(interned);
        }
        if self.interned.len() >= MAX_TEXTS || text.len() > MAX_LENGTH {
            return None;
        }
        let interned: &'static str = Box::leak(text.into());
        self.interned.insert(interned);
        Some(interned)
    }
}

fn read<T>(look: impl FnOnce(&Table) -> T) -> T {
    look(&TABLE.read().unwrap_or_else(PoisonError::into_inner))
}

/// The texts of the status codes, by number.
static STATUSES: [OnceLock<Box<str>>; 1000] = [const { OnceLock::new() }; 1000];

static TABLE: LazyLock<RwLock<Table>> = LazyLock::new(RwLock::default);

/// The maximum number of texts: the routes and methods of a program.
const MAX_TEXTS: usize = 4096;
/// The maximum length of a text, in bytes: about 1 MB in total.
const MAX_LENGTH: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_made_once() {
        let first = named("GET", "/users/{id}").expect("room");
        assert_eq!(
            (first.route, first.span),
            ("/users/{id}", "GET /users/{id}"),
            "the name"
        );
        let second = named("GET", "/users/{id}").expect("room");
        assert!(std::ptr::eq(first.span, second.span), "the same text");
    }

    #[test]
    fn every_status_has_a_text() {
        for number in 100..1000 {
            let code = StatusCode::from_u16(number).expect("a status");
            assert_eq!(status(code), number.to_string(), "the text of {number}");
        }
    }

    #[test]
    fn what_is_kept_is_bounded() {
        assert_eq!(text(&"x".repeat(MAX_LENGTH + 1)), None, "too long");
        let mut table = Table::default();
        for n in 0..MAX_TEXTS {
            assert!(table.intern(&n.to_string()).is_some(), "room for {n}");
        }
        assert_eq!(table.intern("one more"), None, "full");
        assert_eq!(table.intern("7"), Some("7"), "what was interned stays");
    }
}
