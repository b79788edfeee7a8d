//! The tokens and the cost of a trace's model calls, by agent and for each span.

use std::collections::HashMap;
use std::fmt;

use crate::tree::{Node, Tree};

/// What a span says of a model call and of its agent.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "callers construct it")]
pub struct SpanCall<'a> {
    /// The name of the agent that the span runs.
    pub agent: Option<&'a str>,
    /// Whether the span is a call of a model. Only these use tokens themselves; other spans may report sums.
    pub is_model_call: bool,
    /// The input tokens, if they are known.
    pub input: Option<u64>,
    /// The output tokens, if they are known.
    pub output: Option<u64>,
    /// Whether the tokens are counts of the provider, and not estimated or partial.
    pub is_exact: bool,
    /// The cost in US dollars, if it is known.
    pub cost: Option<f64>,
}

/// A sum of tokens, and whether it is exact and complete.
///
/// Its text is `unknown`, `≥57` if it misses some, `~57` if it is inexact, or `57`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenSum {
    /// The number of tokens that are known.
    pub tokens: u64,
    /// Whether some of them are estimated or partial.
    pub is_inexact: bool,
    /// Whether some calls have unknown counts.
    pub misses_some: bool,
}

/// A sum of costs.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub struct CostSum {
    /// The cost of the calls with a known price, in US dollars.
    pub usd: f64,
    /// The number of calls without a known price.
    pub unpriced_calls: u64,
}

/// The sums of some model calls.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub struct CallTotals {
    /// The number of calls.
    pub calls: u64,
    /// The number of calls that have neither input nor output tokens.
    pub unknown_calls: u64,
    /// The input tokens.
    pub input: TokenSum,
    /// The output tokens.
    pub output: TokenSum,
    /// The cost.
    pub cost: CostSum,
    /// The durations of the calls, added up, in nanoseconds.
    pub duration: u64,
}

/// The model calls of one agent.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AgentCalls<'a> {
    /// The name of the agent. `None` for calls outside of agents.
    pub agent: Option<&'a str>,
    /// The sums of its calls.
    pub totals: CallTotals,
}

/// The model calls of a trace, summed by agent.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct TokensByAgent<'a> {
    /// The agents with model calls, in the order of their first calls.
    pub agents: Vec<AgentCalls<'a>>,
    /// The sums of all calls.
    pub total: CallTotals,
}

/// A model call that counts, and the agent it belongs to.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct CountedCall<'a> {
    /// The index of its node in [`Tree::nodes`].
    pub node: usize,
    /// The name of the nearest agent at or above it.
    pub agent: Option<&'a str>,
    /// What its span says of it.
    pub call: SpanCall<'a>,
}

impl<'a> TokensByAgent<'a> {
    /// Sums the model calls of a trace. A call belongs to the nearest agent above it. A model call inside
    /// another one is the same call, observed twice, and counts once.
    ///
    /// `call` receives the index of a span in the input of [`Tree::new`].
    #[must_use]
    pub fn new(tree: &Tree, call: impl Fn(usize) -> SpanCall<'a>) -> Self {
        let mut by_agent = Self::default();
        let mut places: HashMap<Option<&str>, usize> = HashMap::new();
        for CountedCall { node, agent, call } in counted_calls(tree, call) {
            let duration = tree.nodes().get(node).map_or(0, Node::duration);
            by_agent.total.add(&call, duration);
            let place = *places.entry(agent).or_insert(by_agent.agents.len());
            if place == by_agent.agents.len() {
                let totals = CallTotals::default();
                by_agent.agents.push(AgentCalls { agent, totals });
            }
            if let Some(agent) = by_agent.agents.get_mut(place) {
                agent.totals.add(&call, duration);
            }
        }
        by_agent
    }
}

/// Returns for each node the sums of the model calls at and below it. A model call inside another one counts
/// once.
///
/// `call` receives the index of a span in the input of [`Tree::new`].
#[must_use]
pub fn roll_up<'a>(tree: &Tree, call: impl Fn(usize) -> SpanCall<'a>) -> Vec<CallTotals> {
    let mut totals = vec![CallTotals::default(); tree.nodes().len()];
    for CountedCall { node, call, .. } in counted_calls(tree, call) {
        if let (Some(totals), Some(node)) = (totals.get_mut(node), tree.nodes().get(node)) {
            totals.add(&call, node.duration());
        }
    }
    // From the last to the first, so that a node is complete before it is added to its parent.
    for (index, node) in tree.nodes().iter().enumerate().rev() {
        let below = totals.get(index).copied().unwrap_or_default();
        if let Some(above) = node.parent.and_then(|parent| totals.get_mut(parent)) {
            above.merge(&below);
        }
    }
    totals
}

/// Returns the model calls of a trace in print order. A model call inside another one is the same call,
/// observed twice, and is left out.
///
/// `call` receives the index of a span in the input of [`Tree::new`].
#[must_use]
pub fn counted_calls<'a>(tree: &Tree, call: impl Fn(usize) -> SpanCall<'a>) -> Vec<CountedCall<'a>> {
    // The agent of each node, and whether the node is a model call or within one.
    let mut seen: Vec<(Option<&str>, bool)> = Vec::with_capacity(tree.nodes().len());
    let mut counted = Vec::new();
    for (index, node) in tree.nodes().iter().enumerate() {
        let call = call(node.span);
        let above = node.parent.and_then(|parent| seen.get(parent).copied());
        let (outer_agent, is_inner) = above.unwrap_or_default();
        let agent = call.agent.or(outer_agent);
        seen.push((agent, is_inner || call.is_model_call));
        if call.is_model_call && !is_inner {
            counted.push(CountedCall {
                node: index,
                agent,
                call,
            });
        }
    }
    counted
}

impl CallTotals {
    /// Adds a call that took a number of nanoseconds.
    pub fn add(&mut self, call: &SpanCall<'_>, duration: u64) {
        let is_unknown = call.input.is_none() && call.output.is_none();
        self.calls += 1;
        self.unknown_calls += u64::from(is_unknown);
        self.input.add(call.input, call.is_exact, is_unknown);
        self.output.add(call.output, call.is_exact, is_unknown);
        match call.cost {
            Some(usd) => self.cost.usd += usd,
            None => self.cost.unpriced_calls += 1,
        }
        self.duration = self.duration.saturating_add(duration);
    }

    fn merge(&mut self, other: &Self) {
        self.calls += other.calls;
        self.unknown_calls += other.unknown_calls;
        self.input.merge(other.input);
        self.output.merge(other.output);
        self.cost.usd += other.cost.usd;
        self.cost.unpriced_calls += other.cost.unpriced_calls;
        self.duration = self.duration.saturating_add(other.duration);
    }
}

impl TokenSum {
    /// Returns the tokens, or `None` if all calls that could have some have unknown counts.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        (self.tokens > 0 || !self.misses_some).then_some(self.tokens)
    }

    fn add(&mut self, tokens: Option<u64>, is_exact: bool, is_unknown: bool) {
        self.merge(Self {
            tokens: tokens.unwrap_or(0),
            is_inexact: !is_exact,
            misses_some: is_unknown,
        });
    }

    fn merge(&mut self, other: Self) {
        self.tokens = self.tokens.saturating_add(other.tokens);
        self.is_inexact |= other.is_inexact;
        self.misses_some |= other.misses_some;
    }
}

impl fmt::Display for TokenSum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            sum if sum.total().is_none() => f.write_str("unknown"),
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
