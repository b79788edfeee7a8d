//! Traces for the tests.

use proptest::prelude::*;
use throughline_trace_model::{SpanKind, SpanTime};

/// A span whose id is its number from 1. Parent 0 means no parent.
pub(crate) type Row = (u64, u64, u64);

/// Internal spans from their parents, starts and ends.
pub(crate) fn spans(rows: &[Row]) -> Vec<SpanTime> {
    let span = |(index, (parent, start, end)): (usize, &Row)| SpanTime {
        id: index as u64 + 1,
        parent: *parent,
        kind: SpanKind::Internal,
        start: *start,
        end: *end,
    };
    rows.iter().enumerate().map(span).collect()
}

/// Random traces of up to 24 spans within `moments` moments: children anywhere, within their parents or not.
pub(crate) fn traces(moments: u64) -> impl Strategy<Value = Vec<SpanTime>> {
    let kind = prop_oneof![
        4 => Just(SpanKind::Internal),
        1 => Just(SpanKind::Producer),
        1 => Just(SpanKind::Consumer),
    ];
    let span = (any::<prop::sample::Index>(), kind, 0..moments, 0..=moments / 2);
    prop::collection::vec(span, 1..24).prop_map(|rows| {
        let span = |(index, (parent, kind, start, duration)): (usize, (prop::sample::Index, _, u64, u64))| {
            SpanTime {
                id: index as u64 + 1,
                // One of the spans before it, or none.
                parent: parent.index(index + 1) as u64,
                kind,
                start,
                end: start + duration,
            }
        };
        rows.into_iter().enumerate().map(span).collect()
    })
}

/// Random traces in which every child is within its parent.
pub(crate) fn nested_traces(moments: u64) -> impl Strategy<Value = Vec<SpanTime>> {
    traces(moments).prop_map(|mut spans| {
        for index in 0..spans.len() {
            let parent = spans[index].parent;
            if parent == 0 {
                continue;
            }
            let (from, until) = (spans[parent as usize - 1].start, spans[parent as usize - 1].end);
            let span = &mut spans[index];
            span.start = span.start.clamp(from, until);
            span.end = span.end.clamp(span.start, until);
        }
        spans
    })
}
