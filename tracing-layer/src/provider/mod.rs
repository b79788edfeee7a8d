//! How layers get their tracer and instruments.
//!
//! A layer uses the provider that is set on it, or else the global one, resolved at first use. If the global
//! provider is a no-op, the layer warns once and never calls the tracer again, so that it costs nothing.
//!
//! What lives as long as the process, such as the [span helpers](crate::span), may be used before there is a
//! provider. [`LazyTracer::following`] and [`LazyInstruments::following`] look it up again.

mod instruments;
mod lookups;
mod noop;
mod shared;
mod source;
mod tracer;

pub use self::instruments::LazyInstruments;
pub use self::tracer::LazyTracer;

#[cfg(test)]
mod tests;
