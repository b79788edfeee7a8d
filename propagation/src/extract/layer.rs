//! The layer, and what can be set on it.

use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;
use tower_layer::Layer;

use super::Extract;
use crate::propagator::Propagator;
use crate::remainder::Remainder;
use crate::traceparent::TraceParent;
use crate::tracestate::TraceState;
use crate::trust::{Extracted, Head, Trust};

/// Makes the context a request brought the current one. See the [module](super).
#[derive(Debug, Clone, Default)]
pub struct ExtractLayer {
    propagator: Propagator,
    trust: Trust,
    mint: Option<Sampled>,
}

impl ExtractLayer {
    /// The global propagator, trusting every caller, minting nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the propagator. Default: [`Propagator::global`].
    #[must_use]
    pub fn with_propagator(mut self, propagator: impl Into<Propagator>) -> Self {
        self.propagator = propagator.into();
        self
    }

    /// Sets whose trace is continued. Default: [`Trust::Always`].
    #[must_use]
    pub fn with_trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// Starts a trace where a request brings none, so that all that happens downstream belongs to one. Default: off.
    ///
    /// The new `traceparent` has random ids, the random flag, and no sampled flag: nothing was recorded here, and
    /// whoever records comes later. It is for services without an SDK. With one it would be the parent of the first
    /// span, a parent that no backend ever sees, so leave it off.
    #[must_use]
    pub fn with_minting(mut self) -> Self {
        self.mint = Some(Sampled(false));
        self
    }

    /// Like [`with_minting`](Self::with_minting), with the sampled flag set: services downstream that heed it record the trace.
    #[must_use]
    pub fn with_sampled_minting(mut self) -> Self {
        self.mint = Some(Sampled(true));
        self
    }

    pub(super) fn extract(&self, head: &Head<'_>, cx: &Context) -> Extracted {
        let mut extracted = self.propagator.extract_trusting(&self.trust, head, cx);
        if let Some(Sampled(sampled)) = self.mint {
            if !extracted.context.span().span_context().is_valid() {
                let minted = TraceParent::generate(sampled);
                extracted.context = Remainder::with_remote(&extracted.context, minted, TraceState::default());
            }
        }
        extracted
    }
}

impl<S> Layer<S> for ExtractLayer {
    type Service = Extract<S>;

    fn layer(&self, inner: S) -> Extract<S> {
        Extract::new(inner, self.clone())
    }
}

#[derive(Debug, Clone, Copy)]
struct Sampled(bool);
