//! The settings that the layer and the service share.

use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;

use crate::propagator::Propagator;
use crate::remainder::Remainder;
use crate::traceparent::TraceParent;
use crate::tracestate::TraceState;
use crate::trust::{Extracted, Head, Trust};

#[derive(Debug, Clone, Default)]
pub(super) struct Settings {
    pub(super) propagator: Propagator,
    pub(super) trust: Trust,
    pub(super) minting: Option<Minting>,
}

/// The sampled flag of a minted `traceparent`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Minting {
    Unsampled,
    Sampled,
}

impl Settings {
    /// Returns the context of a request, or a minted one.
    pub(super) fn extract(&self, head: &Head<'_>, cx: &Context) -> Extracted {
        let mut extracted = self.propagator.extract_trusting(&self.trust, head, cx);
        if let Some(minting) = self.minting {
            if !extracted.context.span().span_context().is_valid() {
                let minted = TraceParent::generate(matches!(minting, Minting::Sampled));
                extracted.context = Remainder::with_remote(&extracted.context, minted, TraceState::default());
            }
        }
        extracted
    }
}
