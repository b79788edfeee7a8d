//! Renders spans as indented text, so that a test can compare a whole trace as one value.

use std::fmt::Write as _;

/// A span, from the SDK or from an export.
#[derive(Debug, Clone, Default)]
#[expect(clippy::exhaustive_structs, reason = "tests construct it from received spans")]
pub struct Node {
    /// The span's id.
    pub id: [u8; 8],
    /// The parent's id, or zeros.
    pub parent: [u8; 8],
    /// The start, for the order among siblings.
    pub start: u128,
    /// The kind, such as `Server`.
    pub kind: String,
    /// The name.
    pub name: String,
    /// The status as text: empty, `[ok]`, `[error]` or `[error: why]`.
    pub status: String,
    /// The attributes as `key` and text of the value.
    pub attributes: Vec<(String, String)>,
    /// The events, with their attributes.
    pub events: Vec<(String, Vec<(String, String)>)>,
}

/// The spans as text: kind, name, status; below them attributes sorted by key, and events.
///
/// Children stand under their parents in the order in which they started. A span whose parent is not among
/// them is a root. Of the keys in `masked`, only the presence is shown (`key=_`).
#[must_use]
pub fn render(mut nodes: Vec<Node>, masked: &[&str]) -> String {
    nodes.sort_by_key(|node| node.start);
    let is_root = |node: &&Node| !nodes.iter().any(|other| other.id == node.parent);
    let mut stack: Vec<(&Node, usize)> = nodes.iter().filter(is_root).rev().map(|root| (root, 0)).collect();
    let mut text = String::new();
    while let Some((node, depth)) = stack.pop() {
        write(&mut text, node, &"  ".repeat(depth), masked);
        let below = nodes.iter().filter(|other| other.parent == node.id);
        stack.extend(below.rev().map(|child| (child, depth + 1)));
    }
    text
}

fn write(text: &mut String, node: &Node, indent: &str, masked: &[&str]) {
    let Node {
        kind, name, status, ..
    } = node;
    let gap = if status.is_empty() { "" } else { " " };
    let _ = writeln!(text, "{indent}{kind} {name}{gap}{status}");
    for line in lines(&node.attributes, masked) {
        let _ = writeln!(text, "{indent}  - {line}");
    }
    for (name, attributes) in &node.events {
        let _ = writeln!(text, "{indent}  ! {name} {}", lines(attributes, masked).join(" "));
    }
}

fn lines(attributes: &[(String, String)], masked: &[&str]) -> Vec<String> {
    let show = |(key, value): &(String, String)| {
        let value = if masked.contains(&key.as_str()) {
            "_"
        } else {
            value
        };
        format!("{key}={value}")
    };
    let mut lines: Vec<String> = attributes.iter().map(show).collect();
    lines.sort();
    lines
}
