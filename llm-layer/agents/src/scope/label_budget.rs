//! Bounds the labels of the metrics of scopes.
//!
//! Most names come from the program, but a name may also come from a request, such as the tool of a call. So the labels are
//! bounded like those of models, see [`limits`](throughline_tracing_layer::limits). Spans have the real names.

use std::borrow::Cow;

use opentelemetry::{KeyValue, StringValue};
use throughline_tracing_layer::labels::Labels;
use throughline_tracing_layer::limits::{
    Claim, DistinctValues, MAX_DISTINCT_VALUES, Place, SeriesBudget, series_id,
};

use super::identity::{ScopeIdentity, ScopeKind};
use crate::semconv;

/// Bounds the labels of the instruments of scopes.
#[derive(Debug)]
pub(super) struct LabelBudget {
    agents: KindBudget,
    tools: KindBudget,
    workflows: KindBudget,
    errors: DistinctValues,
}

/// The names of one kind of scope, and the series of its duration.
#[derive(Debug)]
struct KindBudget {
    names: DistinctValues,
    series: SeriesBudget,
}

impl Default for LabelBudget {
    fn default() -> Self {
        Self {
            agents: KindBudget::default(),
            tools: KindBudget::default(),
            workflows: KindBudget::default(),
            errors: DistinctValues::new(MAX_ERRORS).with_claims(MAX_ERRORS, 0),
        }
    }
}

impl Default for KindBudget {
    fn default() -> Self {
        let names = DistinctValues::new(MAX_DISTINCT_VALUES);
        Self {
            series: SeriesBudget::new(&names),
            names,
        }
    }
}

impl KindBudget {
    #[inline]
    fn name(&self, name: &StringValue) -> (StringValue, Place) {
        self.names.label(name.clone(), |_| Claim::Unknown)
    }
}

impl LabelBudget {
    /// The label of a scope's name.
    #[inline]
    pub(super) fn name(&self, scope: &ScopeIdentity) -> (StringValue, Place) {
        self.of_kind(scope.kind).name(&scope.name)
    }

    fn of_kind(&self, kind: ScopeKind) -> &KindBudget {
        match kind {
            ScopeKind::Tool => &self.tools,
            ScopeKind::Workflow => &self.workflows,
            _ => &self.agents,
        }
    }

    /// The labels of the duration of a scope: its name, the agent around it and its error.
    pub(super) fn labels(
        &self,
        kind: ScopeKind,
        name: [KeyValue; 1],
        place: Place,
        agent: Option<StringValue>,
        error: Option<Cow<'static, str>>,
    ) -> Labels {
        let agent = agent.map(|agent| self.agents.name(&agent));
        let agent = agent.map(|(agent, place)| (agent, place.id()));
        let error = error.map(|error| self.error(error));
        let id_of = |label: Option<&(StringValue, u64)>| label.map_or(0, |(_, id)| id + 1);
        let series = series_id([id_of(agent.as_ref()), id_of(error.as_ref())]);
        let in_full = self.of_kind(kind).series.admits(place, series);
        let mut labels = Labels::from(name);
        if let Some((agent, _)) = agent.filter(|_| in_full) {
            labels.push(semconv::AGENT_NAME, agent);
        }
        if let Some((error, _)) = error {
            let error = if in_full { error } else { semconv::OTHER.into() };
            labels.push(semconv::ERROR_TYPE, error);
        }
        labels
    }

    fn error(&self, error: Cow<'static, str>) -> (StringValue, u64) {
        // There are few classes of errors in this program, but a status is what an upstream sent.
        let (error, claim) = match error {
            Cow::Borrowed(class) => (StringValue::from(class), Claim::Named),
            Cow::Owned(status) => (status.into(), Claim::Unknown),
        };
        let (label, place) = self.errors.label(error, |_| claim);
        (label, place.id())
    }
}

const MAX_ERRORS: usize = 64;
