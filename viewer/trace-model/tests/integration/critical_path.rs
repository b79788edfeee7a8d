//! The critical path: by examples, and compared with Jaeger's rules on random traces.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use throughline_trace_model::{SpanKind, SpanTime, Tree, critical_path, self_times};

use crate::jaeger::{self, Before, Paths};
use crate::support::{Row, nested_traces, spans, traces};

/// The sections of each span with a path, by id, as moments.
fn paths(spans: &[SpanTime]) -> Paths {
    let tree = Tree::new(spans);
    let paths = tree.nodes().iter().zip(critical_path(&tree)).map(|(node, path)| {
        let moments = path
            .iter()
            .map(|section| (section.from + tree.start(), section.to + tree.start()));
        (spans[node.span].id, moments.collect())
    });
    paths
        .filter(|(_, path): &(u64, Vec<_>)| !path.is_empty())
        .collect()
}

/// The description, the spans, and the expected sections of each span.
type Case<'a> = (&'a str, &'a [Row], &'a [&'a [(u64, u64)]]);

const CASES: &[Case<'_>] = &[
    ("a span alone", &[(0, 0, 10)], &[&[(0, 10)]]),
    (
        "one after the other",
        &[(0, 0, 10), (1, 1, 4), (1, 5, 9)],
        &[&[(9, 10), (4, 5), (0, 1)], &[(1, 4)], &[(5, 9)]],
    ),
    (
        "one after the other without a gap",
        &[(0, 0, 10), (1, 1, 5), (1, 5, 9)],
        &[&[(9, 10), (0, 1)], &[(1, 5)], &[(5, 9)]],
    ),
    (
        "side by side: the last to end",
        &[(0, 0, 10), (1, 1, 4), (1, 1, 9)],
        &[&[(9, 10), (0, 1)], &[], &[(1, 9)]],
    ),
    (
        "a tie: the first to start",
        &[(0, 0, 10), (1, 4, 9), (1, 2, 9)],
        &[&[(9, 10), (0, 2)], &[], &[(2, 9)]],
    ),
    (
        "a tie of children that outlive their parent: the first to start",
        &[(0, 100, 200), (1, 110, 300), (1, 150, 400)],
        &[&[(100, 110)], &[(110, 200)], &[]],
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
        "a child at its parent's end",
        &[(0, 100, 200), (1, 200, 250)],
        &[&[(100, 200)], &[]],
    ),
    (
        "a child before its parent",
        &[(0, 100, 200), (1, 50, 100)],
        &[&[(100, 200)], &[]],
    ),
    (
        "a child that starts before its parent: only the part within the parent",
        &[(0, 5, 10), (1, 0, 8)],
        &[&[(8, 10)], &[(5, 8)]],
    ),
    (
        "children that start earlier at each level",
        &[(0, 1, 1_000), (1, 500, 900), (2, 200, 600), (3, 100, 300)],
        &[&[(900, 1_000), (1, 500)], &[(600, 900)], &[(500, 600)], &[]],
    ),
    (
        "a child as long as its parent, which has no time of its own",
        &[(0, 0, 10), (1, 0, 10)],
        &[&[], &[(0, 10)]],
    ),
    ("no time at all", &[(0, 5, 5)], &[&[]]),
    (
        "two roots, each on its own",
        &[(0, 0, 10), (0, 5, 20)],
        &[&[(0, 10)], &[(5, 20)]],
    ),
    (
        "a root whose parent is not in the trace has a path",
        &[(99, 0, 10)],
        &[&[(0, 10)]],
    ),
];

#[test]
fn the_walk_back_from_the_end() {
    for (what, rows, expected) in CASES {
        let found = paths(&spans(rows));
        let expected: Paths = (1..)
            .zip(*expected)
            .filter(|(_, path)| !path.is_empty())
            .map(|(id, path)| (id, path.to_vec()))
            .collect();
        assert_eq!(found, expected, "{what}");
    }
}

#[test]
fn consumer_below_a_producer_is_left_out_with_its_children() {
    let mut spans = spans(&[(0, 0, 20), (1, 2, 16), (2, 5, 15), (3, 6, 14), (2, 2, 4)]);
    for (span, kind) in spans[1..].iter_mut().zip([
        SpanKind::Producer,
        SpanKind::Consumer,
        SpanKind::Client,
        SpanKind::Client,
    ]) {
        span.kind = kind;
    }
    let expected = Paths::from([(1, vec![(16, 20), (0, 2)]), (2, vec![(4, 16)]), (5, vec![(2, 4)])]);
    assert_eq!(
        paths(&spans),
        expected,
        "the producer waits only for its client call"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// The only difference is documented: of siblings without a gap between them, Jaeger leaves out the first.
    #[test]
    fn random_traces_have_the_path_of_jaeger_except_at_siblings_without_a_gap(
        spans in prop_oneof![traces(12), traces(1_000), nested_traces(12), nested_traces(1_000)]
    ) {
        let found = paths(&spans);
        prop_assert_eq!(&found, &jaeger::critical_paths(&spans, Before::OrTouching));
        if found != jaeger::critical_paths(&spans, Before::Strictly) {
            let tree = Tree::new(&spans);
            let touch = tree.nodes().iter().any(|node| {
                let children = || node.children.iter().map(|child| &tree.nodes()[*child]);
                children().any(|one| children().any(|next| {
                    one.span != next.span && one.end.clamp(node.start, node.end) == next.start.clamp(node.start, node.end)
                }))
            });
            prop_assert!(touch, "the paths differ, and no siblings are without a gap");
        }
    }

    #[test]
    fn sections_of_a_root_cover_its_time_exactly_once(spans in prop_oneof![traces(12), traces(1_000)]) {
        let tree = Tree::new(&spans);
        let paths = critical_path(&tree);
        let mut roots: Vec<usize> = Vec::new();
        let mut sections = vec![Vec::new(); tree.nodes().len()];
        for (index, node) in tree.nodes().iter().enumerate() {
            roots.push(node.parent.map_or(index, |parent| roots[parent]));
            sections[roots[index]].extend(paths[index].iter().map(|section| (section.from, section.to)));
        }
        for (index, node) in tree.nodes().iter().enumerate().filter(|(_, node)| node.parent.is_none()) {
            let sections = &mut sections[index];
            sections.sort_unstable();
            let mut now = node.start;
            for (from, to) in sections.iter() {
                prop_assert_eq!(*from, now, "a gap or an overlap in {:?}", sections);
                now = *to;
            }
            prop_assert_eq!(now, node.end, "the end of the root");
        }
    }

    #[test]
    fn self_time_is_the_time_without_children(spans in prop_oneof![traces(12), traces(60)]) {
        let tree = Tree::new(&spans);
        for (node, self_time) in tree.nodes().iter().zip(self_times(&tree)) {
            let is_own = |moment: &u64| {
                let children = node.children.iter().map(|child| &tree.nodes()[*child]);
                !children.into_iter().any(|child| (child.start..child.end).contains(moment))
            };
            let expected = (node.start..node.end).filter(is_own).count() as u64;
            prop_assert_eq!(self_time, expected, "{:?}", node);
        }
    }
}

#[test]
fn large_traces_take_neither_stack_nor_quadratic_time() {
    const SPANS: u64 = 100_000;
    let begun = Instant::now();
    let chain: Vec<Row> = (0..SPANS)
        .map(|index| (index, index, 2 * SPANS - index))
        .collect();
    let found = paths(&spans(&chain));
    assert_eq!(
        found.len(),
        SPANS as usize,
        "every level of a chain has time of its own"
    );

    let mut siblings: Vec<Row> = vec![(0, 0, 10 * SPANS)];
    siblings.extend((1..SPANS).map(|index| (1, 10 * index, 10 * index + 10)));
    let found = paths(&spans(&siblings));
    assert_eq!(found.len(), SPANS as usize, "every sibling is waited for");
    assert_eq!(found[&1], [(0, 10)], "the root's own time");

    let took = begun.elapsed();
    assert!(
        took < Duration::from_secs(10),
        "{took:?}: quadratic time would be minutes"
    );
}
