//! The crate as its users see it: headers in, headers out.

#![expect(clippy::expect_used, reason = "a helper of tests fails as loudly as a test")]

mod allocations;
mod baggage;
mod carriers;
mod global;
mod headers;
mod in_context;
mod layers;
mod merge;
mod secrets;
mod support;
mod trace_context;
mod trust;
