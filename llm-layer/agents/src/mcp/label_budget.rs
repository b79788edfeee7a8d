//! Bounds the labels of the metrics of exchanges: the other side chooses methods, tools and prompts.

use opentelemetry::{KeyValue, StringValue, Value};
use throughline_tracing_layer::limits::{Claim, DistinctValues, Place, SeriesBudget, series_id, text_id};

use crate::semconv::{self, mcp};

/// Bounds the labels of exchanges: see [`limits`](throughline_tracing_layer::limits).
#[derive(Debug)]
pub(super) struct LabelBudget {
    /// Tools and prompts, and the methods of exchanges that have neither.
    targets: DistinctValues,
    methods: DistinctValues,
    versions: DistinctValues,
    errors: DistinctValues,
    series: SeriesBudget,
}

impl Default for LabelBudget {
    fn default() -> Self {
        let targets = DistinctValues::new(MAX_TARGETS);
        Self {
            series: SeriesBudget::new(&targets),
            targets,
            methods: DistinctValues::new(MAX_METHODS),
            versions: DistinctValues::new(MAX_VERSIONS),
            errors: DistinctValues::new(MAX_ERRORS),
        }
    }
}

impl LabelBudget {
    /// Bounds the labels of an exchange. If there are too many series, only the method, the tool or prompt and whether it failed
    /// remain.
    pub(super) fn bound(&self, labels: &mut Vec<KeyValue>) {
        let (mut target, mut method) = (None, Place::OTHER);
        let mut ids = 0;
        for KeyValue { key, value, .. } in labels.iter_mut() {
            let Value::String(text) = &*value else {
                ids = series_id([ids, text_id(&value.as_str())]);
                continue;
            };
            let text = text.clone();
            let (label, place) = match key.as_str() {
                mcp::METHOD_NAME => {
                    let (label, place) = self.methods.label(text, |_| Claim::Unknown);
                    method = self.targets.place(label.as_str(), IS_METHOD, || Claim::Unknown);
                    (label, place)
                }
                semconv::TOOL_NAME => self.target(text, IS_TOOL, &mut target),
                semconv::PROMPT_NAME => self.target(text, IS_PROMPT, &mut target),
                mcp::JSONRPC_VERSION | mcp::PROTOCOL_VERSION => self.versions.label(text, |_| Claim::Unknown),
                semconv::ERROR_TYPE | mcp::STATUS_CODE => self.errors.label(text, |_| Claim::Unknown),
                // The program sets the other labels.
                _ => {
                    ids = series_id([ids, text_id(text.as_str())]);
                    continue;
                }
            };
            ids = series_id([ids, text_id(key.as_str()), place.id()]);
            *value = label.into();
        }
        if self.series.admits(target.unwrap_or(method), ids) {
            return;
        }
        labels.retain(|label| MERGED.contains(&label.key.as_str()));
        for label in labels
            .iter_mut()
            .filter(|label| label.key.as_str() == semconv::ERROR_TYPE)
        {
            label.value = semconv::OTHER.into();
        }
    }

    /// Bounds the version of a session.
    pub(super) fn bound_version(&self, version: &mut Value) {
        if let Value::String(text) = &*version {
            *version = self.versions.label(text.clone(), |_| Claim::Unknown).0.into();
        }
    }

    fn target(&self, name: StringValue, kind: u32, target: &mut Option<Place>) -> (StringValue, Place) {
        let place = self.targets.place(name.as_str(), kind, || Claim::Unknown);
        *target = Some(place);
        (place.label(name), place)
    }
}

/// The labels of a merged series. They add no more to the target than whether there was an error.
const MERGED: [&str; 4] = [
    mcp::METHOD_NAME,
    semconv::TOOL_NAME,
    semconv::PROMPT_NAME,
    semconv::ERROR_TYPE,
];
const IS_METHOD: u32 = 0;
const IS_TOOL: u32 = 1;
const IS_PROMPT: u32 = 2;
const MAX_TARGETS: usize = 200;
const MAX_METHODS: usize = 100;
const MAX_VERSIONS: usize = 16;
const MAX_ERRORS: usize = 64;
