//! Tokens by role: the model calls of a trace, summed by agent.

use std::fmt;

use super::output::PageStyle;
use super::text::{Style, align, width};
use super::trace::Node;

/// The sums of one agent's model calls.
#[derive(Debug, Default)]
struct AgentRow {
    name: String,
    calls: u64,
    input: TokenSum,
    output: TokenSum,
}

/// A sum of tokens, and whether it is exact and complete.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct TokenSum {
    tokens: u64,
    is_inexact: bool,
    misses_some: bool,
}

/// Renders the table, with a row for each agent, in the order of first calls, and a row for the total. Empty
/// if the trace has no model calls.
pub(super) fn table(nodes: &[Node<'_>], page: PageStyle) -> String {
    let mut roles: Vec<AgentRow> = Vec::new();
    let mut total = AgentRow {
        name: "total".into(),
        ..AgentRow::default()
    };
    for node in nodes.iter().filter(|node| counts(node, nodes)) {
        let name = ancestry(node, nodes)
            .find_map(|node| node.row.gen_ai.agent.as_deref())
            .unwrap_or(NO_AGENT);
        let index = roles
            .iter()
            .position(|role| role.name == name)
            .unwrap_or(roles.len());
        if index == roles.len() {
            roles.push(AgentRow {
                name: name.to_owned(),
                ..AgentRow::default()
            });
        }
        if let Some(role) = roles.get_mut(index) {
            role.add(node);
        }
        total.add(node);
    }
    if roles.is_empty() {
        String::new()
    } else {
        lay_out(&roles, &total, page)
    }
}

impl AgentRow {
    fn add(&mut self, node: &Node<'_>) {
        let tokens = node.row.gen_ai.tokens;
        let unknown = tokens.input.is_none() && tokens.output.is_none();
        self.calls += 1;
        self.input.add(tokens.input, tokens.is_exact, unknown);
        self.output.add(tokens.output, tokens.is_exact, unknown);
    }

    fn cells(&self) -> [String; 4] {
        [
            self.name.clone(),
            self.calls.to_string(),
            self.input.to_string(),
            self.output.to_string(),
        ]
    }
}

impl TokenSum {
    fn add(&mut self, tokens: Option<u64>, is_exact: bool, unknown: bool) {
        self.tokens = self.tokens.saturating_add(tokens.unwrap_or(0));
        self.is_inexact |= !is_exact;
        self.misses_some |= unknown;
    }
}

impl fmt::Display for TokenSum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self {
                tokens: 0,
                misses_some: true,
                ..
            } => f.write_str("unknown"),
            Self {
                tokens,
                misses_some: true,
                ..
            } => write!(f, "≥{tokens}"),
            Self {
                tokens,
                is_inexact: true,
                ..
            } => write!(f, "~{tokens}"),
            Self { tokens, .. } => write!(f, "{tokens}"),
        }
    }
}

/// Whether a node is a model call. A model call inside another one is the same call, observed twice.
fn counts(node: &Node<'_>, nodes: &[Node<'_>]) -> bool {
    node.row.gen_ai.is_model_call
        && !ancestry(node, nodes)
            .skip(1)
            .any(|above| above.row.gen_ai.is_model_call)
}

/// Returns a node and its ancestors.
fn ancestry<'a>(node: &'a Node<'a>, nodes: &'a [Node<'a>]) -> impl Iterator<Item = &'a Node<'a>> {
    std::iter::successors(Some(node), |node| nodes.get(node.above?))
}

fn lay_out(roles: &[AgentRow], total: &AgentRow, page: PageStyle) -> String {
    let head = ["tokens by role", "calls", "input", "output"].map(str::to_owned);
    let rows: Vec<[String; 4]> = roles.iter().chain([total]).map(AgentRow::cells).collect();
    let widest = |column: usize| {
        let cells = std::iter::once(&head).chain(&rows);
        cells
            .filter_map(|row| row.get(column))
            .map(|cell| width(cell))
            .max()
            .unwrap_or(0)
    };
    let first = widest(0).min(page.width / 2);
    let line = |[name, numbers @ ..]: &[String; 4]| {
        let mut line = align(name, first);
        for (column, number) in numbers.iter().enumerate() {
            let pad = (widest(column + 1) + 2).saturating_sub(width(number));
            line.push_str(&" ".repeat(pad));
            line.push_str(number);
        }
        line
    };
    let mut table = page.paint(Style::Faint, &line(&head)) + "\n";
    for (index, row) in rows.iter().enumerate() {
        let is_total = index == roles.len();
        table += &if is_total {
            page.paint(Style::Strong, &line(row))
        } else {
            line(row)
        };
        table.push('\n');
    }
    table
}

/// The row of model calls without an agent.
const NO_AGENT: &str = "(no agent)";

#[cfg(test)]
mod tests {
    use opentelemetry::trace::SpanKind;

    use super::super::fixture::Fixture;
    use super::*;

    fn call(fixture: Fixture, parent: u64, tokens: Option<(i64, i64)>) -> Fixture {
        let call = fixture
            .span(parent, "chat", SpanKind::Client, 1, 2)
            .with("gen_ai.operation.name", "chat");
        match tokens {
            None => call,
            Some((input, output)) => call
                .with("gen_ai.usage.input_tokens", input)
                .with("gen_ai.usage.output_tokens", output),
        }
    }

    fn table_of(fixture: &Fixture) -> String {
        table(
            &fixture.trace().nodes(),
            PageStyle {
                width: 100,
                colour: false,
            },
        )
    }

    #[test]
    fn unknown_counts_are_shown_and_nested_calls_are_counted_once() {
        let mut fixture = Fixture::default().span(0, "root", SpanKind::Server, 0, 9);
        fixture = call(fixture, 1, Some((5, 6)));
        fixture = call(fixture, 2, Some((5, 6)));
        fixture = fixture
            .span(1, "agent", SpanKind::Internal, 2, 8)
            .with("gen_ai.agent.name", "Planner");
        fixture = call(fixture, 4, Some((1, 2)));
        fixture = call(fixture, 4, None);
        fixture = fixture
            .span(1, "agent", SpanKind::Internal, 3, 8)
            .with("gen_ai.agent.name", "Executor");
        fixture = call(fixture, 7, None);
        let expected = "\
tokens by role  calls    input   output
(no agent)          1        5        6
Planner             2       ≥1       ≥2
Executor            1  unknown  unknown
total               4       ≥6       ≥8
";
        assert_eq!(table_of(&fixture), expected, "the table");
    }

    #[test]
    fn a_trace_without_model_calls_has_no_table() {
        let fixture = Fixture::default()
            .span(0, "agent", SpanKind::Internal, 0, 9)
            .with("gen_ai.usage.input_tokens", 5);
        assert_eq!(table_of(&fixture), "", "an agent's sums are not a call");
    }
}
