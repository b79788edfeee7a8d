//! How many agents, tools and workflows the metrics tell apart.
//!
//! Their names are mostly the program's, but a name may also be what a request asks for, such as the tool of a call. So their
//! labels are bounded like those of models, see [`limits`](throughline_tracing_layer::limits). Spans have the real names.

use std::borrow::Cow;

use opentelemetry::StringValue;
use throughline_tracing_layer::labels::Labels;
use throughline_tracing_layer::limits::{
    Claim, DistinctValues, MAX_DISTINCT_VALUES, SeriesBudget, series_id,
};

use super::subject::{Ended, Kind, Subject};
use crate::semconv;

/// Bounds the labels of the instruments of scopes.
#[derive(Debug)]
pub(super) struct NameBudget {
    agents: Names,
    tools: Names,
    workflows: Names,
    errors: DistinctValues,
}

/// The names of one kind of scope, and the series of its duration.
#[derive(Debug)]
struct Names {
    names: DistinctValues,
    series: SeriesBudget,
}

impl Default for NameBudget {
    fn default() -> Self {
        Self {
            agents: Names::default(),
            tools: Names::default(),
            workflows: Names::default(),
            errors: DistinctValues::new(MAX_ERRORS).with_claims(MAX_ERRORS, 0),
        }
    }
}

impl Default for Names {
    fn default() -> Self {
        let names = DistinctValues::new(MAX_DISTINCT_VALUES);
        Self {
            series: SeriesBudget::new(&names),
            names,
        }
    }
}

impl NameBudget {
    /// What a scope that has ended is measured by: its name first.
    pub(super) fn labels(&self, subject: &Subject, key: &'static str, ended: &Ended) -> Labels {
        let budget = match subject.kind {
            Kind::Tool => &self.tools,
            Kind::Workflow => &self.workflows,
            _ => &self.agents,
        };
        let (name, place) = budget.names.label(subject.name.clone(), |_| Claim::Unknown);
        let agent = ended.agent.clone();
        let agent = agent.map(|agent| self.agents.names.label(agent, |_| Claim::Unknown));
        let error = ended.error.clone().map(|kind| self.error(kind));
        let id_of = |label: Option<&(StringValue, u64)>| label.map_or(0, |(_, id)| id + 1);
        let agent = agent.map(|(agent, place)| (agent, place.id()));
        let in_full = budget
            .series
            .admits(place, series_id([id_of(agent.as_ref()), id_of(error.as_ref())]));
        let mut labels = Labels::new();
        labels.push(key, name);
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
