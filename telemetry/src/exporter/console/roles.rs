//! Tokens by role: the model calls of a trace, summed by agent.

use throughline_trace_model::{CallTotals, TokensByAgent, Tree};

use super::page::PageStyle;
use super::row::SpanRow;
use super::table::lay_out;
use super::text::cost;
use super::trace::Trace;

/// Renders the table, with a row for each agent, in the order of first calls, and a row for the total. Empty
/// if the trace has no model calls.
pub(super) fn table(trace: &Trace, tree: &Tree, page: PageStyle) -> String {
    let call = |span: usize| trace.rows.get(span).map(SpanRow::call).unwrap_or_default();
    let TokensByAgent { agents, total, .. } = TokensByAgent::new(tree, call);
    if agents.is_empty() {
        return String::new();
    }
    // Without prices, the column of costs says nothing.
    let has_cost = total.cost.unpriced_calls < total.calls;
    let cells = |name: &str, totals: &CallTotals| {
        let mut cells = cells(name, totals);
        cells.extend(has_cost.then(|| cost_cell(totals)));
        cells
    };
    let mut rows = vec![HEAD.map(str::to_owned).to_vec()];
    if let Some(head) = rows.first_mut().filter(|_| has_cost) {
        head.push("cost".to_owned());
    }
    rows.extend(
        agents
            .iter()
            .map(|role| cells(role.agent.unwrap_or(NO_AGENT), &role.totals)),
    );
    rows.push(cells("total", &total));
    lay_out(&rows, page)
}

fn cells(name: &str, totals: &CallTotals) -> Vec<String> {
    vec![
        name.to_owned(),
        totals.calls.to_string(),
        totals.input.to_string(),
        totals.output.to_string(),
    ]
}

/// Returns the cost of some calls: `≥0.5` if some have no price, `unknown` if none has one.
fn cost_cell(totals: &CallTotals) -> String {
    let amount = cost(totals.cost.usd);
    match totals.cost.unpriced_calls {
        0 => amount,
        unpriced if unpriced == totals.calls => "unknown".to_owned(),
        _ => format!("≥{amount}"),
    }
}

const HEAD: [&str; 4] = ["tokens by role", "calls", "input", "output"];
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
        let trace = fixture.trace();
        let page = PageStyle::plain(100);
        table(&trace, &trace.tree(), page)
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
