//! A sampler that records the attributes it receives.

use opentelemetry::trace::{Link, SpanKind, TraceId, TraceState};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{SamplingDecision, SamplingResult, ShouldSample};

/// The attribute that the [`sampler`] adds: the received keys, separated by spaces.
pub const SEEN: &str = "test.seen";

/// Samples every span, and records the keys of the attributes that are available to a sampler.
#[must_use]
pub fn sampler() -> impl ShouldSample + 'static {
    Noting
}

#[derive(Debug, Clone)]
struct Noting;

impl ShouldSample for Noting {
    fn should_sample(
        &self,
        _: Option<&Context>,
        _: TraceId,
        _: &str,
        _: &SpanKind,
        attributes: &[KeyValue],
        _: &[Link],
    ) -> SamplingResult {
        let keys: Vec<&str> = attributes
            .iter()
            .map(|attribute| attribute.key.as_str())
            .collect();
        SamplingResult {
            decision: SamplingDecision::RecordAndSample,
            attributes: vec![KeyValue::new(SEEN, keys.join(" "))],
            trace_state: TraceState::default(),
        }
    }
}
