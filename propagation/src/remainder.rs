//! Data of a remote parent that a span context cannot hold.

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, TraceContextExt, TraceId, TraceState as ApiTraceState};

use crate::traceparent::TraceParent;
use crate::tracestate::TraceState;

/// A value of the [`Context`]. It belongs to one trace and applies only to spans of that trace.
#[derive(Debug, Clone)]
pub(crate) struct Remainder {
    trace_id: TraceId,
    random: bool,
    /// All members, if the API's `TraceState` cannot hold some of them; otherwise empty.
    members: TraceState,
    /// Bit set of the members that it cannot hold, the first member at the lowest bit.
    foreign: u32,
}

impl Remainder {
    /// Returns `cx` with the remote span, and with what the span context cannot hold as a value beside it.
    pub(crate) fn with_remote(cx: &Context, parent: TraceParent, members: TraceState) -> Context {
        if members.is_empty() && !parent.is_random() && cx.get::<Self>().is_none() {
            return cx.with_remote_span_context(parent.into());
        }
        let carried = ApiTraceState::from(&members);
        let foreign = members
            .iter()
            .enumerate()
            .filter(|(_, (key, _))| carried.get(key).is_none())
            .fold(0, |bits, (index, _)| bits | 1 << index);
        let cx = cx.with_remote_span_context(parent.to_span_context(carried));
        let remainder = Self {
            trace_id: parent.trace_id(),
            random: parent.is_random(),
            members: if foreign == 0 {
                members.recycle();
                TraceState::default()
            } else {
                members
            },
            foreign,
        };
        let says_something = remainder.random || !remainder.members.is_empty();
        // A remainder of an earlier extraction must not apply to this one.
        if says_something || cx.get::<Self>().is_some() {
            return cx.with_value(remainder);
        }
        cx
    }

    /// Returns the headers of a span: its own, merged with the remainder if it belongs to the same trace.
    pub(crate) fn merge(cx: &Context, span: &SpanContext) -> Option<(TraceParent, TraceState)> {
        let parent = TraceParent::try_from(span).ok()?;
        let remainder = cx
            .get::<Self>()
            .filter(|remainder| remainder.trace_id == span.trace_id());
        let Some(remainder) = remainder else {
            return Some((parent, TraceState::from(span.trace_state())));
        };
        let parent = if remainder.random {
            parent.with_random()
        } else {
            parent
        };
        Some((parent, remainder.members_for(span)))
    }

    /// Modified and new members first, then those of the remote parent in their order, without deleted ones.
    fn members_for(&self, span: &SpanContext) -> TraceState {
        let now = span.trace_state();
        if self.members.is_empty() {
            return TraceState::from(now);
        }
        let changed = now
            .into_iter()
            .filter(|&(key, value)| self.members.get(key) != Some(value));
        let unchanged = self
            .members
            .iter()
            .enumerate()
            .filter(|&(index, (key, value))| match now.get(key) {
                Some(current) => current == value,
                None => self.foreign & 1 << index != 0,
            });
        let unchanged = unchanged.map(|(_, member)| member);
        TraceState::collect(changed.chain(unchanged), self.members.len())
    }
}
