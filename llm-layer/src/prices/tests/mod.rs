//! Tables of prices, from code and from files, and how the usage of a call is divided into billed parts.

mod billed;
mod litellm;
mod own;
mod table;

use super::{BilledCall, BilledPart, BilledUsage, Cost, Price, Prices, Unpriced};

/// Rows of LiteLLM's table, as they are or odd.
const LITELLM: &str = include_str!("litellm.json");

const MILLION: u64 = 1_000_000;

fn cost(prices: &Prices, provider: &str, model: &str, usage: &BilledUsage) -> Cost {
    prices.cost(&BilledCall::new(provider, model, usage))
}

/// A million input tokens.
fn input() -> BilledUsage {
    BilledUsage::new().with_count(BilledPart::Input, MILLION)
}

fn unpriced(part: BilledPart) -> Cost {
    Cost::Unpriced(vec![Unpriced::Part(part)])
}
