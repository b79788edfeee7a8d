//! Sampling: a rate for new traces, rates by route, and tail sampling of slow traces and traces with errors.

mod remote;
mod rules;
mod tail;

use opentelemetry_sdk::trace::{Sampler, ShouldSample};

use crate::config::{Propagator, SamplerTree, TelemetryConfig};

use self::remote::RemoteDecisionSampler;
use self::rules::{RecordAll, Routes};

pub(crate) use self::tail::TailProcessor;

/// Returns the configured sampler.
pub(crate) fn sampler(config: &TelemetryConfig) -> Box<dyn ShouldSample> {
    if let Some(tree) = &config.sdk.sampler {
        let sampler = declared(tree);
        return match config.tail {
            Some(_) => Box::new(RecordAll(sampler)),
            None => sampler,
        };
    }
    let root = Routes::new(&config.sampling_rules, config.sampling_rate);
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

/// Builds a sampler of the declarative configuration.
fn declared(tree: &SamplerTree) -> Box<dyn ShouldSample> {
    match tree {
        SamplerTree::AlwaysOn => Box::new(Sampler::AlwaysOn),
        SamplerTree::AlwaysOff => Box::new(Sampler::AlwaysOff),
        SamplerTree::Ratio(rate) => Box::new(Sampler::TraceIdRatioBased(*rate)),
        SamplerTree::ParentBased(parents) => Box::new(
            Sampler::parent_based(declared(&parents.root))
                .with_remote_parent_sampled(declared(&parents.remote_sampled))
                .with_remote_parent_not_sampled(declared(&parents.remote_not_sampled))
                .with_local_parent_sampled(declared(&parents.local_sampled))
                .with_local_parent_not_sampled(declared(&parents.local_not_sampled)),
        ),
    }
}
