//! Jaeger's critical path, written as Jaeger's page computes it: first the children are cut to their parents,
//! then the path is walked recursively, with a search for the next child at every step.

use std::collections::BTreeMap;

use throughline_trace_model::{SpanKind, SpanTime};

/// Which children can come before the one that was just left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Before {
    /// Those that ended strictly before it started, as in Jaeger.
    Strictly,
    /// Also those that ended when it started.
    OrTouching,
}

/// The sections of each span, by id, the latest first, as moments.
pub(crate) type Paths = BTreeMap<u64, Vec<(u64, u64)>>;

/// Returns the critical paths of all roots of a trace whose parents come before their children.
pub(crate) fn critical_paths(spans: &[SpanTime], before: Before) -> Paths {
    let cut = cut_to_parents(spans);
    // The order of the page: by start, before the spans are cut.
    let mut order: Vec<&SpanTime> = spans.iter().collect();
    order.sort_by_key(|span| span.start);
    let order: Vec<u64> = order.iter().map(|span| span.id).collect();
    let cut = Cut { spans: cut, order };
    let mut paths = Paths::new();
    for root in spans.iter().filter(|span| span.parent == 0) {
        walk(&cut, root.id, None, before, &mut paths);
    }
    paths.retain(|_, sections| !sections.is_empty());
    paths
}

struct Cut {
    spans: BTreeMap<u64, SpanTime>,
    /// The ids of all spans by start.
    order: Vec<u64>,
}

/// The spans that can be on a path, cut to their parents, by id.
fn cut_to_parents(spans: &[SpanTime]) -> BTreeMap<u64, SpanTime> {
    let mut cut: BTreeMap<u64, SpanTime> = BTreeMap::new();
    for span in spans {
        if span.parent == 0 {
            cut.insert(span.id, *span);
            continue;
        }
        let Some(parent) = cut.get(&span.parent).copied() else {
            continue;
        };
        if parent.kind == SpanKind::Producer && span.kind == SpanKind::Consumer {
            continue;
        }
        if span.start >= parent.end || (span.start < parent.start && span.end <= parent.start) {
            continue;
        }
        let (start, end) = (span.start.max(parent.start), span.end.min(parent.end));
        cut.insert(span.id, SpanTime { start, end, ..*span });
    }
    cut
}

fn walk(cut: &Cut, id: u64, returned_at: Option<u64>, before: Before, paths: &mut Paths) {
    let span = cut.spans[&id];
    let until = returned_at.unwrap_or(span.end);
    match last_finishing_child(cut, &span, returned_at, before, paths) {
        Some(child) => {
            push(paths, id, (child.end, until));
            walk(cut, child.id, None, before, paths);
        }
        None => {
            push(paths, id, (span.start, until));
            if span.parent != 0 {
                walk(cut, span.parent, Some(span.start), before, paths);
            }
        }
    }
}

fn last_finishing_child(
    cut: &Cut,
    span: &SpanTime,
    returned_at: Option<u64>,
    before: Before,
    paths: &Paths,
) -> Option<SpanTime> {
    let is_before = |child: &&SpanTime| match (returned_at, before) {
        (None, _) => true,
        (Some(start), Before::Strictly) => child.end < start,
        // A child without a duration could come again and again.
        (Some(start), Before::OrTouching) => child.end <= start && !paths.contains_key(&child.id),
    };
    let here = cut.order.iter().filter_map(|id| cut.spans.get(id));
    let children: Vec<&SpanTime> = here.filter(|child| child.parent == span.id).collect();
    let latest = children
        .iter()
        .copied()
        .filter(is_before)
        .map(|child| child.end)
        .max()?;
    children
        .into_iter()
        .filter(is_before)
        .find(|child| child.end == latest)
        .copied()
}

fn push(paths: &mut Paths, id: u64, (from, to): (u64, u64)) {
    let sections = paths.entry(id).or_default();
    if from < to {
        sections.push((from, to));
    }
}
