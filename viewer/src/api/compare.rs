//! `GET /api/compare`: two traces, by the names of their spans.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use throughline_trace_model::self_times;

use crate::shared::Shared;
use crate::store::{Status, Summary, TraceSnapshot, cut};

#[derive(Debug, Serialize)]
pub(crate) struct Comparison {
    a: Arc<Summary>,
    b: Arc<Summary>,
    names: Vec<Name>,
}

#[derive(Debug, Serialize)]
struct Name {
    name: String,
    service: String,
    a: Side,
    b: Side,
}

/// The spans of one name in one of the traces.
#[derive(Debug, Default, Clone, Copy, Serialize)]
struct Side {
    count: u64,
    total: u64,
    #[serde(rename = "self")]
    self_time: u64,
    input: u64,
    output: u64,
    cost: f64,
    errors: u64,
}

pub(crate) fn compare(shared: &Shared, a: &TraceSnapshot, b: &TraceSnapshot) -> Comparison {
    let mut names: BTreeMap<(&str, &str), [Side; 2]> = BTreeMap::new();
    for (trace, side) in [(a, 0), (b, 1)] {
        let tree = trace.tree();
        for (node, self_time) in tree.nodes().iter().zip(self_times(&tree)) {
            let Some(span) = trace.spans.get(node.span) else {
                continue;
            };
            let sides = names.entry((&*span.origin.service, &*span.name)).or_default();
            let Some(sums) = sides.get_mut(side) else { continue };
            sums.count += 1;
            sums.total = sums.total.saturating_add(node.duration());
            sums.self_time = sums.self_time.saturating_add(self_time);
            sums.errors += u64::from(span.status == Status::Error);
            if let Some(call) = span.call.as_ref().filter(|_| span.is_model_call()) {
                sums.input = sums.input.saturating_add(call.input.unwrap_or(0));
                sums.output = sums.output.saturating_add(call.output.unwrap_or(0));
                sums.cost += call.cost.unwrap_or(0.0);
            }
        }
    }
    let rows = names
        .into_iter()
        .take(MAX_NAMES)
        .map(|((service, name), [a, b])| Name {
            name: cut(name, MAX_NAME_CHARS),
            service: service.to_owned(),
            a,
            b,
        });
    Comparison {
        a: shared.store.summary(a),
        b: shared.store.summary(b),
        names: rows.collect(),
    }
}

const MAX_NAMES: usize = 5_000;
const MAX_NAME_CHARS: usize = 300;
