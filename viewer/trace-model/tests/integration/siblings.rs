//! Groups of like siblings.

use throughline_trace_model::{MIN_LIKE_SIBLINGS, Tree, like_siblings};

use crate::support::{Row, spans};

#[test]
fn like_siblings_of_one_parent_form_a_group() {
    let many = MIN_LIKE_SIBLINGS as u64;
    let mut rows: Vec<Row> = vec![(0, 0, 1_000)];
    let mut names = vec!["root"];
    for index in 0..many {
        rows.push((1, 10 * index, 10 * index + 1));
        names.push("get");
        rows.push((1, 10 * index + 5, 10 * index + 6));
        names.push(if index == 0 { "put" } else { "set" });
    }
    let tree = Tree::new(&spans(&rows));
    let found: Vec<_> = tree
        .nodes()
        .iter()
        .zip(like_siblings(&tree, |span| Some(names[span])))
        .map(|(node, group)| (names[node.span], group))
        .collect();
    for (name, group) in found {
        let expected = (name == "get").then_some(0);
        assert_eq!(
            group, expected,
            "{name}: {many} like siblings are a group, fewer are not"
        );
    }
    let failed = like_siblings(&tree, |span| (span != 1).then(|| names[span]));
    assert!(
        failed.iter().all(Option::is_none),
        "a span without a key is not counted: {failed:?}"
    );
}

#[test]
fn like_spans_of_different_parents_are_not_a_group() {
    let many = MIN_LIKE_SIBLINGS as u64;
    let rows: Vec<Row> = (0..2 * many)
        .map(|index| (index / 2, index, index + 100))
        .collect();
    let tree = Tree::new(&spans(&rows));
    let groups = like_siblings(&tree, |_| Some("same"));
    assert!(
        groups.iter().all(Option::is_none),
        "at most two siblings: {groups:?}"
    );
}
