//! The critical path: for each moment, the span that the end of the trace was waiting for.

use super::trace::Node;

/// A part of a span's time, in nanoseconds since the trace's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) from: u64,
    pub(super) to: u64,
}

/// Returns for each node the sections in which its root waited for it. Nodes that are not on the critical
/// path have none.
///
/// The walk starts at the end of a root and goes back in time. The root waited for the child that ended last
/// before that moment; the time after the child's end is the span's own. The walk continues inside that
/// child, and then in the parent at the child's start. A child that outlives its parent counts up to the
/// parent's end.
pub(super) fn paths(nodes: &[Node<'_>]) -> Vec<Vec<Section>> {
    let mut sections: Vec<Vec<Section>> = nodes.iter().map(|_| Vec::new()).collect();
    let tops = nodes.iter().enumerate().filter(|(_, node)| node.above.is_none());
    let mut stack: Vec<(usize, u64)> = tops.map(|(index, node)| (index, node.end)).collect();
    while let Some((index, until)) = stack.pop() {
        let Some(node) = nodes.get(index) else { continue };
        let mut own = Vec::new();
        let mut now = until;
        let mut below: Vec<(usize, &Node<'_>)> = node
            .below
            .iter()
            .filter_map(|child| Some((*child, nodes.get(*child)?)))
            .collect();
        below.sort_by_key(|(_, child)| std::cmp::Reverse((child.end.min(until), child.start)));
        for (child, at) in below {
            let end = at.end.min(until);
            let start = at.start.max(node.start);
            if end > now || start > end {
                continue;
            }
            own.push(Section { from: end, to: now });
            stack.push((child, end));
            now = start;
        }
        own.push(Section {
            from: node.start.min(now),
            to: now,
        });
        own.retain(|section| section.from < section.to);
        if let Some(of) = sections.get_mut(index) {
            // A span on the path may have no time of its own. An empty section marks that it is on the path.
            if own.is_empty() {
                own.push(Section {
                    from: until,
                    to: until,
                });
            }
            *of = own;
        }
    }
    sections
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::SpanKind;

    use super::super::fixture::Fixture;
    use super::paths;

    /// Parent, start and end of each span, and the expected sections of each, in microseconds.
    type Case<'a> = (&'a str, &'a [(u64, u64, u64)], &'a [&'a [(u64, u64)]]);

    #[test]
    fn the_walk_back_from_the_end() {
        let cases: &[Case<'_>] = &[
            ("a span alone", &[(0, 0, 10)], &[&[(0, 10)]]),
            (
                "one after the other",
                &[(0, 0, 10), (1, 1, 4), (1, 5, 9)],
                &[&[(9, 10), (4, 5), (0, 1)], &[(1, 4)], &[(5, 9)]],
            ),
            (
                "side by side: the last to end",
                &[(0, 0, 10), (1, 1, 4), (1, 1, 9)],
                &[&[(9, 10), (0, 1)], &[], &[(1, 9)]],
            ),
            (
                "a grandchild",
                &[(0, 0, 10), (1, 2, 8), (2, 3, 8)],
                &[&[(8, 10), (0, 2)], &[(2, 3)], &[(3, 8)]],
            ),
            (
                "a child that outlives its parent",
                &[(0, 0, 10), (1, 5, 20)],
                &[&[(0, 5)], &[(5, 10)]],
            ),
            (
                "a child after its parent",
                &[(0, 0, 10), (1, 12, 20)],
                &[&[(0, 10)], &[]],
            ),
            (
                "a child before its parent",
                &[(0, 5, 10), (1, 0, 8)],
                &[&[(8, 10)], &[(0, 8)]],
            ),
            (
                "a child as long as its parent",
                &[(0, 0, 10), (1, 0, 10)],
                &[&[(10, 10)], &[(0, 10)]],
            ),
            ("no time at all", &[(0, 5, 5)], &[&[(5, 5)]]),
        ];
        for (what, spans, expected) in cases {
            let mut fixture = Fixture::default();
            for (parent, from, to) in *spans {
                fixture = fixture.span(*parent, "s", SpanKind::Internal, *from, *to);
            }
            let trace = fixture.trace();
            let nodes = trace.nodes();
            let shift = spans.iter().map(|span| span.1).min().expect("a span");
            let mut found: Vec<_> = nodes.iter().zip(paths(&nodes)).collect();
            found.sort_by_key(|(node, _)| node.row.id.to_bytes());
            let found: Vec<Vec<(u64, u64)>> = found
                .iter()
                .map(|(_, path)| {
                    path.iter()
                        .map(|part| (part.from / 1_000 + shift, part.to / 1_000 + shift))
                        .collect()
                })
                .collect();
            assert_eq!(found, *expected, "{what}");
        }
    }
}
