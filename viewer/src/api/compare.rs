//! `GET /api/compare`: two traces, by the names of their spans.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use throughline_trace_model::{CallTotals, counted_calls, self_times};

use crate::shared::Shared;
use crate::store::{Cost, Status, Summary, Tokens, TraceSnapshot, cut};

use super::trace::call;

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

/// The spans of one name in one of the traces. Tokens and cost are those of its model calls, each counted once.
#[derive(Debug, Serialize)]
struct Side {
    count: u64,
    total: u64,
    #[serde(rename = "self")]
    self_time: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<u64>,
    estimated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<f64>,
    errors: u64,
}

#[derive(Debug, Default)]
struct Sums {
    count: u64,
    total: u64,
    self_time: u64,
    calls: CallTotals,
    errors: u64,
}

impl From<Sums> for Side {
    fn from(sums: Sums) -> Self {
        let tokens = Tokens::new(&sums.calls);
        Self {
            count: sums.count,
            total: sums.total,
            self_time: sums.self_time,
            input: tokens.and_then(|tokens| tokens.input),
            output: tokens.and_then(|tokens| tokens.output),
            estimated: tokens.is_some_and(|tokens| tokens.estimated),
            cost: Cost::new(&sums.calls).map(|cost| cost.usd),
            errors: sums.errors,
        }
    }
}

pub(crate) fn compare(shared: &Shared, a: &TraceSnapshot, b: &TraceSnapshot) -> Comparison {
    let mut names: BTreeMap<(&str, &str), [Sums; 2]> = BTreeMap::new();
    for (trace, side) in [(a, 0), (b, 1)] {
        let tree = trace.tree();
        let calls = counted_calls(&tree, |index| call(trace, index));
        let mut calls = calls.iter().peekable();
        for (index, (node, self_time)) in tree.nodes().iter().zip(self_times(&tree)).enumerate() {
            let Some(span) = trace.spans.get(node.span) else {
                continue;
            };
            let sides = names.entry((&*span.origin.service, &*span.name)).or_default();
            let Some(sums) = sides.get_mut(side) else { continue };
            sums.count += 1;
            sums.total = sums.total.saturating_add(node.duration());
            sums.self_time = sums.self_time.saturating_add(self_time);
            sums.errors += u64::from(span.status == Status::Error);
            if let Some(counted) = calls.next_if(|counted| counted.node == index) {
                sums.calls.add(&counted.call, node.duration());
            }
        }
    }
    let rows = names
        .into_iter()
        .take(MAX_NAMES)
        .map(|((service, name), [a, b])| Name {
            name: cut(name, MAX_NAME_CHARS),
            service: service.to_owned(),
            a: a.into(),
            b: b.into(),
        });
    Comparison {
        a: shared.store.summary(a),
        b: shared.store.summary(b),
        names: rows.collect(),
    }
}

const MAX_NAMES: usize = 5_000;
const MAX_NAME_CHARS: usize = 300;
