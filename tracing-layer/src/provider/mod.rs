//! How layers get their tracer and instruments.
//!
//! A layer uses the provider that is set on it, or else the global one, resolved at first use. If a provider
//! that is set is a no-op, it is never called again. If the global provider is missing, the layer warns once
//! and [looks it up again](LazyTracer::following), so that it may be installed later. In between, the layer
//! [is off](is_off) and only forwards the trace context.

mod binding;
mod instruments;
mod lookups;
mod noop;
mod off;
mod shared;
mod source;
mod tracer;
mod tracers;
mod waiting;

pub use self::binding::BoundInstruments;
pub use self::instruments::LazyInstruments;
pub(crate) use self::lookups::is_shut_down;
pub use self::lookups::{report_installed, report_shut_down};
pub use self::off::is_off;
pub use self::tracer::LazyTracer;
pub use self::tracers::{KnownTracers, SpanInContext};

#[cfg(test)]
mod tests;
