//! Short texts that come again and again, interned for the life of the process.
//!
//! A span's name and a route are needed at every request and are known when the program is written. Kept, they cost
//! neither an allocation nor a reference count. What is interned is bounded: past the bounds, texts are simply copied.

use std::collections::{HashMap, HashSet};
use std::sync::{LazyLock, PoisonError, RwLock};

/// A route, and the name of the span of one method on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) route: &'static str,
    pub(crate) span: &'static str,
}

#[derive(Default)]
struct Table {
    texts: HashSet<&'static str>,
    named: HashMap<(&'static str, &'static str), Named>,
}

/// The text, kept, or `None` where there is no room for it.
pub(crate) fn text(text: &str) -> Option<&'static str> {
    if let Some(interned) = read(|table| table.texts.get(text).copied()) {
        return Some(interned);
    }
    let mut table = TABLE.write().unwrap_or_else(PoisonError::into_inner);
    table.intern(text)
}

/// A route and the span name `{method} {route}`, kept, or `None` where there is no room for them.
pub(crate) fn named(method: &'static str, route: &str) -> Option<Named> {
    let look_up = |table: &Table| {
        // A map of longer-lived keys is a map of these.
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
        if let Some(&interned) = self.texts.get(text) {
            return Some(interned);
        }
        if self.texts.len() >= MAX_TEXTS || text.len() > MAX_LENGTH {
            return None;
        }
        let interned: &'static str = Box::leak(text.into());
        self.texts.insert(interned);
        Some(interned)
    }
}

fn read<T>(look: impl FnOnce(&Table) -> T) -> T {
    look(&TABLE.read().unwrap_or_else(PoisonError::into_inner))
}

static TABLE: LazyLock<RwLock<Table>> = LazyLock::new(RwLock::default);

/// At most this many texts, of a program's routes and methods.
const MAX_TEXTS: usize = 4096;
/// Of at most this many bytes each: about a megabyte in all.
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
