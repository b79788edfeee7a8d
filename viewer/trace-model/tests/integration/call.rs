//! Sums of model calls.

use throughline_trace_model::{SpanCall, TokensByAgent, Tree, counted_calls, roll_up};

use crate::support::{Row, spans};

/// Root › call 1 › the same call again; agent Planner › two calls, one unknown; Planner › Executor › call.
const ROWS: &[Row] = &[
    (0, 0, 100),
    (1, 1, 11),
    (2, 2, 10),
    (1, 20, 90),
    (4, 21, 31),
    (4, 32, 42),
    (4, 50, 80),
    (7, 51, 71),
];

fn call(span: usize) -> SpanCall<'static> {
    let call = |input, output, cost| SpanCall {
        is_model_call: true,
        is_exact: true,
        input,
        output,
        cost,
        agent: None,
    };
    let agent = |name| SpanCall {
        agent: Some(name),
        ..SpanCall::default()
    };
    match span {
        1 | 2 => call(Some(5), Some(6), Some(0.5)),
        3 => agent("Planner"),
        4 => call(Some(1), Some(2), None),
        5 => call(None, None, Some(0.25)),
        6 => agent("Executor"),
        7 => SpanCall {
            is_exact: false,
            ..call(Some(7), None, Some(0.125))
        },
        _ => SpanCall::default(),
    }
}

#[test]
fn calls_belong_to_the_nearest_agent_and_nested_calls_count_once() {
    let tree = Tree::new(&spans(ROWS));
    let by_agent = TokensByAgent::new(&tree, call);
    let rows: Vec<_> = by_agent
        .agents
        .iter()
        .map(|row| (row.agent, &row.totals))
        .chain([(Some("total"), &by_agent.total)])
        .map(|(agent, totals)| {
            let tokens = format!("{} {} of {}", totals.input, totals.output, totals.calls);
            (
                agent,
                tokens,
                totals.cost.usd,
                totals.cost.unpriced_calls,
                totals.duration,
            )
        })
        .collect();
    let expected = [
        (None, "5 6 of 1".to_owned(), 0.5, 0, 10),
        (Some("Planner"), "≥1 ≥2 of 2".to_owned(), 0.25, 1, 20),
        (Some("Executor"), "~7 ~0 of 1".to_owned(), 0.125, 0, 20),
        (Some("total"), "≥13 ≥8 of 4".to_owned(), 0.875, 1, 50),
    ];
    assert_eq!(rows, expected, "by agent");
    assert_eq!(by_agent.total.unknown_calls, 1, "calls without any tokens");
}

#[test]
fn roll_up_has_the_calls_at_and_below_each_span() {
    let tree = Tree::new(&spans(ROWS));
    let totals = roll_up(&tree, call);
    let calls: Vec<_> = tree
        .nodes()
        .iter()
        .zip(&totals)
        .map(|(node, totals)| (node.span, totals.calls))
        .collect();
    let expected = [(0, 4), (1, 1), (2, 0), (3, 3), (4, 1), (5, 1), (6, 1), (7, 1)];
    assert_eq!(calls, expected, "the calls of each span");
    assert_eq!(
        totals[0],
        TokensByAgent::new(&tree, call).total,
        "the root has the sums of the trace"
    );
}

#[test]
fn counted_calls_are_in_print_order_without_nested_ones() {
    let tree = Tree::new(&spans(ROWS));
    let calls: Vec<_> = counted_calls(&tree, call)
        .iter()
        .map(|counted| (counted.node, counted.agent, counted.call.input))
        .collect();
    let expected = [
        (1, None, Some(5)),
        (4, Some("Planner"), Some(1)),
        (5, Some("Planner"), None),
        (7, Some("Executor"), Some(7)),
    ];
    assert_eq!(calls, expected, "each call once, with its agent");
}

#[test]
fn call_without_any_tokens_is_unknown() {
    let tree = Tree::new(&spans(&[(0, 0, 1)]));
    let by_agent = TokensByAgent::new(&tree, |_| SpanCall {
        is_model_call: true,
        ..SpanCall::default()
    });
    assert_eq!(by_agent.total.input.to_string(), "unknown", "and not 0");
    assert_eq!(by_agent.total.input.total(), None, "no number");
    let none = TokensByAgent::new(&tree, |_| SpanCall::default());
    assert_eq!(none.total.input.total(), Some(0), "no call has used none");
}
