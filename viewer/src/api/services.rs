//! `GET /api/services`: the services of all traces, and how often they call each other.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;
use throughline_trace_model::self_times;

use crate::shared::Shared;
use crate::store::{Status, StoredSpan};

#[derive(Debug, Serialize)]
pub(crate) struct ServiceGraph<'a> {
    services: Vec<Service<'a>>,
    calls: Vec<Calls<'a>>,
}

/// The spans of a service.
#[derive(Debug, Default, Serialize)]
struct Service<'a> {
    name: &'a str,
    count: u64,
    errors: u64,
    total: u64,
    #[serde(rename = "self")]
    self_time: u64,
}

/// The spans of a service whose parent belongs to another one.
#[derive(Debug, Serialize)]
struct Calls<'a> {
    from: &'a str,
    to: &'a str,
    count: u64,
    errors: u64,
}

/// Computes the graph, and passes it on.
pub(crate) fn services<T>(shared: &Shared, answer: impl FnOnce(ServiceGraph<'_>) -> T) -> T {
    let traces = shared.store.traces();
    let mut services: HashMap<&str, Service<'_>> = HashMap::new();
    let mut calls: HashMap<(&str, &str), Calls<'_>> = HashMap::new();
    for trace in &traces {
        let tree = trace.tree();
        let span_of = |node: usize| trace.spans.get(tree.nodes().get(node)?.span).map(Arc::as_ref);
        for (node, self_time) in tree.nodes().iter().zip(self_times(&tree)) {
            let Some(span) = trace.spans.get(node.span) else {
                continue;
            };
            let name = service_of(span);
            let errors = u64::from(span.status == Status::Error);
            let service = services.entry(name).or_default();
            service.name = name;
            service.count += 1;
            service.errors += errors;
            service.total = service.total.saturating_add(node.duration());
            service.self_time = service.self_time.saturating_add(self_time);
            let caller = node.parent.and_then(span_of).map(service_of);
            if let Some(from) = caller.filter(|from| *from != name) {
                let calls = calls.entry((from, name)).or_insert(Calls {
                    from,
                    to: name,
                    count: 0,
                    errors: 0,
                });
                calls.count += 1;
                calls.errors += errors;
            }
        }
    }
    let mut services: Vec<Service<'_>> = services.into_values().collect();
    services.sort_unstable_by_key(|service| (Reverse(service.count), service.name));
    services.truncate(MAX_SERVICES);
    let mut calls: Vec<Calls<'_>> = calls.into_values().collect();
    calls.sort_unstable_by_key(|calls| (Reverse(calls.count), calls.from, calls.to));
    calls.truncate(MAX_CALLS);
    answer(ServiceGraph { services, calls })
}

fn service_of(span: &StoredSpan) -> &str {
    &span.origin.service
}

/// The maximum number of services, and of pairs of them that call each other.
const MAX_SERVICES: usize = 1_000;
const MAX_CALLS: usize = 5_000;
