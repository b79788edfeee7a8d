//! The time of spans without their children.

use crate::tree::{Node, Tree};

/// Returns for each node its duration without the time of its children, in nanoseconds. Children that overlap
/// count once, and only within their parent.
#[must_use]
pub fn self_times(tree: &Tree) -> Vec<u64> {
    let nodes = tree.nodes();
    let self_time = |node: &Node| {
        // Children are sorted by start: `until` is the end of those before.
        let (mut covered, mut until) = (0, node.start);
        for child in node.children.iter().filter_map(|child| nodes.get(*child)) {
            let end = child.end.min(node.end);
            covered += end.saturating_sub(child.start.max(until));
            until = until.max(end);
        }
        node.duration().saturating_sub(covered)
    };
    nodes.iter().map(self_time).collect()
}
