//! `GET /api/traces`: the list of traces, filtered and sorted.

use std::cmp::Reverse;
use std::sync::Arc;

use serde::Serialize;

use crate::search::TextQuery;
use crate::shared::Shared;
use crate::store::{StoredSpan, Summary, TraceSnapshot};

use super::query::Parameters;

#[derive(Debug, Serialize)]
pub(crate) struct TraceList {
    traces: Vec<Arc<Summary>>,
    /// The number of all traces that match.
    matched: usize,
    stored: usize,
    points: Vec<(String, u64, bool, String)>,
}

/// The conditions of a list. A trace must meet all of them.
#[derive(Debug, Default)]
struct Filter {
    text: TextQuery,
    attributes: Vec<TextQuery>,
    service: Option<String>,
    name: Option<String>,
    status: Option<&'static str>,
    min: u64,
    max: u64,
    from: u64,
    to: u64,
}

impl Filter {
    fn new(parameters: &Parameters) -> Result<Self, String> {
        let attributes = parameters.all("attribute").take(MAX_ATTRIBUTES).map(|text| {
            TextQuery::attribute(text).ok_or_else(|| {
                format!(
                    "attribute={text:?} is not accepted: key=value is, such as gen_ai.request.model=gpt-4o"
                )
            })
        });
        Ok(Self {
            text: TextQuery::parse(parameters.text("q").unwrap_or_default()),
            attributes: attributes.collect::<Result<_, _>>()?,
            service: parameters.text("service").map(str::to_owned),
            name: parameters.text("name").map(str::to_lowercase),
            status: parameters.choice("status", &["ok", "error"])?,
            min: parameters.milliseconds("min_ms")?.unwrap_or(0),
            max: parameters.milliseconds("max_ms")?.unwrap_or(u64::MAX),
            from: parameters.number("from", u64::MAX)?.unwrap_or(0),
            to: parameters.number("to", u64::MAX)?.unwrap_or(u64::MAX),
        })
    }

    /// Compares the summary first, because it is cheap.
    fn finds(&self, summary: &Summary, trace: &TraceSnapshot) -> bool {
        let spans = || trace.spans.iter().map(Arc::as_ref);
        let any = |test: &dyn Fn(&StoredSpan) -> bool| spans().any(test);
        (self.min..=self.max).contains(&summary.duration)
            && (self.from..=self.to).contains(&summary.start)
            && self
                .status
                .is_none_or(|status| (status == "error") == (summary.errors > 0))
            && self
                .service
                .as_ref()
                .is_none_or(|service| any(&|span| *span.origin.service == **service))
            && self
                .name
                .as_ref()
                .is_none_or(|name| any(&|span| span.name.to_lowercase().contains(name)))
            && self
                .attributes
                .iter()
                .all(|attribute| any(&|span| attribute.finds_span(span)))
            && (self.text.is_empty()
                || summary.id.eq_ignore_ascii_case(self.text.single_word())
                || self.text.finds_trace(spans()))
    }
}

/// The traces that match the filter of a request, in no order.
#[derive(Debug)]
pub(super) struct Matching {
    pub(super) traces: Vec<(TraceSnapshot, Arc<Summary>)>,
    /// The number of all traces.
    pub(super) stored: usize,
}

pub(super) fn matching(shared: &Shared, parameters: &Parameters) -> Result<Matching, String> {
    let filter = Filter::new(parameters)?;
    let all = shared.store.traces();
    let stored = all.len();
    let with_summary = all.into_iter().map(|trace| {
        let summary = shared.store.summary(&trace);
        (trace, summary)
    });
    Ok(Matching {
        traces: with_summary
            .filter(|(trace, summary)| filter.finds(summary, trace))
            .collect(),
        stored,
    })
}

pub(crate) fn traces(shared: &Shared, parameters: &Parameters) -> Result<TraceList, String> {
    let sort = parameters.choice("sort", &["newest", "slowest", "tokens", "cost"])?;
    let limit = parameters.number("limit", MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT) as usize;
    let offset = parameters.number("offset", u64::MAX)?.unwrap_or(0);
    let offset = usize::try_from(offset).unwrap_or(usize::MAX);

    let Matching { traces, stored } = matching(shared, parameters)?;
    let mut matched: Vec<(u64, Arc<Summary>)> = traces
        .into_iter()
        .map(|(trace, summary)| (trace.number, summary))
        .collect();
    matched.sort_by_key(|(number, summary)| Reverse((summary.start, *number)));
    match sort {
        Some("slowest") => matched.sort_by_key(|(_, summary)| Reverse(summary.duration)),
        Some("tokens") => {
            matched.sort_by_key(|(_, summary)| Reverse(summary.calls.tokens.map(|tokens| tokens.sum())));
        }
        Some("cost") => matched.sort_by(|(_, one), (_, other)| {
            let cost = |summary: &Summary| summary.calls.cost.map_or(-1.0, |cost| cost.usd);
            cost(other).total_cmp(&cost(one))
        }),
        _ => {}
    }
    Ok(TraceList {
        points: points(&matched),
        matched: matched.len(),
        stored,
        traces: matched
            .into_iter()
            .skip(offset)
            .take(limit)
            .map(|(_, summary)| summary)
            .collect(),
    })
}

/// Returns the points of the histogram: all traces, or as many as can be shown, evenly chosen.
fn points(matched: &[(u64, Arc<Summary>)]) -> Vec<(String, u64, bool, String)> {
    let step = matched.len().div_ceil(MAX_POINTS).max(1);
    let chosen = matched.iter().step_by(step);
    chosen
        .map(|(_, summary)| {
            (
                summary.start.to_string(),
                summary.duration,
                summary.errors > 0,
                summary.id.clone(),
            )
        })
        .collect()
}

const DEFAULT_LIMIT: u64 = 50;
const MAX_LIMIT: u64 = 1_000;
const MAX_ATTRIBUTES: usize = 16;
/// The maximum number of points of the histogram.
const MAX_POINTS: usize = 2_000;
