//! [`HeaderMap`] as a carrier.

use std::fmt;

use http::header::{HeaderMap, HeaderName, HeaderValue, ValueIter};
use opentelemetry::propagation::{Extractor, Injector};

use crate::one_line::ONE_LINE_OR_NONE;
use crate::outgoing::Allowed;
use crate::w3c::{BAGGAGE, TRACEPARENT, TRACESTATE};

/// Reads a [`HeaderMap`] for a propagator.
///
/// Lines that are not UTF-8 are shown as U+FFFD, which no propagator accepts, so that a part of the lines is
/// not taken for all of them. Several `traceparent` lines are shown as one such line, so that even a
/// propagator that reads only the first one starts a new trace, as the specification requires.
#[derive(Clone, Copy)]
pub struct Headers<'a>(pub(super) &'a HeaderMap);

impl<'a> Headers<'a> {
    /// Creates a carrier that reads these headers.
    #[must_use]
    pub const fn new(headers: &'a HeaderMap) -> Self {
        Self(headers)
    }
}

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        if key == ONE_LINE_OR_NONE {
            return Some(ONE_LINE_OR_NONE);
        }
        let mut lines = lines(self.0, key);
        let first = lines.next()?;
        if key.eq_ignore_ascii_case(TRACEPARENT) && lines.next().is_some() {
            return Some(UNREADABLE);
        }
        Some(text(first))
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }

    fn get_all(&self, key: &str) -> Option<Vec<&str>> {
        let mut lines = lines(self.0, key).map(text).peekable();
        lines.peek()?;
        Some(lines.collect())
    }
}

/// Shows the names only, since values may be secret.
impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.keys().collect();
        f.debug_tuple("Headers").field(&names).finish()
    }
}

/// Writes into a [`HeaderMap`] for a propagator, replacing existing headers.
///
/// Values that are invalid in a header are skipped. When it is dropped, it removes a `tracestate` that
/// belongs to another `traceparent` than the one that was written.
pub struct HeadersMut<'a> {
    headers: &'a mut HeaderMap,
    allowed: Allowed,
    wrote_parent: bool,
    wrote_state: bool,
}

/// Shows the names only, since values may be secret.
impl fmt::Debug for HeadersMut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.keys().collect();
        f.debug_struct("HeadersMut")
            .field("headers", &names)
            .field("allowed", &self.allowed)
            .finish_non_exhaustive()
    }
}

impl<'a> HeadersMut<'a> {
    /// Creates a carrier that writes everything, baggage included.
    #[must_use]
    pub const fn new(headers: &'a mut HeaderMap) -> Self {
        Self::allowing(headers, Allowed::ALL)
    }

    pub(crate) const fn allowing(headers: &'a mut HeaderMap, allowed: Allowed) -> Self {
        Self {
            headers,
            allowed,
            wrote_parent: false,
            wrote_state: false,
        }
    }
}

impl Injector for HeadersMut<'_> {
    fn set(&mut self, key: &str, value: String) {
        if !self.allowed.permits(key) {
            return;
        }
        let (Some(name), Ok(value)) = (name(key), HeaderValue::try_from(value)) else {
            return;
        };
        self.wrote_parent |= name == PARENT;
        self.wrote_state |= name == STATE;
        // A full map refuses the header. The request is sent without it.
        let _ = self.headers.try_insert(name, value);
    }

    fn reserve(&mut self, additional: usize) {
        let _ = self.headers.try_reserve(additional);
    }
}

impl Drop for HeadersMut<'_> {
    fn drop(&mut self) {
        if self.wrote_parent && !self.wrote_state {
            self.headers.remove(&STATE);
        }
    }
}

pub(super) fn text(line: &HeaderValue) -> &str {
    std::str::from_utf8(line.as_bytes()).unwrap_or(UNREADABLE)
}

pub(super) fn lines<'a>(headers: &'a HeaderMap, key: &str) -> ValueIter<'a, HeaderValue> {
    match standard_name(key) {
        Some(name) => headers.get_all(name).iter(),
        None => headers.get_all(key).iter(),
    }
}

fn name(key: &str) -> Option<HeaderName> {
    standard_name(key)
        .cloned()
        .or_else(|| HeaderName::try_from(key).ok())
}

/// The names that our own propagator requests. They need not be parsed.
fn standard_name(key: &str) -> Option<&'static HeaderName> {
    match key {
        TRACEPARENT => Some(&PARENT),
        TRACESTATE => Some(&STATE),
        BAGGAGE => Some(&ENTRIES),
        _ => None,
    }
}

static PARENT: HeaderName = HeaderName::from_static(TRACEPARENT);
static STATE: HeaderName = HeaderName::from_static(TRACESTATE);
static ENTRIES: HeaderName = HeaderName::from_static(BAGGAGE);

pub(super) const UNREADABLE: &str = "\u{fffd}";
