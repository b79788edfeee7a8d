//! The rows of the table, in sections. The rows of a section are compared with its first row.

mod client;
mod model;
mod propagation;
mod reqwest;
mod router;
mod scope;
mod server;
mod span;

use opentelemetry::Context;
use tracing::Dispatch;

use crate::telemetry::{self, Sdk};
use throughline_bench_workload::Exercise;

/// Rows with the same task.
pub(crate) struct Section {
    pub(crate) title: &'static str,
    pub(crate) rows: Vec<Row>,
}

/// One implementation of the task.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) conditions: Conditions,
    pub(crate) exercise: Box<dyn Exercise>,
}

/// The conditions of a measurement. Default: sampled, with the bridge, in an empty context.
#[derive(Clone)]
pub(crate) struct Conditions {
    sampled: bool,
    dispatch: Option<Dispatch>,
    context: Context,
}

impl Row {
    fn new(name: &'static str, exercise: impl Exercise + 'static) -> Self {
        Self {
            name,
            conditions: Conditions {
                sampled: true,
                dispatch: None,
                context: Context::new(),
            },
            exercise: Box::new(exercise),
        }
    }

    fn sampled_out(mut self) -> Self {
        self.conditions.sampled = false;
        self
    }

    /// Replaces the bridge with this subscriber.
    fn with_dispatch(mut self, dispatch: Dispatch) -> Self {
        self.conditions.dispatch = Some(dispatch);
        self
    }

    fn in_context(mut self, context: Context) -> Self {
        self.conditions.context = context;
        self
    }
}

impl Conditions {
    /// Applies the conditions until the returned guard is dropped.
    pub(crate) fn enter(&self) -> impl Drop + use<> {
        telemetry::sample(self.sampled);
        let dispatch = self.dispatch.as_ref().map(tracing::dispatcher::set_default);
        Entered(self.context.clone().attach(), dispatch)
    }
}

#[expect(dead_code, reason = "guards, held until they are dropped")]
struct Entered(
    opentelemetry::ContextGuard,
    Option<tracing::dispatcher::DefaultGuard>,
);

impl Drop for Entered {
    fn drop(&mut self) {}
}

/// Returns all sections of the table.
pub(crate) fn all(sdk: &Sdk) -> Vec<Section> {
    let mut sections = server::sections(sdk);
    sections.push(router::section(sdk));
    sections.extend(client::sections(sdk));
    sections.push(reqwest::section(sdk));
    sections.push(model::section());
    sections.extend(propagation::sections());
    sections.extend(scope::sections(sdk));
    sections.extend(span::sections(sdk));
    sections
}
