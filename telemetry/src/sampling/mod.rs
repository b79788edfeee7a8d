//! Sampling: a rate for new traces, rates by route, and tail sampling of slow traces and traces with errors.

mod composite;
mod remote;
mod rules;
mod tail;

use opentelemetry_sdk::trace::{Sampler, ShouldSample};

use crate::config::{ParentSamplers, Propagator, SamplerTree, SamplingRule, TelemetryConfig};

use self::composite::CompositeSampler;
use self::remote::RemoteDecisionSampler;
use self::rules::{RecordAll, Routes};

pub(crate) use self::tail::TailProcessor;

/// Returns the configured sampler.
pub(crate) fn sampler(config: &TelemetryConfig) -> Box<dyn ShouldSample> {
    if let Some(tree) = &config.sdk.sampler {
        let sampler = with_rules(&config.sampling_rules, tree);
        return match config.tail {
            Some(_) => Box::new(RecordAll(sampler)),
            None => sampler,
        };
    }
    let rate = Sampler::TraceIdRatioBased(config.sampling_rate);
    let root = Routes::new(&config.sampling_rules, Box::new(rate));
    // Formats other than W3C's have more states than the sampled flag, which is all that the SDK's sampler
    // reads.
    let is_w3c =
        |propagator: &Propagator| matches!(propagator, Propagator::TraceContext | Propagator::Baggage);
    let sampler: Box<dyn ShouldSample> = if !config.parent_based {
        Box::new(root)
    } else if config.propagators.iter().all(is_w3c) {
        Box::new(Sampler::ParentBased(Box::new(root)))
    } else {
        let parent_based = Sampler::ParentBased(Box::new(root.clone()));
        Box::new(RemoteDecisionSampler::new(parent_based, root))
    };
    if config.tail.is_some() {
        Box::new(RecordAll(sampler))
    } else {
        sampler
    }
}

/// Builds the sampler of a declarative configuration, with rules of code for the spans that start a trace.
fn with_rules(rules: &[SamplingRule], tree: &SamplerTree) -> Box<dyn ShouldSample> {
    match tree {
        SamplerTree::ParentBased(parents) => parent_based(parents, with_rules(rules, &parents.root)),
        SamplerTree::AlwaysRecord(root) => Box::new(RecordAll(with_rules(rules, root))),
        tree => Box::new(Routes::new(rules, declared(tree))),
    }
}

fn declared(tree: &SamplerTree) -> Box<dyn ShouldSample> {
    match tree {
        SamplerTree::AlwaysOn => Box::new(Sampler::AlwaysOn),
        SamplerTree::AlwaysOff => Box::new(Sampler::AlwaysOff),
        SamplerTree::Ratio(rate) => Box::new(Sampler::TraceIdRatioBased(*rate)),
        SamplerTree::ParentBased(parents) => parent_based(parents, declared(&parents.root)),
        SamplerTree::AlwaysRecord(root) => Box::new(RecordAll(declared(root))),
        SamplerTree::Composite(sampler) => Box::new(CompositeSampler(sampler.clone())),
    }
}

fn parent_based(parents: &ParentSamplers, root: Box<dyn ShouldSample>) -> Box<dyn ShouldSample> {
    Box::new(
        Sampler::parent_based(root)
            .with_remote_parent_sampled(declared(&parents.remote_sampled))
            .with_remote_parent_not_sampled(declared(&parents.remote_not_sampled))
            .with_local_parent_sampled(declared(&parents.local_sampled))
            .with_local_parent_not_sampled(declared(&parents.local_not_sampled)),
    )
}

#[cfg(test)]
#[cfg(feature = "yaml")]
mod tests {
    use opentelemetry::KeyValue;
    use opentelemetry::trace::{SpanKind, TraceId};
    use opentelemetry_sdk::trace::SamplingDecision;

    use super::*;

    /// A rule of code used to be ignored if the sampler of the file was more than a rate.
    #[test]
    fn rules_of_code_apply_to_a_declarative_sampler() {
        let text = "
file_format: '1.1'
tracer_provider:
  processors: []
  sampler: {parent_based: {root: {always_on: }, remote_parent_sampled: {always_off: }}}
";
        let config = TelemetryConfig::from_declarative_str(text).expect("accepted");
        assert!(config.sdk.sampler.is_some(), "more than a rate");
        let sampler = sampler(&config.with_sampling_rule("/health", 0.0));
        for (path, expected) in [
            ("/health", SamplingDecision::Drop),
            ("/orders", SamplingDecision::RecordAndSample),
        ] {
            let attributes = [KeyValue::new("url.path", path)];
            let result =
                sampler.should_sample(None, TraceId::from(1), "GET", &SpanKind::Server, &attributes, &[]);
            assert_eq!(result.decision, expected, "{path}");
        }
    }

    #[test]
    fn always_record_records_what_is_not_sampled() {
        let text = "
file_format: '1.2'
tracer_provider:
  processors: []
  sampler: {always_record: {root: {parent_based: {root: {always_on: }}}}}
";
        let config = TelemetryConfig::from_declarative_str(text).expect("accepted");
        let sampler = sampler(&config.with_sampling_rule("/health", 0.0));
        for (path, expected) in [
            ("/health", SamplingDecision::RecordOnly),
            ("/orders", SamplingDecision::RecordAndSample),
        ] {
            let attributes = [KeyValue::new("url.path", path)];
            let result =
                sampler.should_sample(None, TraceId::from(1), "GET", &SpanKind::Server, &attributes, &[]);
            assert_eq!(result.decision, expected, "{path}");
        }
    }
}
