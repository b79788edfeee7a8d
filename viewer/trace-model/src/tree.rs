//! The spans of one trace, arranged as a tree.

use std::collections::{HashMap, HashSet};

/// The identity and the time of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "callers construct it")]
pub struct SpanTime {
    /// The id of the span.
    pub id: u64,
    /// The id of its parent. 0 means that it has none.
    pub parent: u64,
    /// The kind of the span.
    pub kind: SpanKind,
    /// The start, in nanoseconds since any fixed moment, such as the Unix epoch.
    pub start: u64,
    /// The end, since the same moment. An end before the start counts as the start.
    pub end: u64,
}

/// The kind of a span, as in OpenTelemetry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "OpenTelemetry's kinds are final")]
pub enum SpanKind {
    /// An operation within a program.
    #[default]
    Internal,
    /// The receiver of a request.
    Server,
    /// The sender of a request.
    Client,
    /// The sender of a message that is processed later.
    Producer,
    /// The receiver of such a message.
    Consumer,
}

impl SpanKind {
    /// Returns the name of the kind in lower case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Server => "server",
            Self::Client => "client",
            Self::Producer => "producer",
            Self::Consumer => "consumer",
        }
    }
}

/// The spans of a trace in print order: parents before their children, siblings by start.
///
/// Every span is a node exactly once. A span without its parent in the trace is a root. If several spans have
/// the same id, the first of them has the children. The first span of a cycle of parents becomes a root.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    nodes: Vec<Node>,
    start: u64,
    duration: u64,
}

/// A span and its position in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Node {
    /// The index of the span in the input of [`Tree::new`].
    pub span: usize,
    /// The kind of the span.
    pub kind: SpanKind,
    /// The index of the node above.
    pub parent: Option<usize>,
    /// The indices of the nodes below, by start.
    pub children: Vec<usize>,
    /// The number of nodes above.
    pub depth: usize,
    /// The start, in nanoseconds since the start of the trace.
    pub start: u64,
    /// The end, in nanoseconds since the start of the trace.
    pub end: u64,
}

impl Node {
    /// Returns the duration in nanoseconds.
    #[must_use]
    pub fn duration(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }
}

impl Tree {
    /// Arranges the spans of one trace.
    #[must_use]
    pub fn new(spans: &[SpanTime]) -> Self {
        let start = spans.iter().map(|span| span.start).min().unwrap_or(0);
        let end = spans
            .iter()
            .map(|span| span.end.max(span.start))
            .max()
            .unwrap_or(0);
        let mut order: Vec<(usize, &SpanTime)> = spans.iter().enumerate().collect();
        order.sort_by_key(|(_, span)| span.start);
        let here: HashSet<u64> = spans.iter().map(|span| span.id).collect();
        let mut children: HashMap<u64, Vec<(usize, &SpanTime)>> = HashMap::new();
        let mut roots = Vec::new();
        for (index, span) in order.iter().copied() {
            if span.parent != 0 && here.contains(&span.parent) {
                children.entry(span.parent).or_default().push((index, span));
            } else {
                roots.push((index, span));
            }
        }

        let mut nodes: Vec<Node> = Vec::with_capacity(spans.len());
        let mut placed = vec![false; spans.len()];
        let mut stack = Vec::new();
        // Spans in a cycle of parents are not reachable from a root. When all others are placed, the first of
        // them becomes a root.
        for root in roots.into_iter().chain(order) {
            stack.push((root, None));
            while let Some(((span, time), parent)) = stack.pop() {
                match placed.get_mut(span) {
                    Some(placed) if !*placed => *placed = true,
                    _ => continue,
                }
                let index = nodes.len();
                let above = parent.and_then(|parent: usize| nodes.get_mut(parent));
                let depth = above.map_or(0, |above| {
                    above.children.push(index);
                    above.depth + 1
                });
                nodes.push(Node {
                    span,
                    kind: time.kind,
                    parent,
                    children: Vec::new(),
                    depth,
                    start: time.start - start,
                    end: time.end.max(time.start) - start,
                });
                let below = children.remove(&time.id).unwrap_or_default();
                stack.extend(below.into_iter().rev().map(|child| (child, Some(index))));
            }
        }
        Self {
            nodes,
            start,
            duration: end.saturating_sub(start),
        }
    }

    /// Returns the nodes in print order.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Returns the first start of a span. 0 if there are no spans.
    #[must_use]
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Returns the time from the first start to the last end, in nanoseconds.
    #[must_use]
    pub fn duration(&self) -> u64 {
        self.duration
    }
}
