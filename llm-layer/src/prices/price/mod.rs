//! The prices of a model, and what a call costs by them.

mod off_peak;

use std::time::SystemTime;

pub(super) use self::off_peak::{OffPeak, Window};
use super::billed::BilledUsage;
use super::cost::{Cost, Unpriced};
use super::part::{BilledPart, ByPart};

/// The prices of a model, in any currency: of a million tokens of a part, and of one search, second, page or
/// request.
///
/// A part without a price is not free: a call that uses it has no cost, and its span says which part it was
/// (`throughline.cost.unpriced`). There are two exceptions: [`BilledPart::Reasoning`] has the price of other
/// output, and [`BilledPart::Request`] is free.
///
/// ```
/// use throughline_llm_layer::{BilledPart, Price};
///
/// let sonnet = Price::new(3.0, 15.0)
///     .with_cache(0.3, 3.75)
///     .with(BilledPart::CacheWrite1h, 6.0)
///     .with(BilledPart::WebSearch, 0.01)
///     .with_service_tier("batch", Price::new(1.5, 7.5))
///     .with_context_over(200_000, Price::new(6.0, 22.5).with_cache(0.6, 7.5));
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Price {
    standard: Rates,
    tiers: Vec<(String, Rates)>,
    multipliers: Vec<(String, f64)>,
    /// The price at certain times.
    off_peak: Option<Box<(OffPeak, Price)>>,
}

/// The prices of the parts in one service tier.
#[derive(Debug, Clone, Default, PartialEq)]
struct Rates {
    base: ByPart<Option<f64>>,
    /// The prices for prompts of more than a number of tokens, in ascending order of that number.
    steps: Vec<(u64, ByPart<Option<f64>>)>,
}

impl Price {
    /// Creates a price from the prices of a million input tokens and of a million output tokens. All other
    /// parts are without a price.
    #[must_use]
    pub fn new(input: f64, output: f64) -> Self {
        Self::default()
            .with(BilledPart::Input, input)
            .with(BilledPart::Output, output)
    }

    /// Sets the prices of a million input tokens that are read from the provider's cache, and of a million
    /// that are written to it for the default lifetime. Default: none.
    #[must_use]
    pub fn with_cache(self, read: f64, write: f64) -> Self {
        self.with(BilledPart::CacheRead, read)
            .with(BilledPart::CacheWrite5m, write)
    }

    /// Sets the price of a part: of a million tokens, or of [one](BilledPart::is_tokens) search, second, page
    /// or request. Default: none.
    #[must_use]
    pub fn with(mut self, part: BilledPart, price: f64) -> Self {
        self.standard.base.set(part, Some(price));
        self
    }

    /// Sets the prices of calls in a service tier, such as `flex`, `priority` or `batch`. What is not
    /// counted in tokens has the price of the standard tier, unless it has one here. Default: none, so that a
    /// call in such a tier has no cost.
    ///
    /// Tiers and multipliers of `price` are ignored.
    #[must_use]
    pub fn with_service_tier(mut self, tier: impl Into<String>, price: Self) -> Self {
        let tier = tier.into().to_ascii_lowercase();
        self.tiers.retain(|(other, _)| *other != tier);
        self.tiers.push((tier, price.standard));
        self
    }

    /// Sets the prices of calls whose prompt has more than this number of tokens, cached ones included. They
    /// apply to all tokens of the call. What is not counted in tokens keeps its price, unless it has one
    /// here. Default: none, so that the size of the prompt does not matter.
    ///
    /// Of `price`, only the prices of parts count.
    #[must_use]
    pub fn with_context_over(mut self, tokens: u64, price: Self) -> Self {
        let steps = &mut self.standard.steps;
        steps.retain(|(over, _)| *over != tokens);
        steps.push((tokens, price.standard.base));
        steps.sort_by_key(|(over, _)| *over);
        self
    }

    /// Sets the factor for the price of all tokens in a region of inference, such as `us`, or in a service tier
    /// that has no separate prices, such as `fast`. Default: none. Without a factor, such a call has no cost.
    #[must_use]
    pub fn with_multiplier(mut self, name: impl Into<String>, factor: f64) -> Self {
        let name = name.into().to_ascii_lowercase();
        self.multipliers.retain(|(other, _)| *other != name);
        self.multipliers.push((name, factor));
        self
    }

    /// Sets the price at certain times, which replaces this one.
    pub(super) fn with_off_peak(mut self, times: OffPeak, price: Self) -> Self {
        self.off_peak = Some(Box::new((times, price)));
        self
    }

    /// Returns whether the part has a price in the standard tier.
    pub(super) fn has(&self, part: BilledPart) -> bool {
        self.standard.base.get(part).is_some()
    }

    /// Fills in the prices of parts that have none, of each tier and step, from the price of another part.
    pub(super) fn fill(&mut self, parts: &[(BilledPart, BilledPart)]) {
        let missing: Vec<_> = parts.iter().filter(|(part, _)| !self.has(*part)).collect();
        let tiers = self.tiers.iter_mut().map(|(_, rates)| rates);
        for rates in tiers.chain([&mut self.standard]) {
            let steps = rates.steps.iter_mut().map(|(_, rates)| rates);
            for rates in steps.chain([&mut rates.base]) {
                for (part, source) in &missing {
                    rates.set(*part, rates.get(*part).or_else(|| rates.get(*source)));
                }
            }
        }
    }

    /// Returns the price of a tier as that of the standard tier.
    pub(super) fn tier(&self, tier: &str) -> Option<Self> {
        let rates = self.find_tier(tier)?;
        Some(Self {
            standard: rates.clone(),
            ..Self::default()
        })
    }

    /// Returns what a call costs.
    pub(super) fn cost(&self, usage: &BilledUsage) -> Cost {
        let time = || usage.time().unwrap_or_else(SystemTime::now);
        let off_peak = self.off_peak.as_deref();
        if let Some((_, price)) = off_peak.filter(|(times, _)| times.contains(time())) {
            return price.cost(usage);
        }
        let (rates, factor) = match self.rates(usage) {
            Ok(rates) => rates,
            Err(unpriced) => return Cost::Unpriced(vec![unpriced]),
        };
        let mut unpriced = Vec::new();
        let [mut tokens, mut fees] = [0.0; 2];
        for (part, count) in usage.parts() {
            #[expect(clippy::cast_precision_loss, reason = "a call has less than 2⁵² tokens")]
            let count = count as f64;
            match self.rate(rates, part) {
                Some(rate) if part.is_tokens() => tokens += count * rate,
                Some(rate) => fees += count * rate,
                None if part == BilledPart::Request => {}
                None => unpriced.push(Unpriced::Part(part)),
            }
        }
        if unpriced.is_empty() {
            Cost::Priced(tokens * factor / MILLION + fees)
        } else {
            Cost::Unpriced(unpriced)
        }
    }

    /// Returns the prices of the parts for a call's service tier and size of prompt, and the factor of its
    /// tier and region.
    fn rates(&self, usage: &BilledUsage) -> Result<(&ByPart<Option<f64>>, f64), Unpriced> {
        let (rates, mut factor) = match usage.service_tier() {
            None => (&self.standard, 1.0),
            Some(tier) => self
                .find_tier(tier)
                .map(|rates| (rates, 1.0))
                .or_else(|| Some((&self.standard, self.multiplier(tier)?)))
                .ok_or_else(|| Unpriced::ServiceTier(tier.to_owned()))?,
        };
        if let Some(region) = usage.region() {
            let missing = || Unpriced::Region(region.to_owned());
            factor *= self.multiplier(region).ok_or_else(missing)?;
        }
        let step = rates.step(usage.context());
        let rates = match (step, self.standard.step(usage.context())) {
            // The tokens of the prompts below the step are not reported apart.
            (Some((over, _)), _) if step != rates.step(usage.smallest_context()) => {
                return Err(Unpriced::ContextOver(*over));
            }
            (Some((_, step)), _) => step,
            (None, None) => &rates.base,
            // The tier's prices are those of short prompts.
            (None, Some((over, _))) => return Err(Unpriced::ContextOver(*over)),
        };
        Ok((rates, factor))
    }

    fn rate(&self, rates: &ByPart<Option<f64>>, part: BilledPart) -> Option<f64> {
        let base = &self.standard.base;
        rates.get(part).or_else(|| match part {
            part if !part.is_tokens() => base.get(part),
            // If reasoning has its own price, a tier or a step without one has none.
            BilledPart::Reasoning => {
                let own = base
                    .get(part)
                    .filter(|own| Some(*own) != base.get(BilledPart::Output));
                own.is_none().then(|| rates.get(BilledPart::Output)).flatten()
            }
            _ => None,
        })
    }

    fn find_tier(&self, tier: &str) -> Option<&Rates> {
        find(&self.tiers, tier)
    }

    fn multiplier(&self, name: &str) -> Option<f64> {
        find(&self.multipliers, name).copied()
    }
}

impl Rates {
    /// Returns the highest step that a prompt is above.
    fn step(&self, context: u64) -> Option<&(u64, ByPart<Option<f64>>)> {
        self.steps.iter().rev().find(|(over, _)| context > *over)
    }
}

fn find<'a, T>(named: &'a [(String, T)], name: &str) -> Option<&'a T> {
    named
        .iter()
        .find(|(other, _)| other == name)
        .map(|(_, value)| value)
}

const MILLION: f64 = 1_000_000.0;

#[cfg(test)]
mod tests;
