//! Sampling decisions of a caller that a sampled flag cannot express.
//!
//! Formats older than W3C's have more states than sampled or not: a debug trace, which every service records;
//! a decision that is deferred to the next service; and a decision without a trace. OpenTelemetry's span
//! context cannot store them, so they are stored separately in the [`Context`]. One propagator reads them,
//! the sampler applies them, and another propagator writes them. A decision that arrived with a trace applies
//! to that trace only.

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, TraceContextExt, TraceId};

/// The sampling states of B3 (<https://github.com/openzipkin/b3-propagation#sampling-state>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Deferred to the receiver.
    Defer,
    /// Do not record.
    Deny,
    /// Record.
    Accept,
    /// Record in every service, whatever its sampling rate.
    Debug,
}

/// A decision in a [`Context`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RemoteDecision {
    decision: Decision,
    /// The trace that the decision arrived with.
    trace: Option<TraceId>,
}

impl Decision {
    /// The sampled flag of a remote span. A sampler that ignores decisions records deferred traces.
    pub(crate) fn is_sampled(self) -> bool {
        self != Self::Deny
    }

    /// Returns `cx` with the remote span of a caller, and with the part of the decision that the flag cannot
    /// carry.
    pub(crate) fn with_remote(self, cx: &Context, remote: SpanContext) -> Context {
        let trace = Some(remote.trace_id());
        let cx = cx.with_remote_span_context(remote);
        match self {
            Self::Accept | Self::Deny => cx,
            Self::Defer | Self::Debug => cx.with_value(RemoteDecision {
                decision: self,
                trace,
            }),
        }
    }

    /// Returns `cx` with the decision of a caller that sent no trace.
    pub(crate) fn without_trace(self, cx: &Context) -> Context {
        cx.with_value(RemoteDecision {
            decision: self,
            trace: None,
        })
    }

    /// Returns the caller's decision about the next span below `cx`, if a sampled flag cannot express it.
    pub(crate) fn for_next_span(cx: &Context) -> Option<Self> {
        let RemoteDecision { decision, trace } = *cx.get::<RemoteDecision>()?;
        let span = cx.span();
        let parent = span.span_context();
        let is_of_caller = match trace {
            Some(trace) => parent.is_remote() && parent.trace_id() == trace,
            None => !parent.is_valid(),
        };
        is_of_caller.then_some(decision)
    }

    /// Returns the decision to write with the current span: its sampled flag, or the caller's decision if the
    /// flag cannot express it. `None` if there is neither a span nor a decision.
    pub(crate) fn to_send(cx: &Context) -> Option<Self> {
        let remote = cx.get::<RemoteDecision>();
        let span = cx.span();
        let span = span.span_context();
        if !span.is_valid() {
            // Nothing is recorded here; the caller's decision is passed on to the next service.
            return remote
                .filter(|remote| remote.trace.is_none())
                .map(|remote| remote.decision);
        }
        let remote = remote.filter(|remote| remote.trace.is_none_or(|trace| trace == span.trace_id()));
        Some(match remote.map(|remote| remote.decision) {
            Some(Self::Debug) if span.is_sampled() => Self::Debug,
            Some(Self::Defer) if span.is_remote() => Self::Defer,
            _ if span.is_sampled() => Self::Accept,
            _ => Self::Deny,
        })
    }
}
