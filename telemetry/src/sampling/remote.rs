//! Applies a caller's decision that a sampled flag cannot express.

use opentelemetry::trace::{Link, SpanKind, TraceId};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{Sampler, SamplingResult, ShouldSample};

use super::rules::Routes;
use crate::decision::Decision;

/// Applies the [`Decision`] in the context. Without one, applies the parent's flag.
#[derive(Debug, Clone)]
pub(super) struct RemoteDecisionSampler {
    parent_based: Sampler,
    root: Routes,
}

impl RemoteDecisionSampler {
    pub(super) fn new(parent_based: Sampler, root: Routes) -> Self {
        Self { parent_based, root }
    }
}

impl ShouldSample for RemoteDecisionSampler {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let sampler: &dyn ShouldSample = match parent.and_then(Decision::for_next_span) {
            None => &self.parent_based,
            Some(Decision::Defer) => &self.root,
            Some(Decision::Deny) => &Sampler::AlwaysOff,
            Some(Decision::Accept | Decision::Debug) => &Sampler::AlwaysOn,
        };
        sampler.should_sample(parent, trace, name, kind, attributes, links)
    }
}
