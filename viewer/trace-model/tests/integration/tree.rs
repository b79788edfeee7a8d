//! The tree of a trace.

use throughline_trace_model::{SpanKind, SpanTime, Tree};

use crate::support::spans;

/// The ids in print order, with their depth.
fn printed(spans: &[SpanTime]) -> Vec<(u64, usize)> {
    let tree = Tree::new(spans);
    tree.nodes()
        .iter()
        .map(|node| (spans[node.span].id, node.depth))
        .collect()
}

#[test]
fn parents_come_before_children_and_siblings_by_start() {
    let spans = spans(&[(0, 10, 20), (1, 15, 16), (1, 12, 18), (3, 13, 14)]);
    assert_eq!(
        printed(&spans),
        [(1, 0), (3, 1), (4, 2), (2, 1)],
        "the print order"
    );
    let tree = Tree::new(&spans);
    assert_eq!(
        (tree.start(), tree.duration()),
        (10, 10),
        "from the first start to the last end"
    );
    let times: Vec<_> = tree.nodes().iter().map(|node| (node.start, node.end)).collect();
    assert_eq!(
        times,
        [(0, 10), (2, 8), (3, 4), (5, 6)],
        "times since the start of the trace"
    );
    assert_eq!(tree.nodes()[0].children, [1, 3], "the children of the root");
    assert_eq!(tree.nodes()[2].parent, Some(1), "the parent of the grandchild");
}

#[test]
fn span_without_its_parent_is_a_root() {
    assert_eq!(
        printed(&spans(&[(0, 5, 9), (77, 3, 4)])),
        [(2, 0), (1, 0)],
        "two roots, by start"
    );
}

#[test]
fn spans_in_a_cycle_of_parents_are_shown_once() {
    let spans = spans(&[(2, 0, 9), (1, 1, 8), (3, 2, 7)]);
    assert_eq!(
        printed(&spans),
        [(1, 0), (2, 1), (3, 0)],
        "a circle of two, and a span that is its own parent"
    );
}

#[test]
fn spans_with_the_same_id_are_all_shown() {
    let span = |id, parent, start| SpanTime {
        id,
        parent,
        kind: SpanKind::Server,
        start,
        end: start + 1,
    };
    let spans = [span(1, 0, 0), span(1, 0, 1), span(2, 1, 2)];
    assert_eq!(
        printed(&spans),
        [(1, 0), (2, 1), (1, 0)],
        "the first has the children"
    );
}

#[test]
fn times_at_the_limits_do_not_overflow() {
    let span = |id, parent, start, end| SpanTime {
        id,
        parent,
        kind: SpanKind::Internal,
        start,
        end,
    };
    let spans = [span(1, 0, 0, u64::MAX), span(2, 1, u64::MAX, 0), span(3, 1, 5, 1)];
    let tree = Tree::new(&spans);
    assert_eq!(tree.duration(), u64::MAX, "the whole time");
    let times: Vec<_> = tree.nodes().iter().map(|node| (node.start, node.end)).collect();
    assert_eq!(
        times,
        [(0, u64::MAX), (5, 5), (u64::MAX, u64::MAX)],
        "an end before the start is the start"
    );
    assert_eq!(Tree::new(&[]).duration(), 0, "an empty trace");
}
