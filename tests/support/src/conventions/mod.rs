//! Semantic conventions as tables, and a check of what was recorded against them: names, types, requirement
//! levels, span names, what samplers see, units and buckets, as OpenTelemetry's conformance suite does with
//! weaver.
//!
//! The tables stand with the tests of the crate that records.

mod attributes;
mod checker;
mod rules;
#[cfg(test)]
mod tests;

pub use attributes::Attributes;
pub use checker::{ConventionChecker, Conventions, ExpectedSpan, MetricTotals};
pub use rules::{AttributeRule, Instrument, MetricRule, Requirement, Type};
