//! The cost of a call: from the user's hook, else from the prices.

use std::time::SystemTime;

use opentelemetry::{Array, KeyValue, StringValue, Value};
use throughline_agents::CallUsage;
use throughline_llm_wire::ReplyDetail;
use throughline_tracing_layer::limits::truncate_string;

use super::state::CallState;
use crate::prices::{BilledCall, BilledUsage, Cost, Unpriced, is_same_model};
use crate::semconv;

/// What a span says about the cost beside the cost itself.
#[derive(Debug, Default)]
pub(super) struct CostDetails {
    /// The provider's own cost.
    reported: Option<f64>,
    /// What has no price.
    unpriced: Vec<Unpriced>,
    /// The call costs something, but how much is not known, although there are prices.
    pub(super) is_unknown: bool,
}

/// Returns the cost of a call that ended at `ended_at`, and the details that its span records.
pub(super) fn compute(
    call: &CallState,
    totals: &CallUsage,
    ended_at: SystemTime,
) -> (Option<f64>, CostDetails) {
    let reply = call.response.reader.reply();
    let mut details = CostDetails {
        reported: reply.billing().cost(),
        ..CostDetails::default()
    };
    let config = &call.shared.config;
    if config.cost_hook.is_none() && config.prices.is_empty() {
        return (None, details);
    }
    let Some(usage) = BilledUsage::from_reply(totals, reply, service_tier(call).as_deref()) else {
        details.is_unknown = call.request.parameters.operation.uses_tokens();
        return (None, details);
    };
    let mut usage = usage.with_time(ended_at);
    let model = reply.model().map(|model| &**model);
    let is_other = |other: &&str| model.is_some_and(|model| !is_same_model(model, other));
    if let Some(other) = reply.usage().billed_models().find(is_other) {
        usage = usage.with_other_model(other);
    }
    let mut billed = BilledCall::new(&call.request.recognised.provider, "", &usage);
    billed.request_model = call.request.parameters.model.as_deref();
    billed.response_model = model;
    let from_hook = config.cost_hook.as_ref().and_then(|hook| hook.cost(&billed));
    let cost = match from_hook {
        Some(cost) => Some(cost),
        None if config.prices.is_empty() => None,
        None => match config.prices.cost(&billed) {
            Cost::Priced(cost) => Some(cost),
            Cost::Unpriced(unpriced) => {
                details.unpriced = unpriced;
                None
            }
        },
    };
    details.is_unknown = cost.is_none();
    (cost, details)
}

/// Returns the service tier that stands outside of the usage: the answer's, else the requested one.
fn service_tier(call: &CallState) -> Option<String> {
    let mut details = call.response.reader.reply().details();
    let answered = details.find(|(detail, _)| *detail == ReplyDetail::ServiceTier);
    let requested = || {
        let mut attributes = call.request.parameters.attributes.iter();
        let tier =
            attributes.find(|attribute| attribute.key.as_str() == semconv::OPENAI_REQUEST_SERVICE_TIER)?;
        Some(tier.value.as_str().into_owned())
    };
    answered.map(|(_, tier)| tier.to_owned()).or_else(requested)
}

impl CostDetails {
    /// Returns the attributes. The provider's cost is left out where another hop `counts` the call.
    pub(super) fn attributes(&self, counts: bool) -> impl Iterator<Item = KeyValue> {
        let reported = self.reported.filter(|_| counts);
        let reported = reported.map(|cost| KeyValue::new(semconv::COST_REPORTED, cost));
        let unpriced = (!self.unpriced.is_empty()).then(|| {
            let names = self.unpriced.iter().map(|unpriced| {
                let mut name = unpriced.to_string();
                truncate_string(&mut name, MAX_NAME_BYTES);
                StringValue::from(name)
            });
            KeyValue::new(
                semconv::COST_UNPRICED,
                Value::Array(Array::String(names.collect())),
            )
        });
        reported.into_iter().chain(unpriced)
    }
}

/// The most bytes of what has no price: a service tier may be any text.
const MAX_NAME_BYTES: usize = 128;
