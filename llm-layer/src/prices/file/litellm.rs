//! LiteLLM's public table of prices: dollars for one token, search, second, page or request.
//!
//! A key is a base, such as `input_cost_per_token`, and up to three suffixes: a lifetime in the cache
//! (`_above_1hr`), a size of prompt from which the price applies to all tokens (`_above_200k_tokens`), and a
//! service tier (`_flex`). Bases of other units, such as images or characters, are skipped: no usage that is
//! read here reports them, and a call without a price for its tokens has no cost.
//!
//! <https://github.com/BerriAI/litellm/blob/main/model_prices_and_context_window.json>

use std::collections::BTreeMap;

use serde_json::{Map, Value};

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

fn price(model: &str, row: &Map<String, Value>) -> Result<Price, RowError> {
    let text = |key| row.get(key).and_then(Value::as_str).unwrap_or_default();
    // Google's other modalities, and images of all who chat, have the price of text unless they are listed.
    let (provider, mode) = (text(PROVIDER), text("mode"));
    if row.contains_key(OFF_PEAK) {
        let problem = "prices that depend on the time of day are not supported";
        return Err(RowError::new(model, OFF_PEAK, problem));
    }
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
    // Who calls the tier `fast` has the prices of `priority`, unless a factor is listed.
    if let Some(priority) = price.tier("priority").filter(|_| !has_multiplier(row, "fast")) {
        price = price.with_service_tier("fast", priority);
    }
    if CHAT_MODES.contains(&mode) {
        price.fill(IMAGES_AS_TEXT);
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

/// A key that is a price.
struct Key<'a> {
    part: BilledPart,
    is_current: bool,
    /// The size of prompt above which it applies, in tokens.
    over: u64,
    tier: &'a str,
}

impl<'a> Key<'a> {
    /// Returns what a key is the price of. `None` if it is none, or one of another unit. It is an error if a
    /// suffix is not understood: without its price, that of the base would be taken.
    fn parse(key: &'a str) -> Result<Option<Self>, &'static str> {
        let bases = BASES
            .iter()
            .filter_map(|(base, part)| Some((key.strip_prefix(base)?, *part)));
        // A base may begin with another one.
        let Some((rest, part)) = bases.min_by_key(|(rest, _)| rest.len()) else {
            return Ok(None);
        };
        match rest {
            "_cache_hit" => Ok(Some(Self {
                part: BilledPart::CacheRead,
                is_current: false,
                over: 0,
                tier: "",
            })),
            // No usage reports these writes.
            rest if rest.starts_with("_above_12hr") => Ok(None),
            rest => Self::suffixes(part, rest).map(Some).ok_or(SUFFIXES),
        }
    }

    fn suffixes(part: BilledPart, rest: &'a str) -> Option<Self> {
        let (over, rest) = match rest.strip_prefix("_above_") {
            Some(rest) => {
                let (size, rest) = rest.split_once("k_tokens")?;
                (size.parse::<u64>().ok()?.checked_mul(1_000)?, rest)
            }
            None => (0, rest),
        };
        let tier = match rest {
            "" => "",
            "_batches" => "batch",
            rest => rest.strip_prefix('_').filter(|tier| !tier.contains('_'))?,
        };
        Some(Self {
            part,
            is_current: true,
            over,
            tier,
        })
    }

    /// Returns the price in the unit of [`Price`].
    fn scaled(&self, rate: f64) -> f64 {
        if self.part.is_tokens() { rate * 1e6 } else { rate }
    }
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

/// Returns the price of a search, if it does not depend on how much context it brings: no usage says that
/// reliably.
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

const SUFFIXES: &str =
    "this suffix is unknown: accepted are a size such as `_above_200k_tokens`, then a tier such as `_flex`";
const PROVIDER: &str = "litellm_provider";
const ALIAS: &str = "alias_of";
const OFF_PEAK: &str = "off_peak_pricing";
const TIERED: &str = "tiered_pricing";
const SEARCH: &str = "search_context_cost_per_query";
const FACTORS: &str = "provider_specific_entry";
/// The row that explains the others.
const EXAMPLE: &str = "sample_spec";

/// The keys without suffixes of tier and size.
const BASES: &[(&str, BilledPart)] = &[
    ("input_cost_per_token", BilledPart::Input),
    ("input_cost_per_audio_token", BilledPart::InputAudio),
    ("input_cost_per_image_token", BilledPart::InputImage),
    ("cache_read_input_token_cost", BilledPart::CacheRead),
    ("cache_read_input_audio_token_cost", BilledPart::CacheReadAudio),
    ("cache_read_input_image_token_cost", BilledPart::CacheReadImage),
    ("cache_creation_input_token_cost", BilledPart::CacheWrite5m),
    (
        "cache_creation_input_token_cost_above_1hr",
        BilledPart::CacheWrite1h,
    ),
    ("output_cost_per_token", BilledPart::Output),
    ("output_cost_per_audio_token", BilledPart::OutputAudio),
    ("output_cost_per_image_token", BilledPart::OutputImage),
    ("output_cost_per_reasoning_token", BilledPart::Reasoning),
    ("citation_cost_per_token", BilledPart::Citation),
    ("input_cost_per_request", BilledPart::Request),
    ("input_cost_per_query", BilledPart::SearchUnit),
    ("input_cost_per_second", BilledPart::AudioSecond),
    ("ocr_cost_per_page", BilledPart::Page),
];

const CHAT_MODES: [&str; 3] = ["chat", "completion", "responses"];
const IMAGES_AS_TEXT: &[(BilledPart, BilledPart)] = &[
    (BilledPart::InputImage, BilledPart::Input),
    (BilledPart::CacheReadImage, BilledPart::CacheRead),
];
const MODALITIES_AS_TEXT: &[(BilledPart, BilledPart)] = &[
    (BilledPart::InputAudio, BilledPart::Input),
    (BilledPart::InputImage, BilledPart::Input),
    (BilledPart::CacheReadAudio, BilledPart::CacheRead),
    (BilledPart::CacheReadImage, BilledPart::CacheRead),
];
