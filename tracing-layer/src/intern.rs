//! Short texts that occur again and again, interned for the life of the process.
//!
//! The name of a span and a route are needed for every request and are fixed in the program. Interned, they
//! cost neither an allocation nor a reference count. The table is bounded: beyond the bounds, texts are
//! copied.

use std::collections::{HashMap, HashSet};
use std::sync::{LazyLock, PoisonError, RwLock};

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
    if let Some(interned) = read(|table| table.interned.get(text).copied()) {
        return Some(interned);
    }
    let mut table = TABLE.write().unwrap_or_else(PoisonError::into_inner);
    table.intern(text)
}

/// Returns the interned route and the span name `{method} {route}`, or `None` if the table is full.
pub(crate) fn named(method: &'static str, route: &str) -> Option<Named> {
    let look_up = |table: &Table| {
        // A map with keys of a longer lifetime is also a map with keys of this one.
        let named: &HashMap<(&str, &str), Named> = &table.named;
        named.get(&(method, route)).copied()
    };
    if let Some(named) = read(look_up) {
        return Some(named);
    }
    let mut table = TABLE.write().unwrap_or_else(PoisonError::into_inner);
    let route = table.intern(route)?;
    let span = table.intern(&format!("{method} {route}"))?;
    let named = Named { route, span };
    table.named.insert((method, route), named);
    Some(named)
}

impl Table {
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
