//! What a list shows of a trace.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde::Serialize;
use throughline_trace_model::{CallTotals, SpanTime, TokensByAgent, Tree};

use crate::ids;

use super::span::{Status, StoredSpan};

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Summary {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) root_service: String,
    pub(crate) services: Vec<ServiceCount>,
    /// Nanoseconds since the Unix epoch.
    #[serde(serialize_with = "as_text")]
    pub(crate) start: u64,
    pub(crate) duration: u64,
    pub(crate) spans: usize,
    pub(crate) errors: usize,
    /// Whether the root is there and no span misses its parent.
    pub(crate) complete: bool,
    /// The spans whose parent is not there.
    pub(crate) orphans: usize,
    #[serde(flatten)]
    pub(crate) calls: CallSummary,
}

/// What a list shows of the model calls of a trace.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct CallSummary {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tokens: Option<Tokens>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cost: Option<Cost>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) models: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) conversation: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct ServiceCount {
    pub(crate) name: Arc<str>,
    pub(crate) spans: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Tokens {
    /// The input tokens, if any call has a count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) input: Option<u64>,
    /// The output tokens, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output: Option<u64>,
    /// Whether some of the tokens are estimated or partial.
    pub(crate) estimated: bool,
    /// The calls without token counts.
    pub(crate) unknown_calls: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Cost {
    pub(crate) usd: f64,
    pub(crate) unpriced_calls: u64,
}

impl Tokens {
    /// Returns `None` if there are no model calls.
    pub(crate) fn new(totals: &CallTotals) -> Option<Self> {
        (totals.calls > 0).then_some(Self {
            input: totals.input.total(),
            output: totals.output.total(),
            estimated: totals.input.is_inexact || totals.output.is_inexact,
            unknown_calls: totals.unknown_calls,
        })
    }

    /// The sums with the tokens of others.
    pub(crate) fn plus(self, other: Self) -> Self {
        let sum = |one: Option<u64>, other: Option<u64>| match (one, other) {
            (Some(one), Some(other)) => Some(one.saturating_add(other)),
            (one, other) => one.or(other),
        };
        Self {
            input: sum(self.input, other.input),
            output: sum(self.output, other.output),
            estimated: self.estimated || other.estimated,
            unknown_calls: self.unknown_calls.saturating_add(other.unknown_calls),
        }
    }

    /// The tokens that are known, in both directions.
    pub(crate) fn sum(&self) -> u64 {
        self.input.unwrap_or(0).saturating_add(self.output.unwrap_or(0))
    }
}

impl Cost {
    /// Returns `None` if no call has a price.
    pub(crate) fn new(totals: &CallTotals) -> Option<Self> {
        (totals.calls > totals.cost.unpriced_calls).then_some(Self {
            usd: totals.cost.usd,
            unpriced_calls: totals.cost.unpriced_calls,
        })
    }
}

impl Summary {
    pub(crate) fn new(id: u128, spans: &[Arc<StoredSpan>]) -> Self {
        let times: Vec<SpanTime> = spans.iter().map(|span| span.time()).collect();
        let tree = Tree::new(&times);
        let call = |index: usize| spans.get(index).map(|span| span.call()).unwrap_or_default();
        let total = TokensByAgent::new(&tree, call).total;
        let mut roots = tree.nodes().iter().filter(|node| node.parent.is_none());
        let root_spans = roots.clone().filter_map(|node| spans.get(node.span));
        let orphans = root_spans.filter(|span| span.parent != 0).count();
        let has_root = spans.iter().any(|span| span.parent == 0);
        // The true root, even if an orphan started earlier, as with clock skew.
        let root = spans
            .iter()
            .filter(|span| span.parent == 0)
            .min_by_key(|span| span.start);
        let root = root.or_else(|| spans.get(roots.next()?.span));
        let mut services: HashMap<&Arc<str>, usize> = HashMap::new();
        let mut models = BTreeSet::new();
        for span in spans {
            *services.entry(&span.origin.service).or_default() += 1;
            if span.is_model_call() && models.len() < MAX_MODELS {
                models.extend(span.call.as_ref().and_then(|call| call.model.as_deref()));
            }
        }
        let mut services: Vec<ServiceCount> = services
            .into_iter()
            .map(|(name, spans)| ServiceCount {
                name: Arc::clone(name),
                spans,
            })
            .collect();
        services.sort_by(|one, other| {
            other
                .spans
                .cmp(&one.spans)
                .then_with(|| one.name.cmp(&other.name))
        });
        services.truncate(MAX_SERVICES);
        Self {
            id: ids::trace_text(id),
            name: root
                .map(|root| cut(&root.name, MAX_NAME_CHARS))
                .unwrap_or_default(),
            root_service: root
                .map(|root| root.origin.service.as_ref().to_owned())
                .unwrap_or_default(),
            services,
            start: tree.start(),
            duration: tree.duration(),
            spans: spans.len(),
            errors: spans.iter().filter(|span| span.status == Status::Error).count(),
            complete: has_root && orphans == 0,
            orphans,
            calls: CallSummary {
                tokens: Tokens::new(&total),
                cost: Cost::new(&total),
                models: models.into_iter().map(str::to_owned).collect(),
                conversation: spans
                    .iter()
                    .find_map(|span| span.call.as_ref()?.conversation.as_deref().map(str::to_owned)),
            },
        }
    }
}

/// Cuts a text to a number of characters, with an ellipsis.
pub(crate) fn cut(text: &str, max_chars: usize) -> String {
    match text.char_indices().nth(max_chars) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Serialises a time as text, because JavaScript's numbers are not exact for it.
pub(crate) fn as_text<S: serde::Serializer>(time: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}

/// The maximum number of models and services of a summary, and the characters of its name.
const MAX_MODELS: usize = 16;
const MAX_SERVICES: usize = 64;
const MAX_NAME_CHARS: usize = 300;
