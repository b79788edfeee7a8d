//! `GET /api/groups`: the traces that match, by the values of an attribute.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use serde::Serialize;

use crate::shared::Shared;
use crate::store::{Summary, Tokens, TraceSnapshot, cut};

use super::list;
use super::query::Parameters;
use super::tokens::quantile;

#[derive(Debug, Serialize)]
pub(crate) struct Groups {
    groups: Vec<Group>,
    matched: usize,
    stored: usize,
}

/// The traces with a span that has a value of the attribute, or whose resource has it.
#[derive(Debug, Default, Serialize)]
struct Group {
    /// `None` for the traces without the attribute.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    traces: u64,
    errors: u64,
    spans: usize,
    #[serde(flatten)]
    tokens: Option<Tokens>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<f64>,
    p50: u64,
    p95: u64,
    #[serde(skip)]
    durations: Vec<u64>,
}

impl Group {
    fn add(&mut self, summary: &Summary) {
        self.traces += 1;
        self.errors += u64::from(summary.errors > 0);
        self.spans += summary.spans;
        self.durations.push(summary.duration);
        if let Some(tokens) = summary.calls.tokens {
            self.tokens = Some(self.tokens.map_or(tokens, |sum| sum.plus(tokens)));
        }
        if let Some(cost) = summary.calls.cost {
            self.cost = Some(self.cost.unwrap_or(0.0) + cost.usd);
        }
    }
}

pub(crate) fn groups(shared: &Shared, parameters: &Parameters) -> Result<Groups, String> {
    let Some(key) = parameters.text("by") else {
        return Err("by=\"\" is not accepted: the key of an attribute is, such as user.id".to_owned());
    };
    let list::Matching { traces, stored } = list::matching(shared, parameters)?;
    let mut groups: HashMap<Option<String>, Group> = HashMap::new();
    for (trace, summary) in &traces {
        for value in values(trace, key) {
            if groups.len() < MAX_GROUPS || groups.contains_key(&value) {
                groups.entry(value).or_default().add(summary);
            }
        }
    }
    let mut groups: Vec<Group> = groups
        .into_iter()
        .map(|(value, mut group)| {
            group.durations.sort_unstable();
            group.p50 = quantile(&group.durations, 50);
            group.p95 = quantile(&group.durations, 95);
            Group { value, ..group }
        })
        .collect();
    groups.sort_by(|one, other| {
        let key = |group: &Group| (group.value.is_none(), Reverse(group.traces));
        key(one)
            .cmp(&key(other))
            .then_with(|| one.value.cmp(&other.value))
    });
    Ok(Groups {
        groups,
        matched: traces.len(),
        stored,
    })
}

/// Returns the different values of an attribute in a trace, or `None` alone if it has none.
fn values(trace: &TraceSnapshot, key: &str) -> BTreeSet<Option<String>> {
    let spans = trace.spans.iter();
    let found = spans.filter_map(|span| span.attribute(key));
    let mut values: BTreeSet<_> = found
        .take(MAX_VALUES)
        .map(|value| Some(cut(&value, MAX_VALUE_CHARS)))
        .collect();
    if values.is_empty() {
        values.insert(None);
    }
    values
}

/// The maximum number of groups, of values that are read in a trace, and of characters of a value.
const MAX_GROUPS: usize = 1_000;
const MAX_VALUES: usize = 10_000;
const MAX_VALUE_CHARS: usize = 300;
