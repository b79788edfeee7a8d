//! One budget, and what a request reserves of it.

use std::sync::Arc;

use throughline::llm::{BilledCall, BilledPart, BilledUsage, Cost, Prices};

use super::Usage;
use super::entry::{Entry, MAX_AMOUNT, Unit, nano};
use crate::api::Api;
use crate::callers::digest;
use crate::config::{Budget, BudgetBy};

/// One budget of the configuration.
#[derive(Debug)]
pub(super) struct Rule {
    budget: Budget,
    name: Arc<str>,
}

impl Rule {
    pub(super) fn new(budget: &Budget) -> Self {
        Self {
            name: budget.name.as_str().into(),
            budget: budget.clone(),
        }
    }

    /// Adds what a request reserves of this budget: an entry for each of its limits.
    pub(super) fn add_entries(&self, usage: &Usage<'_>, prices: &Prices, entries: &mut Vec<Entry>) {
        let budget = &self.budget;
        let applies = budget.models.is_empty()
            || usage
                .model
                .is_some_and(|model| budget.models.iter().any(|name| name == model));
        if !applies {
            return;
        }
        let subject = self.subject(usage);
        let input = usage.request_bytes.div_ceil(BYTES_PER_TOKEN);
        let output = usage.max_output.unwrap_or(budget.reserve_output);
        let limits = [
            (Unit::Tokens, budget.tokens),
            (Unit::NanoCost, budget.cost.map(nano)),
            (Unit::Requests, budget.requests),
        ];
        for (unit, limit) in limits {
            let Some(limit) = limit else { continue };
            let (input, output) = match unit {
                Unit::Tokens => (input, output),
                Unit::NanoCost => (estimated_cost(usage, prices, input, output), 0),
                Unit::Requests => (1, 0),
            };
            entries.push(Entry {
                budget: self.name.clone(),
                key: format!("{}:{}:{subject}", self.name, unit.key()),
                unit,
                period: budget.per,
                limit,
                input: input.min(MAX_AMOUNT),
                output: output.min(MAX_AMOUNT),
            });
        }
    }

    /// The subject of a budget. Secrets, and texts of any length, are stored as digests.
    fn subject(&self, usage: &Usage<'_>) -> String {
        match &self.budget.by {
            BudgetBy::All => "all".to_owned(),
            BudgetBy::Key => usage.credential.map_or_else(|| "none".to_owned(), hashed),
            BudgetBy::Caller => usage.caller.unwrap_or("none").to_owned(),
            BudgetBy::Model => usage.model.map_or_else(|| "none".to_owned(), readable),
            BudgetBy::Header(name) => usage
                .headers
                .get(name)
                .map_or_else(|| "none".to_owned(), |value| hashed_bytes(value.as_bytes())),
        }
    }
}

fn readable(text: &str) -> String {
    let is_plain = text.len() <= MAX_READABLE_BYTES
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._/:".contains(&byte));
    match is_plain {
        true => text.to_owned(),
        false => hashed(text),
    }
}

fn hashed(text: &str) -> String {
    hashed_bytes(text.as_bytes())
}

fn hashed_bytes(bytes: &[u8]) -> String {
    let digest = digest(bytes);
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Returns the cost that a request may have, in billionths. 0 if the model has no price.
fn estimated_cost(usage: &Usage<'_>, prices: &Prices, input: u64, output: u64) -> u64 {
    let Some(model) = usage.model else { return 0 };
    let provider = match usage.provider {
        Api::OpenAi => "openai",
        Api::Anthropic => "anthropic",
        Api::Gemini => "gcp.gemini",
    };
    let billed = BilledUsage::new()
        .with_count(BilledPart::Input, input)
        .with_count(BilledPart::Output, output)
        .with_context(input);
    match prices.cost(&BilledCall::new(provider, model, &billed)) {
        Cost::Priced(cost) => nano(cost),
        _ => 0,
    }
}

/// The usual length of a token of English text and of JSON.
const BYTES_PER_TOKEN: u64 = 4;
const MAX_READABLE_BYTES: usize = 64;
