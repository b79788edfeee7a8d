//! The rows of the table, in sections whose first row the others are compared with.

mod client;
mod propagation;
mod reqwest;
mod router;
mod scope;
mod server;
mod span;

use opentelemetry::Context;
use tracing::Dispatch;

use crate::telemetry::{self, Sdk};
use crate::workload::Exercise;

/// Rows that do the same thing in different ways.
pub(crate) struct Section {
    pub(crate) title: &'static str,
    pub(crate) rows: Vec<Row>,
}

/// One way to do it.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) conditions: Conditions,
    pub(crate) exercise: Box<dyn Exercise>,
}

/// What is the case while a row is measured. By default: sampled, with the bridge, in an empty context.
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

    /// With this subscriber in the place of the bridge.
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
    /// Makes it so until what is returned is dropped.
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

/// The table.
pub(crate) fn all(sdk: &Sdk) -> Vec<Section> {
    let mut sections = server::sections(sdk);
    sections.push(router::section(sdk));
    sections.extend(client::sections(sdk));
    sections.push(reqwest::section(sdk));
    sections.extend(propagation::sections());
    sections.extend(scope::sections(sdk));
    sections.extend(span::sections(sdk));
    sections
}
