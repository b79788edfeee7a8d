//! Folds siblings that look alike into one line, such as the queries of a loop.

use std::hash::{DefaultHasher, Hash, Hasher};

use throughline_trace_model::{Tree, like_siblings};

use super::trace::Trace;

/// Siblings of the same shape: the same names, services and kinds, also of all spans below them, and no error.
#[derive(Debug)]
pub(super) struct Fold {
    /// How many there are.
    pub(super) count: usize,
    /// The number of spans of each of them.
    pub(super) spans: usize,
    /// The start of the first and the end of the last.
    pub(super) start: u64,
    pub(super) end: u64,
    /// The durations of all, added up.
    pub(super) total: u64,
    /// The nodes of the siblings and below them.
    pub(super) nodes: Vec<usize>,
    /// The siblings.
    pub(super) heads: Vec<usize>,
}

/// What is printed of each node.
#[derive(Debug)]
pub(super) enum Shown {
    Alone,
    /// In the place of all its like siblings.
    Folded(Fold),
    Hidden,
}

/// Returns what is printed of each node of the tree.
pub(super) fn fold(trace: &Trace, tree: &Tree) -> Vec<Shown> {
    let nodes = tree.nodes();
    let shapes = shapes(trace, tree);
    let mut node_of_span = vec![0; nodes.len()];
    for (index, node) in nodes.iter().enumerate() {
        if let Some(place) = node_of_span.get_mut(node.span) {
            *place = index;
        }
    }
    let groups = like_siblings(tree, |span| {
        let node = node_of_span.get(span)?;
        shapes.get(*node).copied().flatten()
    });
    let mut folds: Vec<Option<Fold>> = Vec::new();
    for (index, group) in groups.iter().enumerate() {
        let (Some(group), Some(node)) = (group, nodes.get(index)) else {
            continue;
        };
        if folds.len() <= *group {
            folds.resize_with(group + 1, || None);
        }
        let Some(place) = folds.get_mut(*group) else {
            continue;
        };
        let below = below(tree, index);
        let fold = place.get_or_insert_with(|| Fold {
            count: 0,
            spans: below.len(),
            start: node.start,
            end: node.end,
            total: 0,
            nodes: Vec::new(),
            heads: Vec::new(),
        });
        fold.count += 1;
        fold.start = fold.start.min(node.start);
        fold.end = fold.end.max(node.end);
        fold.total = fold.total.saturating_add(node.duration());
        fold.nodes.extend(below);
        fold.heads.push(index);
    }
    let mut shown: Vec<Shown> = nodes.iter().map(|_| Shown::Alone).collect();
    // A fold inside of another one is hidden with it: print order puts the outer one first.
    let mut folds: Vec<Fold> = folds.into_iter().flatten().collect();
    folds.sort_by_key(|fold| fold.heads.first().copied());
    for fold in folds {
        let head = fold.heads.first().and_then(|head| shown.get(*head));
        if matches!(head, Some(Shown::Hidden) | None) {
            continue;
        }
        for node in &fold.nodes {
            if let Some(place) = shown.get_mut(*node) {
                *place = Shown::Hidden;
            }
        }
        let first = fold.heads.first().copied();
        if let Some(place) = first.and_then(|first| shown.get_mut(first)) {
            *place = Shown::Folded(fold);
        }
    }
    shown
}

/// Returns a number for each node that is the same for nodes of the same shape. A shape with an error has none.
fn shapes(trace: &Trace, tree: &Tree) -> Vec<Option<u64>> {
    let nodes = tree.nodes();
    let mut shapes: Vec<Option<u64>> = vec![None; nodes.len()];
    // Children stand behind their parents.
    for (index, node) in nodes.iter().enumerate().rev() {
        let shape = trace
            .rows
            .get(node.span)
            .filter(|row| row.failure.is_none())
            .and_then(|row| {
                let mut hasher = DefaultHasher::new();
                (&row.name, &row.service, row.kind).hash(&mut hasher);
                for child in &node.children {
                    shapes.get(*child).copied().flatten()?.hash(&mut hasher);
                }
                Some(hasher.finish())
            });
        if let Some(place) = shapes.get_mut(index) {
            *place = shape;
        }
    }
    shapes
}

/// Returns a node and all below it.
fn below(tree: &Tree, index: usize) -> Vec<usize> {
    let mut found = vec![index];
    let mut next = 0;
    while let Some(node) = found.get(next).and_then(|index| tree.nodes().get(*index)) {
        found.extend(&node.children);
        next += 1;
    }
    found
}
