//! The critical path: for each moment, the span that the end of the trace was waiting for.
//!
//! The walk starts at the end of a root and goes back in time. The root waited for the child that ended last
//! before that moment; the time after the child's end is the span's own. The walk continues inside that child,
//! and then in the parent at the child's start.
//!
//! The rules are those of Jaeger's page:
//!
//! - Each root has its own path.
//! - A child counts only within its parent, and within the part of the parent that counts itself. A child
//!   without any time in there is left out with all spans below it.
//! - If several children end at the same time, the one that started first is taken.
//! - A consumer below a producer is left out with all spans below it, because its producer does not wait for
//!   it.
//! - Only sections with a duration are returned, so a span without time of its own has none.
//!
//! There are two differences. A child may end at the very moment at which the next one starts: one after the
//! other, both are on the path. Jaeger leaves out the first, although the second waited for it. And a root
//! whose parent is in another trace has a path here, and none in Jaeger.

use std::cmp::Reverse;

use crate::tree::{SpanKind, Tree};

/// A part of a span's time, in nanoseconds since the start of the trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Section {
    /// The start of the section.
    pub from: u64,
    /// The end of the section, after its start.
    pub to: u64,
}

/// Returns for each node the sections in which its root waited for it, the latest first. Nodes that are not on
/// the critical path have none. The sections of a root and of all nodes below it do not overlap, and their
/// durations add up to the duration of the root.
///
/// The rules are those of Jaeger's page, with these exceptions: of two siblings one after the other without a
/// gap, both are on the path, and a root whose parent is not in the trace has a path.
#[must_use]
pub fn critical_path(tree: &Tree) -> Vec<Vec<Section>> {
    let nodes = tree.nodes();
    let mut paths: Vec<Vec<Section>> = vec![Vec::new(); nodes.len()];
    let roots = nodes.iter().enumerate().filter(|(_, node)| node.parent.is_none());
    // The node, and the part of its time that counts: the intersection with all nodes above.
    let mut stack: Vec<(usize, u64, u64)> = roots.map(|(root, node)| (root, node.start, node.end)).collect();
    while let Some((index, from, until)) = stack.pop() {
        let (Some(node), Some(path)) = (nodes.get(index), paths.get_mut(index)) else {
            continue;
        };
        let below = node
            .children
            .iter()
            .filter_map(|child| Some((*child, nodes.get(*child)?)));
        let mut waited_for: Vec<(usize, u64, u64)> = below
            .filter(|(_, child)| !(node.kind == SpanKind::Producer && child.kind == SpanKind::Consumer))
            .filter(|(_, child)| child.start < until && (child.start >= from || child.end > from))
            .map(|(index, child)| (index, child.start.max(from), child.end.min(until)))
            .collect();
        // Stable, so that of those with the same end the first to start is the first.
        waited_for.sort_by_key(|(_, _, end)| Reverse(*end));
        let mut now = until;
        for (child, start, end) in waited_for {
            if end > now {
                continue;
            }
            path.push(Section { from: end, to: now });
            stack.push((child, start, end));
            now = start;
        }
        path.push(Section { from, to: now });
        path.retain(|section| section.from < section.to);
    }
    paths
}
