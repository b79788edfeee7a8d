//! The labels of one call's metrics.

use std::borrow::Cow;
use std::cell::OnceCell;

use opentelemetry::KeyValue;
use throughline_tracing_layer::labels::Labels;
use throughline_tracing_layer::limits::{Place, SeriesBudget, literal_id, series_id, text_id};

use super::bound::NumberedSeries;
use super::label_budget::{Label, LabelBudget};
use super::state::CallState;
use crate::semconv;

/// The labels that all metrics of one call have.
#[derive(Debug)]
pub(super) struct Dimensions {
    labels: Labels,
    model: Place,
    id: u64,
}

impl Dimensions {
    /// Those of a call, as far as its answer is known.
    pub(super) fn from_call(call: &CallState, budget: &LabelBudget) -> Self {
        let mut labels = call.request.labels.clone();
        let (model, request) = request_model(call, budget, &mut labels);
        let (host, port) = &call.request.server;
        let address = host
            .as_ref()
            .map(|host| budget.address(&mut labels, host, *port).id());
        let response = call.response.reader.reply().model().map(|answered| {
            let requested = call.request.parameters.model.as_deref();
            let (label, id) = if requested == Some(&**answered) {
                (model.label(answered.clone().into()), AS_REQUESTED)
            } else {
                let claim = |model: &str| call.shared.config.claim(model);
                let (label, place) = budget.response(answered.clone().into(), requested, claim);
                (label, place.id())
            };
            labels.push(semconv::RESPONSE_MODEL, label);
            id
        });
        Self {
            labels,
            model,
            id: series_id([request, address.unwrap_or(NONE), response.unwrap_or(NONE)]),
        }
    }

    /// Operation, provider and requested model alone.
    pub(super) fn from_request(call: &CallState, budget: &LabelBudget) -> Self {
        let mut labels = Labels::new();
        for key in [
            semconv::OPERATION_NAME,
            semconv::PROVIDER_NAME,
            semconv::REQUEST_MODEL,
        ] {
            if let Some(value) = call.request.labels.get(key) {
                labels.push(key, value.clone());
            }
        }
        let (model, id) = request_model(call, budget, &mut labels);
        Self { labels, model, id }
    }

    /// The series with these dimensions and `more`: with all of these labels, or if the budget has no room for
    /// one more series, with those of the model alone.
    pub(super) fn series<'a>(
        &'a self,
        budget: &SeriesBudget,
        more: [Option<&'a Label>; 2],
    ) -> CallSeries<'a> {
        let ids = more.iter().flatten().map(|label| label.id);
        let id = series_id([self.id].into_iter().chain(ids));
        let is_admitted = budget.admits(self.model, id);
        CallSeries {
            dimensions: self,
            more,
            number: is_admitted.then(|| series_id([self.model.id(), id])),
            labels: OnceCell::new(),
        }
    }
}

/// A series of one call's metrics. Its labels are built when they are needed.
#[derive(Debug)]
pub(super) struct CallSeries<'a> {
    dimensions: &'a Dimensions,
    more: [Option<&'a Label>; 2],
    /// `None`: there was no room for it.
    number: Option<u64>,
    labels: OnceCell<Labels>,
}

impl CallSeries<'_> {
    /// Returns its labels.
    pub(super) fn into_labels(mut self) -> Labels {
        self.labels.take().unwrap_or_else(|| self.build())
    }

    fn build(&self) -> Labels {
        let more = self.more.iter().flatten();
        if self.number.is_some() {
            let mut labels = self.dimensions.labels.clone();
            for label in more {
                labels.push(label.name, label.value.clone());
            }
            return labels;
        }
        let mut labels = Labels::new();
        labels.push(semconv::OPERATION_NAME, semconv::OTHER);
        labels.push(semconv::PROVIDER_NAME, semconv::OTHER);
        if let Some(model) = self.dimensions.labels.get(semconv::REQUEST_MODEL) {
            labels.push(semconv::REQUEST_MODEL, model.clone());
        }
        for label in more {
            if let Some(value) = label.merged {
                labels.push(label.name, value);
            }
        }
        labels
    }
}

impl NumberedSeries for CallSeries<'_> {
    fn number(&self) -> Option<u64> {
        self.number
    }

    fn labels(&self) -> &[KeyValue] {
        self.labels.get_or_init(|| self.build()).as_slice()
    }
}

/// The place of the requested model, whose label is put right, and the part of a series' id that the request
/// makes.
fn request_model(call: &CallState, budget: &LabelBudget, labels: &mut Labels) -> (Place, u64) {
    let model = call.request.parameters.model.as_deref();
    let model = model.map(|model| budget.model(labels, model, || call.shared.config.claim(model)));
    let operation = call.request.parameters.operation.as_str();
    let provider = match &call.request.recognised.provider {
        Cow::Borrowed(literal) => literal_id(literal),
        Cow::Owned(text) => text_id(text),
    };
    let id = series_id([literal_id(operation), provider, u64::from(model.is_some())]);
    (model.unwrap_or(Place::OTHER), id)
}

/// The part of a series' id for a response whose model is the requested one; places have less.
const AS_REQUESTED: u64 = 1 << 32;
/// The part for a request without an address, and for a response without a model.
const NONE: u64 = 2 << 32;
