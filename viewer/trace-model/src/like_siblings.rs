//! Groups of siblings that a view can fold.

use std::collections::HashMap;
use std::hash::Hash;

use crate::tree::Tree;

/// Returns for each node the number of its group. A group is at least [`MIN_LIKE_SIBLINGS`] children of one
/// parent, or roots, with the same key, such as the name and the service. Nodes without a group have `None`.
///
/// `key` receives the index of a span in the input of [`Tree::new`]. It returns `None` for a span that must not
/// be folded, such as one with an error.
#[must_use]
pub fn like_siblings<K: Hash + Eq>(tree: &Tree, key: impl Fn(usize) -> Option<K>) -> Vec<Option<usize>> {
    let mut members: HashMap<(Option<usize>, K), Vec<usize>> = HashMap::new();
    for (index, node) in tree.nodes().iter().enumerate() {
        if let Some(key) = key(node.span) {
            members.entry((node.parent, key)).or_default().push(index);
        }
    }
    let mut groups: Vec<Vec<usize>> = members.into_values().collect();
    groups.retain(|group| group.len() >= MIN_LIKE_SIBLINGS);
    groups.sort_unstable();
    let mut like = vec![None; tree.nodes().len()];
    for (number, group) in groups.iter().enumerate() {
        for index in group {
            if let Some(like) = like.get_mut(*index) {
                *like = Some(number);
            }
        }
    }
    like
}

/// The number of like siblings from which on they form a group.
pub const MIN_LIKE_SIBLINGS: usize = 5;
