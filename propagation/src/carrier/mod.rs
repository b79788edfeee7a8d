//! Carriers: what holds the headers of a context in transit.
//!
//! | carrier | read | write |
//! |---|---|---|
//! | [`http::HeaderMap`] | [`Headers`], [`Propagator::extract`] | [`HeadersMut`], [`Propagator::inject`] |
//! | string maps: message metadata, job arguments; with the feature `json` serde_json's objects, such as MCP's `_meta` | [`extract`], [`Map`], [`Propagator::extract_from`] | [`inject`], [`MapMut`], [`Propagator::inject_into`] |
//! | environment variables of a child process | [`env::extract`] | [`env::inject`] |
//! | anything else | any [`Extractor`] | any [`Injector`], [`W3cPropagator::headers`] |
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! use opentelemetry::Context;
//! use throughline_propagation::carrier;
//!
//! let mut metadata = BTreeMap::new();                       // what the message broker carries
//! carrier::inject(&Context::current(), &mut metadata);      // on the sending side
//! let parent = carrier::extract(&metadata, &Context::new()); // on the receiving side
//! # let _ = parent;
//! ```
//!
//! [`Propagator::extract`]: crate::Propagator::extract
//! [`Propagator::extract_from`]: crate::Propagator::extract_from
//! [`Propagator::inject`]: crate::Propagator::inject
//! [`Propagator::inject_into`]: crate::Propagator::inject_into
//! [`W3cPropagator::headers`]: crate::W3cPropagator::headers
//! [`Extractor`]: opentelemetry::propagation::Extractor
//! [`Injector`]: opentelemetry::propagation::Injector
//! [`env::extract`]: crate::env::extract
//! [`env::inject`]: crate::env::inject

mod headers;
mod map;
mod scan;

pub use headers::{Headers, HeadersMut};
pub use map::{Map, MapMut, StringMap, extract, inject};
pub use scan::TraceHeaders;
pub(crate) use scan::{ScannedHeaders, extract_w3c};
