//! What a caller decides about sampling beyond the one flag of a span context.
//!
//! Formats older than W3C's know more than sampled or not: a debug trace, which every service records; a decision that is
//! left to the next service; and a decision without a trace. OpenTelemetry's span context has room for none of them, so they
//! travel beside it in the [`Context`], from the propagator that reads them to the sampler that heeds them and the
//! propagator that writes them. One that came with a trace counts for that trace only.

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, TraceContextExt, TraceId};

/// The sampling states of B3 (<https://github.com/openzipkin/b3-propagation#sampling-state>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Left to the receiver.
    Defer,
    /// Not to be recorded.
    Deny,
    /// To be recorded.
    Accept,
    /// To be recorded by everyone, whatever their rates.
    Debug,
}

/// A decision in a [`Context`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RemoteDecision {
    decision: Decision,
    /// The trace that it came with.
    trace: Option<TraceId>,
}

impl Decision {
    /// The sampled flag of a remote span. A sampler that does not know of decisions records what is left to it.
    pub(crate) fn is_sampled(self) -> bool {
        self != Self::Deny
    }

    /// `cx` with the remote span that a caller sent, and with what its flag does not tell of the decision.
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

    /// `cx` with the decision of a caller that sent no trace.
    pub(crate) fn alone(self, cx: &Context) -> Context {
        cx.with_value(RemoteDecision {
            decision: self,
            trace: None,
        })
    }

    /// What the caller decided about the next span below `cx`, if it is more than its sampled flag says.
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

    /// What to write beside the current span: its flag, or what the caller said beyond that. `None` if there is neither a
    /// span nor a decision.
    pub(crate) fn to_send(cx: &Context) -> Option<Self> {
        let remote = cx.get::<RemoteDecision>();
        let span = cx.span();
        let span = span.span_context();
        if !span.is_valid() {
            // Nothing is recorded here; what the caller decided is for the next service to know.
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
