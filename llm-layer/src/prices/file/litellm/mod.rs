//! LiteLLM's public table of prices: dollars for one token, search, second, page or request.
//!
//! A key is a base, such as `input_cost_per_token`, and up to three suffixes: a lifetime in the cache
//! (`_above_1hr`), a size of prompt from which the price applies to all tokens (`_above_200k_tokens`), and a
//! service tier (`_flex`). Bases of other units, such as images or characters, are skipped: no usage that is
//! read here reports them, and a call without a price for its tokens has no cost.
//!
//! <https://github.com/BerriAI/litellm/blob/main/model_prices_and_context_window.json>

mod key;
mod off_peak;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use self::key::Key;
use super::error::RowError;
use super::value::{amount, shown};
use crate::prices::part::BilledPart;
use crate::prices::price::Price;

/// Whether a value looks like a row of the table.
pub(super) fn is_row(value: &Value) -> bool {
    let row = value.as_object();
    row.is_some_and(|row| row.contains_key(PROVIDER) || row.keys().any(|key| key.contains("cost_per_")))
}

/// Returns the prices of all rows that can be used, and why the others cannot.
pub(super) fn prices(table: &Map<String, Value>) -> (Vec<(String, Price)>, Vec<RowError>) {
    let mut prices = Vec::with_capacity(table.len());
    let mut ignored = Vec::new();
    for (model, row) in table {
        if model == EXAMPLE {
            continue;
        }
        match resolve(table, model, row).and_then(|row| price(model, row)) {
            Ok(price) => prices.push((model.clone(), price)),
            Err(error) => ignored.push(error),
        }
    }
    (prices, ignored)
}

/// Returns the row of a model, which may be that of another.
fn resolve<'a>(
    table: &'a Map<String, Value>,
    model: &str,
    row: &'a Value,
) -> Result<&'a Map<String, Value>, RowError> {
    let object = |row: &'a Value| {
        let problem = || format!("{} is no object of prices", shown(row));
        row.as_object().ok_or_else(|| RowError::new(model, "", problem()))
    };
    let row = object(row)?;
    match row.get(ALIAS) {
        None => Ok(row),
        Some(target) => {
            let found = target.as_str().and_then(|target| table.get(target));
            let problem = || format!("{} is not in the table", shown(target));
            object(found.ok_or_else(|| RowError::new(model, ALIAS, problem()))?)
        }
    }
}

/// The rates of one tier, by the size of prompt above which they apply.
type Steps = BTreeMap<u64, Price>;

/// Returns the price of a row.
fn price(model: &str, row: &Map<String, Value>) -> Result<Price, RowError> {
    let price = usual_price(model, row)?;
    let Some(block) = row.get(OFF_PEAK) else {
        return Ok(price);
    };
    let problem = |problem| RowError::new(model, OFF_PEAK, problem);
    let windows = off_peak::windows(block).map_err(problem)?;
    // What has no other price then keeps its own.
    let mut row = row.clone();
    row.extend(
        block
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.clone(), value.clone())),
    );
    Ok(price.with_off_peak(windows, usual_price(model, &row)?))
}

/// Returns the price of a row without its off-peak hours.
fn usual_price(model: &str, row: &Map<String, Value>) -> Result<Price, RowError> {
    let text = |key| row.get(key).and_then(Value::as_str).unwrap_or_default();
    let (provider, mode) = (text(PROVIDER), text("mode"));
    // At xAI a prompt of the size itself has the higher price.
    let over = |size: u64| {
        if provider == "xai" {
            size.saturating_sub(1)
        } else {
            size
        }
    };
    let mut tiers: BTreeMap<&str, Steps> = BTreeMap::new();
    for (key, value) in row {
        let Some(key_of_price) = Key::parse(key).transpose() else {
            continue;
        };
        let key_of_price = key_of_price.map_err(|problem| RowError::new(model, key, problem))?;
        let rate = amount(value).map_err(|problem| RowError::new(model, key, problem))?;
        let steps = tiers.entry(key_of_price.tier).or_default();
        let step = steps.entry(over(key_of_price.over)).or_default();
        // `…_cache_hit` is an older name, which gives way.
        if key_of_price.is_current || !step.has(key_of_price.part) {
            *step = std::mem::take(step).with(key_of_price.part, key_of_price.scaled(rate));
        }
    }
    let standard = tiers.entry("").or_default();
    read_tiered(model, row, standard)?;
    if let Some(search) = search(model, row)? {
        let base = standard.entry(0).or_default();
        *base = std::mem::take(base).with(BilledPart::WebSearch, search);
    }
    let mut price = with_steps(tiers.remove("").unwrap_or_default());
    for (tier, steps) in tiers {
        price = price.with_service_tier(tier, with_steps(steps));
    }
    for (name, factor) in multipliers(row) {
        price = price.with_multiplier(name, factor);
    }
    // The tier `fast` has the prices of `priority`, unless a factor is listed.
    if let Some(priority) = price.tier("priority").filter(|_| !has_multiplier(row, "fast")) {
        price = price.with_service_tier("fast", priority);
    }
    // Images have the price of text unless they are listed, and so have Google's other modalities.
    if CHAT_MODES.contains(&mode) {
        price.fill(IMAGES_AS_TEXT);
    }
    // The usage of a model that generates nothing else need not say that its output is an image.
    if mode == "image_generation" {
        price.fill(OUTPUT_AS_IMAGES);
    }
    if provider == "gemini" || provider.starts_with("vertex_ai") {
        price.fill(MODALITIES_AS_TEXT);
    }
    Ok(price)
}

fn with_steps(mut steps: Steps) -> Price {
    let base = steps.remove(&0).unwrap_or_default();
    steps
        .into_iter()
        .fold(base, |price, (over, step)| price.with_context_over(over, step))
}

/// Reads prices that are listed by ranges of the prompt's size: more than the lower bound, up to the upper.
fn read_tiered(model: &str, row: &Map<String, Value>, standard: &mut Steps) -> Result<(), RowError> {
    let ranges = row.get(TIERED).and_then(Value::as_array);
    for (index, range) in ranges.into_iter().flatten().enumerate() {
        let at = |key: &str| format!("{TIERED}[{index}].{key}");
        let Some(rates) = range
            .as_object()
            .filter(|rates| !rates.contains_key("max_results_range"))
        else {
            continue;
        };
        let from = rates.get("range").and_then(|range| range.get(0)?.as_f64());
        let problem = "a range is accepted, such as [0, 256000]";
        let from = from.ok_or_else(|| RowError::new(model, at("range"), problem))?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "such a cast saturates"
        )]
        let step = standard.entry(from as u64).or_default();
        for (key, value) in rates {
            let price = Key::parse(key).map_err(|problem| RowError::new(model, at(key), problem))?;
            if let Some(price) = price {
                let rate = amount(value).map_err(|problem| RowError::new(model, at(key), problem))?;
                *step = std::mem::take(step).with(price.part, price.scaled(rate));
            }
        }
    }
    Ok(())
}

/// Returns the price of a search, if it is the same for every size of search context. Most usage reports do
/// not have the size.
fn search(model: &str, row: &Map<String, Value>) -> Result<Option<f64>, RowError> {
    let Some(value) = row.get(SEARCH) else {
        return Ok(None);
    };
    let by_size: Vec<&Value> = value
        .as_object()
        .map_or_else(|| vec![value], |sizes| sizes.values().collect());
    let prices = by_size.into_iter().map(amount).collect::<Result<Vec<f64>, _>>();
    let prices = prices.map_err(|problem| RowError::new(model, SEARCH, problem))?;
    let first = prices.first().copied();
    Ok(first.filter(|first| prices.iter().all(|price| price.total_cmp(first).is_eq())))
}

/// The factors of regions and of the fast mode. Other entries are not about prices of tokens.
fn multipliers(row: &Map<String, Value>) -> impl Iterator<Item = (&str, f64)> {
    let entries = row.get(FACTORS).and_then(Value::as_object);
    let factors = entries.into_iter().flatten();
    let factors = factors.filter_map(|(name, factor)| Some((&**name, factor.as_f64()?)));
    factors.filter(|(name, _)| *name == "fast" || name.len() == 2)
}

fn has_multiplier(row: &Map<String, Value>, name: &str) -> bool {
    multipliers(row).any(|(other, _)| other == name)
}

const PROVIDER: &str = "litellm_provider";
const ALIAS: &str = "alias_of";
const OFF_PEAK: &str = "off_peak_pricing";
const TIERED: &str = "tiered_pricing";
const SEARCH: &str = "search_context_cost_per_query";
const FACTORS: &str = "provider_specific_entry";
/// The row that explains the others.
const EXAMPLE: &str = "sample_spec";

const CHAT_MODES: [&str; 3] = ["chat", "completion", "responses"];
const IMAGES_AS_TEXT: &[(BilledPart, BilledPart)] = &[
    (BilledPart::InputImage, BilledPart::Input),
    (BilledPart::CacheReadImage, BilledPart::CacheRead),
];
const OUTPUT_AS_IMAGES: &[(BilledPart, BilledPart)] = &[(BilledPart::Output, BilledPart::OutputImage)];
const MODALITIES_AS_TEXT: &[(BilledPart, BilledPart)] = &[
    (BilledPart::InputAudio, BilledPart::Input),
    (BilledPart::InputImage, BilledPart::Input),
    (BilledPart::CacheReadAudio, BilledPart::CacheRead),
    (BilledPart::CacheReadImage, BilledPart::CacheRead),
];
