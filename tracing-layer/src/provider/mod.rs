//! Where a layer's tracer and instruments come from.
//!
//! A layer is given a provider, or takes the global one when it is first used. One that finds the global provider a
//! no-op says so once and then costs nothing: it does not call the tracer again.
//!
//! What lives as long as the process, such as the [span helpers](crate::span), may be used before there is a provider.
//! Its [`LazyTracer::following`] and [`LazyInstruments::following`] ask again.

mod asking;
mod instruments;
mod noop;
mod shared;
mod source;
mod tracer;

pub use self::instruments::LazyInstruments;
pub use self::tracer::LazyTracer;

#[cfg(test)]
mod tests;
