//! The parts of a composite sampler of the declarative configuration.

use opentelemetry::trace::SpanKind;
use opentelemetry::{Array, Value};

use crate::config::pattern::matches_pattern;

/// A sampler that says with which probability a span is sampled, and leaves the decision to the
/// [composite sampler](https://opentelemetry.io/docs/specs/otel/trace/sdk/#compositesampler).
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ComposableSampler {
    AlwaysOn,
    AlwaysOff,
    /// The share of traces that are sampled, from 0.0 to 1.0.
    Probability(f64),
    /// The threshold of the parent; without a parent, that of another sampler.
    ParentThreshold(Box<ComposableSampler>),
    /// The sampler of the first rule that matches. If none does, the span is not sampled.
    RuleBased(Vec<SpanRule>),
}

/// A rule. A condition that is `None` matches any span.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SpanRule {
    pub(crate) values: Option<AttributeValues>,
    pub(crate) patterns: Option<AttributePatterns>,
    pub(crate) kinds: Option<Vec<SpanKind>>,
    pub(crate) parents: Option<Vec<SpanParent>>,
    pub(crate) sampler: ComposableSampler,
}

/// An attribute with one of these values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AttributeValues {
    pub(crate) key: String,
    pub(crate) values: Vec<String>,
}

/// An attribute with a value that matches a pattern of `included`, if there are any, and none of `excluded`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AttributePatterns {
    pub(crate) key: String,
    pub(crate) included: Option<Vec<String>>,
    pub(crate) excluded: Vec<String>,
}

/// Where the parent of a span is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SpanParent {
    None,
    Remote,
    Local,
}

impl AttributeValues {
    pub(crate) fn matches(&self, value: &Value) -> bool {
        any_text(value, |text| self.values.iter().any(|wanted| wanted == text))
    }
}

impl AttributePatterns {
    pub(crate) fn matches(&self, value: &Value) -> bool {
        let is_in = |patterns: &[String], text: &str| {
            let mut patterns = patterns.iter();
            patterns.any(|pattern| matches_pattern(pattern, text))
        };
        any_text(value, |text| {
            let is_included = self
                .included
                .as_ref()
                .is_none_or(|included| is_in(included, text));
            is_included && !is_in(&self.excluded, text)
        })
    }
}

/// Returns whether a value as text matches, or an item of an array.
fn any_text(value: &Value, is_match: impl Fn(&str) -> bool) -> bool {
    match value {
        Value::Array(Array::Bool(items)) => items.iter().any(|item| is_match(&item.to_string())),
        Value::Array(Array::I64(items)) => items.iter().any(|item| is_match(&item.to_string())),
        Value::Array(Array::F64(items)) => items.iter().any(|item| is_match(&item.to_string())),
        Value::Array(Array::String(items)) => items.iter().any(|item| is_match(item.as_str())),
        value => is_match(&value.as_str()),
    }
}
