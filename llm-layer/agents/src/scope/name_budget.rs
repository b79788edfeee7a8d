//! How many agents, tools and workflows the metrics tell apart.
//!
//! Their names are mostly the program's, but a name may also be what a request asks for, such as the tool of a call. So their
//! labels are bounded like those of models, see [`limits`](throughline_tracing_layer::limits). Spans have the real names.

use std::borrow::Cow;

use opentelemetry::{KeyValue, StringValue};
use throughline_tracing_layer::labels::Labels;
use throughline_tracing_layer::limits::{
    Claim, DistinctValues, MAX_DISTINCT_VALUES, Place, SeriesBudget, series_id,
};

use super::subject::{Ended, Kind};
use crate::semconv;

/// Bounds the labels of the instruments of scopes.
#[derive(Debug)]
pub(super) struct NameBudget {
    agents: KindNames,
    tools: KindNames,
    workflows: KindNames,
    errors: DistinctValues,
}

/// The names of one kind of scope, and the series of its duration.
#[derive(Debug)]
pub(super) struct KindNames {
    names: DistinctValues,
    series: SeriesBudget,
}

impl Default for NameBudget {
    fn default() -> Self {
        Self {
            agents: KindNames::default(),
            tools: KindNames::default(),
            workflows: KindNames::default(),
            errors: DistinctValues::new(MAX_ERRORS).with_claims(MAX_ERRORS, 0),
        }
    }
}

impl Default for KindNames {
    fn default() -> Self {
        let names = DistinctValues::new(MAX_DISTINCT_VALUES);
        Self {
            series: SeriesBudget::new(&names),
            names,
        }
    }
}

impl KindNames {
    /// The label of a name.
    #[inline]
    pub(super) fn name(&self, name: &StringValue) -> (StringValue, Place) {
        self.names.label(name.clone(), |_| Claim::Unknown)
    }
}

impl NameBudget {
    /// What bounds the scopes of a kind.
    pub(super) fn of_kind(&self, kind: Kind) -> &KindNames {
        match kind {
            Kind::Tool => &self.tools,
            Kind::Workflow => &self.workflows,
            _ => &self.agents,
        }
    }

    /// What a scope that has ended is measured by, beside its name.
    pub(super) fn labels(
        &self,
        of_kind: &KindNames,
        name: [KeyValue; 1],
        place: Place,
        ended: Ended,
    ) -> Labels {
        let agent = ended.agent.map(|agent| self.agents.name(&agent));
        let agent = agent.map(|(agent, place)| (agent, place.id()));
        let error = ended.error.map(|kind| self.error(kind));
        let id_of = |label: Option<&(StringValue, u64)>| label.map_or(0, |(_, id)| id + 1);
        let in_full = of_kind
            .series
            .admits(place, series_id([id_of(agent.as_ref()), id_of(error.as_ref())]));
        let mut labels = Labels::from(name);
        if let Some((agent, _)) = agent.filter(|_| in_full) {
            labels.push(semconv::AGENT_NAME, agent);
        }
        if let Some((kind, _)) = error {
            let kind = if in_full { kind } else { semconv::OTHER.into() };
            labels.push(semconv::ERROR_TYPE, kind);
        }
        labels
    }

    fn error(&self, kind: Cow<'static, str>) -> (StringValue, u64) {
        // A class of error that this program names is one of few; a status is what an upstream sent.
        let (kind, claim) = match kind {
            Cow::Borrowed(class) => (StringValue::from(class), Claim::Named),
            Cow::Owned(status) => (status.into(), Claim::Unknown),
        };
        let (label, place) = self.errors.label(kind, |_| claim);
        (label, place.id())
    }
}

const MAX_ERRORS: usize = 64;
