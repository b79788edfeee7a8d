//! One pass over the headers of a request instead of a lookup for each name. Few requests have all of the
//! names, and a lookup hashes the name.

use std::cell::{Cell, OnceCell};

use http::{HeaderMap, HeaderValue};
use opentelemetry::Context;
use opentelemetry::propagation::Extractor;

use super::headers::{Headers, UNREADABLE, lines, text};
use crate::one_line::ONE_LINE_OR_NONE;
use crate::w3c::{BAGGAGE, TRACEPARENT, TRACESTATE, W3cPropagator};

/// Returns `cx` with what the headers of a request carry, or `None` if they carry nothing.
pub(crate) fn extract_w3c(
    propagator: W3cPropagator,
    headers: &HeaderMap,
    found: TraceHeaders<'_>,
    cx: &Context,
) -> Option<Context> {
    let parent = found.parent.filter(|_| !found.has_parents);
    let texts = |is_present: bool, name| is_present.then(|| lines(headers, name).map(text));
    propagator.extract_lines(
        cx,
        parent.map(HeaderValue::as_bytes),
        texts(found.has_state, TRACESTATE),
        texts(found.has_baggage, BAGGAGE),
    )
}

/// Which headers of the W3C specifications a request has.
///
/// A layer that looks at all headers of a request anyway passes each to [`note`](Self::note), and then calls
/// [`Propagator::extract_found`](crate::Propagator::extract_found), which looks at none again.
#[derive(Debug, Clone, Copy, Default)]
pub struct TraceHeaders<'a> {
    /// The last line of `traceparent`.
    parent: Option<&'a HeaderValue>,
    /// Whether it has several lines.
    has_parents: bool,
    has_state: bool,
    has_baggage: bool,
}

impl<'a> TraceHeaders<'a> {
    pub(crate) fn scan(headers: &'a HeaderMap) -> Self {
        let mut found = Self::default();
        for (name, line) in headers {
            found.note(name.as_str(), line);
        }
        found
    }

    /// Notes a header line, if it is one of these. The name is in lower case.
    #[inline]
    pub fn note(&mut self, name: &str, line: &'a HeaderValue) {
        match name {
            TRACEPARENT => {
                self.has_parents = self.parent.is_some();
                self.parent = Some(line);
            }
            TRACESTATE => self.has_state = true,
            BAGGAGE => self.has_baggage = true,
            _ => {}
        }
    }
}

/// [`Headers`] that are scanned once, and note whether a propagator has found any.
pub(crate) struct ScannedHeaders<'a> {
    headers: Headers<'a>,
    found: OnceCell<TraceHeaders<'a>>,
    read: Cell<bool>,
}

impl<'a> ScannedHeaders<'a> {
    pub(crate) const fn new(headers: &'a HeaderMap) -> Self {
        Self {
            headers: Headers::new(headers),
            found: OnceCell::new(),
            read: Cell::new(false),
        }
    }

    /// Does not scan the headers again, if they were scanned before.
    pub(crate) fn with_found(self, found: TraceHeaders<'a>) -> Self {
        Self {
            found: found.into(),
            ..self
        }
    }

    /// Returns whether a header was found, or all names were listed.
    pub(crate) fn was_read(&self) -> bool {
        self.read.get()
    }

    fn found(&self) -> &TraceHeaders<'a> {
        self.found.get_or_init(|| TraceHeaders::scan(self.headers.0))
    }

    /// Returns whether there is no such header.
    fn lacks(&self, key: &str) -> bool {
        match key {
            TRACEPARENT => self.found().parent.is_none(),
            TRACESTATE => !self.found().has_state,
            BAGGAGE => !self.found().has_baggage,
            _ => false,
        }
    }

    fn note<T>(&self, found: Option<T>) -> Option<T> {
        if found.is_some() {
            self.read.set(true);
        }
        found
    }
}

impl Extractor for ScannedHeaders<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        if key == ONE_LINE_OR_NONE {
            // Not a header.
            return Some(ONE_LINE_OR_NONE);
        }
        if key == TRACEPARENT {
            let TraceHeaders {
                parent, has_parents, ..
            } = *self.found();
            let line = parent.map(|line| if has_parents { UNREADABLE } else { text(line) });
            return self.note(line);
        }
        if self.lacks(key) {
            return None;
        }
        self.note(self.headers.get(key))
    }

    fn keys(&self) -> Vec<&str> {
        self.read.set(true);
        self.headers.keys()
    }

    fn get_all(&self, key: &str) -> Option<Vec<&str>> {
        if self.lacks(key) {
            return None;
        }
        self.note(self.headers.get_all(key))
    }
}
