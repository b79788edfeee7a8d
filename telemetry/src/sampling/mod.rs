//! Which traces are recorded: a share of the new ones, shares by route, and in the end those with errors and the slow ones.

mod rules;
mod tail;

use opentelemetry_sdk::trace::{Sampler, ShouldSample};

use crate::config::TelemetryConfig;

use self::rules::{RecordAll, Routes};

pub(crate) use self::tail::TailProcessor;

/// The sampler that a configuration asks for.
pub(crate) fn sampler(config: &TelemetryConfig) -> Box<dyn ShouldSample> {
    let root = Routes::new(&config.sampling_rules, config.sampling_rate);
    let sampler = if config.parent_based {
        Box::new(Sampler::ParentBased(Box::new(root)))
    } else {
        Box::new(root) as Box<dyn ShouldSample>
    };
    if config.tail.is_some() {
        Box::new(RecordAll(sampler))
    } else {
        sampler
    }
}
