//! The labels of a call's metrics, and the bound on the series that they make.
//!
//! A client chooses the model, an upstream the response's model and the code of an error, and a proxy's
//! client the address. Each of these labels has few distinct values, and each instrument few combinations of
//! them: see [`limits`](throughline_tracing_layer::limits). The key of the combinations is the requested
//! model, so that no flood of other models, or of addresses and errors of one, takes a model's own label.
//!
//! A response model that equals the requested one takes no place, and a version of it (`gpt-4o` →
//! `gpt-4o-2024-08-06`) takes none from other models. Spans have the real values in any case.

use std::borrow::Cow;
use std::sync::OnceLock;

use opentelemetry::{StringValue, Value};
use throughline_tracing_layer::labels::Labels;
use throughline_tracing_layer::limits::{
    Claim, DistinctValues, MAX_LABEL_BYTES, Place, SeriesBudget, literal_id,
};

use crate::semconv;

/// Bounds the labels of a layer's instruments.
#[derive(Debug)]
pub(super) struct LabelBudget {
    models: DistinctValues,
    responses: DistinctValues,
    addresses: DistinctValues,
    errors: DistinctValues,
    agents: DistinctValues,
    rate_limit_kinds: DistinctValues,
    /// One for each kind of instrument: each has as many series as an SDK allows to one.
    durations: SeriesBudget,
    tokens: OnceLock<SeriesBudget>,
    costs: OnceLock<SeriesBudget>,
    streams: OnceLock<SeriesBudget>,
    rate_limits: OnceLock<SeriesBudget>,
}

/// A label that one kind of metric has beside those that all metrics of a call have.
#[derive(Debug)]
pub(super) struct Label {
    pub(super) name: &'static str,
    pub(super) value: Value,
    /// Its part of the id of a series.
    pub(super) id: u64,
    /// What it is in a series that is merged; without it, the label is left out there.
    pub(super) merged: Option<&'static str>,
}

impl LabelBudget {
    pub(super) fn new(max_models: usize) -> Self {
        let models = DistinctValues::new(max_models).with_claims(MAX_NAMED_MODELS, MAX_RELATED_MODELS);
        Self {
            durations: SeriesBudget::new(&models),
            responses: DistinctValues::new(max_models).with_claims(MAX_NAMED_MODELS, MAX_RELATED_MODELS),
            models,
            addresses: DistinctValues::new(MAX_ADDRESSES),
            errors: DistinctValues::new(MAX_ERRORS).with_claims(MAX_ERRORS, 0),
            agents: DistinctValues::new(MAX_AGENTS),
            rate_limit_kinds: DistinctValues::new(MAX_RATE_LIMIT_KINDS),
            tokens: OnceLock::new(),
            costs: OnceLock::new(),
            streams: OnceLock::new(),
            rate_limits: OnceLock::new(),
        }
    }

    pub(super) fn durations(&self) -> &SeriesBudget {
        &self.durations
    }

    pub(super) fn tokens(&self) -> &SeriesBudget {
        self.tokens.get_or_init(|| SeriesBudget::new(&self.models))
    }

    pub(super) fn costs(&self) -> &SeriesBudget {
        self.costs.get_or_init(|| SeriesBudget::new(&self.models))
    }

    pub(super) fn streams(&self) -> &SeriesBudget {
        self.streams.get_or_init(|| SeriesBudget::new(&self.models))
    }

    pub(super) fn rate_limits(&self) -> &SeriesBudget {
        self.rate_limits.get_or_init(|| SeriesBudget::new(&self.models))
    }

    /// The place of the requested model, whose label is put right.
    pub(super) fn model(&self, labels: &mut Labels, model: &str, claim: impl FnOnce() -> Claim) -> Place {
        let place = self.models.place(model, 0, claim);
        if place.is_other() || model.len() > MAX_LABEL_BYTES {
            put(labels, semconv::REQUEST_MODEL, place);
        }
        place
    }

    /// The place of the address, whose labels are put right.
    pub(super) fn address(&self, labels: &mut Labels, host: &str, port: Option<u16>) -> Place {
        let place = self
            .addresses
            .place(host, port.map_or(0, u32::from), || Claim::Unknown);
        if place.is_other() {
            labels.remove(semconv::SERVER_PORT);
        }
        if place.is_other() || host.len() > MAX_LABEL_BYTES {
            put(labels, semconv::SERVER_ADDRESS, place);
        }
        place
    }

    /// The label of a model that answered in place of the requested one, and its place.
    pub(super) fn response(
        &self,
        model: StringValue,
        requested: Option<&str>,
        claim: impl Fn(&str) -> Claim,
    ) -> (StringValue, Place) {
        self.responses.label(model, |model| match requested {
            Some(requested) if is_version_of(model, requested) => Claim::Related,
            _ => claim(model),
        })
    }

    pub(super) fn error(&self, kind: Cow<'static, str>) -> Label {
        // A class of error that this program names is one of few; a code or a status is the provider's.
        let (kind, claim) = match kind {
            Cow::Borrowed(class) => (StringValue::from(class), Claim::Named),
            Cow::Owned(code) => (code.into(), Claim::Unknown),
        };
        let (value, place) = self.errors.label(kind, |_| claim);
        Label {
            name: semconv::ERROR_TYPE,
            value: value.into(),
            id: place.id(),
            merged: Some(semconv::OTHER),
        }
    }

    pub(super) fn agent(&self, name: StringValue) -> Label {
        let (value, place) = self.agents.label(name, |_| Claim::Unknown);
        Label {
            name: semconv::AGENT_NAME,
            value: value.into(),
            id: place.id(),
            merged: None,
        }
    }

    pub(super) fn rate_limit_kind(&self, kind: String) -> Label {
        let (value, place) = self.rate_limit_kinds.label(kind.into(), |_| Claim::Unknown);
        Label {
            name: semconv::RATE_LIMIT_KIND,
            value: value.into(),
            id: place.id(),
            merged: Some(semconv::OTHER),
        }
    }
}

impl Label {
    /// A label with few values, all of which this crate knows.
    pub(super) fn fixed(name: &'static str, value: &'static str, merged: &'static str) -> Self {
        Self {
            name,
            value: value.into(),
            id: literal_id(value),
            merged: Some(merged),
        }
    }
}

/// Puts the label of a value in the place of the value.
fn put(labels: &mut Labels, name: &'static str, place: Place) {
    if let Some(Value::String(value)) = labels.get(name).cloned() {
        labels.replace(name, place.label(value));
    }
}

/// Whether a model's name is another's with the number or the date of a version behind it, such as
/// `-2024-08-06` or `-v1:0`.
fn is_version_of(model: &str, base: &str) -> bool {
    let Some(version) = model.strip_prefix(base) else {
        return false;
    };
    let is_part = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'@' | b':' | b'.' | b'v');
    version.starts_with(['-', '@', ':'])
        && version.len() <= MAX_VERSION_BYTES
        && version.bytes().any(|byte| byte.is_ascii_digit())
        && version.bytes().all(is_part)
}

/// The models that prices and rules name.
const MAX_NAMED_MODELS: usize = 200;
/// The versions of those, or of the requested model.
const MAX_RELATED_MODELS: usize = 100;
const MAX_ADDRESSES: usize = 100;
const MAX_ERRORS: usize = 64;
const MAX_AGENTS: usize = 100;
const MAX_RATE_LIMIT_KINDS: usize = 16;
const MAX_VERSION_BYTES: usize = 16;

#[cfg(test)]
mod tests {
    use super::is_version_of;

    #[test]
    fn versions() {
        for (model, base, expected) in [
            ("gpt-4o-2024-08-06", "gpt-4o", true),
            ("gpt-4-0613", "gpt-4", true),
            ("claude-sonnet-4@20250514", "claude-sonnet-4", true),
            (
                "anthropic.claude-3-haiku-20240307-v1:0",
                "anthropic.claude-3-haiku",
                true,
            ),
            ("gemini-1.5-pro-002", "gemini-1.5-pro", true),
            ("gpt-4o", "gpt-4o", false),
            ("gpt-4o-mini", "gpt-4o", false),
            ("gpt-4.1", "gpt-4", false),
            ("gpt-4-", "gpt-4", false),
            ("gpt-4v", "gpt-4", false),
            ("o1", "gpt-4", false),
            ("m-11111111111111111111111", "m", false),
        ] {
            assert_eq!(is_version_of(model, base), expected, "{model} of {base}");
        }
    }
}
