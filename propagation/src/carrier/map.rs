//! String maps as carriers.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};

use crate::outgoing::Allowed;
use crate::w3c::{TRACEPARENT, TRACESTATE, W3cPropagator};

/// The names and values of a message. Names are compared case-insensitively.
///
/// It is implemented for maps of strings, for lists of pairs and, with the feature `json`, for serde_json's
/// objects, of which only strings are read. Implement it for the metadata of your message broker.
pub trait StringMap {
    /// Returns all names and values, in any order. A name may occur several times.
    fn entries(&self) -> impl Iterator<Item = (&str, &str)>;

    /// Removes all entries for which `keep` returns false.
    fn retain(&mut self, keep: impl Fn(&str) -> bool);

    /// Adds an entry. The caller ensures that there is no entry of that name.
    fn add(&mut self, name: &str, value: String);
}

impl<S: std::hash::BuildHasher> StringMap for HashMap<String, String, S> {
    fn entries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.retain(|name, _| keep(name));
    }

    fn add(&mut self, name: &str, value: String) {
        self.insert(name.to_owned(), value);
    }
}

impl StringMap for BTreeMap<String, String> {
    fn entries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.retain(|name, _| keep(name));
    }

    fn add(&mut self, name: &str, value: String) {
        self.insert(name.to_owned(), value);
    }
}

impl StringMap for Vec<(String, String)> {
    fn entries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.retain(|(name, _)| keep(name));
    }

    fn add(&mut self, name: &str, value: String) {
        self.push((name.to_owned(), value));
    }
}

#[cfg(feature = "json")]
impl StringMap for serde_json::Map<String, serde_json::Value> {
    fn entries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.iter()
            .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
    }

    fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.retain(|name, _| keep(name));
    }

    fn add(&mut self, name: &str, value: String) {
        self.insert(name.to_owned(), value.into());
    }
}

/// Reads W3C trace context and baggage from the metadata of a message. Returns `cx` with the remote span and
/// baggage.
#[must_use]
pub fn extract(map: &impl StringMap, cx: &Context) -> Context {
    W3cPropagator::new().extract_with_context(cx, &Map::new(map))
}

/// Writes W3C trace context and baggage into the metadata of a message.
///
/// Baggage is included and goes wherever the message goes. To omit it, use [`W3cPropagator::with_baggage`]
/// and [`MapMut`].
pub fn inject(cx: &Context, map: &mut impl StringMap) {
    W3cPropagator::new().inject_context(cx, &mut MapMut::new(map));
}

/// Reads a [`StringMap`] for a propagator.
pub struct Map<'a, M> {
    map: &'a M,
    allowed: Allowed,
}

impl<'a, M: StringMap> Map<'a, M> {
    /// Creates a carrier that reads this map.
    pub const fn new(map: &'a M) -> Self {
        Self::allowing(map, Allowed::ALL)
    }

    pub(crate) const fn allowing(map: &'a M, allowed: Allowed) -> Self {
        Self { map, allowed }
    }

    fn values<'k>(&self, key: &'k str) -> impl Iterator<Item = &'a str> + use<'a, 'k, M> {
        let entries = self.allowed.permits(key).then(|| self.map.entries());
        let entries = entries.into_iter().flatten();
        entries.filter_map(move |(name, value)| name.eq_ignore_ascii_case(key).then_some(value))
    }
}

impl<M: StringMap> Extractor for Map<'_, M> {
    fn get(&self, key: &str) -> Option<&str> {
        self.values(key).next()
    }

    fn keys(&self) -> Vec<&str> {
        self.map.entries().map(|(name, _)| name).collect()
    }

    fn get_all(&self, key: &str) -> Option<Vec<&str>> {
        let values: Vec<&str> = self.values(key).collect();
        (!values.is_empty()).then_some(values)
    }
}

impl<M> fmt::Debug for Map<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Map").finish_non_exhaustive()
    }
}

/// Writes into a [`StringMap`] for a propagator, replacing existing entries.
///
/// A new `traceparent` removes a `tracestate` that belongs to another one.
pub struct MapMut<'a, M> {
    map: &'a mut M,
    allowed: Allowed,
}

impl<'a, M: StringMap> MapMut<'a, M> {
    /// Creates a carrier that writes into this map.
    pub const fn new(map: &'a mut M) -> Self {
        Self::allowing(map, Allowed::ALL)
    }

    pub(crate) const fn allowing(map: &'a mut M, allowed: Allowed) -> Self {
        Self { map, allowed }
    }
}

impl<M: StringMap> Injector for MapMut<'_, M> {
    fn set(&mut self, key: &str, value: String) {
        if !self.allowed.permits(key) {
            return;
        }
        // Propagators write `traceparent` before its `tracestate`.
        let stale = if key == TRACEPARENT { TRACESTATE } else { key };
        self.map
            .retain(|name| !name.eq_ignore_ascii_case(key) && !name.eq_ignore_ascii_case(stale));
        self.map.add(key, value);
    }
}

impl<M> fmt::Debug for MapMut<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapMut").finish_non_exhaustive()
    }
}
