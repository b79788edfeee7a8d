//! The cost of calls, from a table of prices.

use std::collections::HashMap;
use std::iter;

use throughline_agents::CallUsage;

/// The prices of a model, per million tokens, in any currency.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    input: f64,
    output: f64,
    cache_read: Option<f64>,
    cache_write: Option<f64>,
}

impl Price {
    /// Creates a price from the prices of a million input tokens and of a million output tokens. The former
    /// also applies to cached input, unless [`with_cache`](Self::with_cache) sets other prices.
    #[must_use]
    pub fn new(input: f64, output: f64) -> Self {
        Self {
            input,
            output,
            cache_read: None,
            cache_write: None,
        }
    }

    /// Sets the prices of a million input tokens that are read from the provider's cache, and of a million
    /// that are written to it. Default: the price of other input tokens.
    #[must_use]
    pub fn with_cache(mut self, read: f64, write: f64) -> Self {
        self.cache_read = Some(read);
        self.cache_write = Some(write);
        self
    }

    fn cost(&self, usage: &CallUsage) -> Option<f64> {
        let (input, _) = usage.input?;
        let (output, _) = usage.output?;
        let rest = input.saturating_sub(usage.cache_read + usage.cache_write);
        let parts = [
            (rest, self.input),
            (usage.cache_read, self.cache_read.unwrap_or(self.input)),
            (usage.cache_write, self.cache_write.unwrap_or(self.input)),
            (output, self.output),
        ];
        #[expect(clippy::cast_precision_loss, reason = "a call has less than 2⁵² tokens")]
        let cost = parts
            .iter()
            .map(|(tokens, price)| *tokens as f64 * price)
            .sum::<f64>();
        Some(cost / MILLION)
    }
}

/// A table of prices by model, for [`LlmLayer::with_prices`](crate::LlmLayer::with_prices).
///
/// ```
/// use throughline_llm_layer::{LlmLayer, Price, Prices};
///
/// let prices = Prices::new()
///     .with_price("gpt-4o", Price::new(2.5, 10.0).with_cache(1.25, 2.5))
///     .with_price("gpt-4o-mini", Price::new(0.15, 0.6));
/// let layer = LlmLayer::new().with_prices(prices);
/// ```
///
/// The price of a name also applies to its versions, which continue with `-`, `:` or `@`. If several names
/// match, the longest one wins: `gpt-4o-mini-2024-07-18` has the price of `gpt-4o-mini`. `gpt-4.1` does not
/// have the price of `gpt-4`.
#[derive(Debug, Clone, Default)]
pub struct Prices {
    by_model: HashMap<String, Price>,
    /// The length of the longest name, in bytes.
    longest: usize,
}

impl Prices {
    /// Creates an empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the price of a model. It replaces an earlier price of the same model.
    #[must_use]
    pub fn with_price(mut self, model: impl Into<String>, price: Price) -> Self {
        let model = model.into();
        self.longest = self.longest.max(model.len());
        self.by_model.insert(model, price);
        self
    }

    /// Returns the cost of a call by the first of these models that has a price, or `None` if there is none
    /// or the tokens are not known.
    pub(crate) fn cost(&self, models: [Option<&str>; 2], usage: &CallUsage) -> Option<f64> {
        let price = models.into_iter().flatten().find_map(|model| self.price(model))?;
        price.cost(usage)
    }

    /// Returns whether the table has this very name.
    pub(crate) fn names(&self, model: &str) -> bool {
        self.by_model.contains_key(model)
    }

    /// Returns whether a model has a price, by its own name or as a version.
    pub(crate) fn has(&self, model: &str) -> bool {
        self.price(model).is_some()
    }

    fn price(&self, model: &str) -> Option<&Price> {
        if self.by_model.is_empty() {
            return None;
        }
        let ends = model.rmatch_indices(['-', ':', '@']).map(|(end, _)| end);
        let mut names = iter::once(model.len())
            .chain(ends)
            // A long name that consists of hyphens would otherwise cost quadratic time for hashing.
            .filter(|end| *end <= self.longest)
            .filter_map(|end| model.get(..end));
        names.find_map(|name| self.by_model.get(name))
    }
}

const MILLION: f64 = 1_000_000.0;

#[cfg(test)]
mod tests {
    use super::*;
    use throughline_agents::TokenSource;

    #[test]
    fn costs() {
        let prices = Prices::new()
            .with_price("gpt-4o", Price::new(2.0, 8.0).with_cache(1.0, 4.0))
            .with_price("gpt-4o-mini", Price::new(0.5, 1.0));
        let usage = CallUsage {
            input: Some((1_000_000, TokenSource::Reported)),
            output: Some((500_000, TokenSource::Estimated)),
            cache_read: 250_000,
            cache_write: 250_000,
            ..CallUsage::default()
        };
        let cases = [
            ([Some("gpt-4o"), None], Some(1.0 + 0.25 + 1.0 + 4.0)),
            ([Some("gpt-4o-2024-08-06"), None], Some(6.25)),
            ([Some("gpt-4o-mini-2024-07-18"), None], Some(1.0)),
            ([Some("unheard-of"), Some("gpt-4o-mini")], Some(1.0)),
            ([Some("gpt-4"), None], None),
            ([Some("gpt-4o.1"), None], None),
            ([Some("gpt-4o:extended"), None], Some(6.25)),
            ([Some("gpt-4o@2024"), None], Some(6.25)),
            ([None, None], None),
        ];
        for (models, cost) in cases {
            assert_eq!(prices.cost(models, &usage), cost, "the cost of {models:?}");
        }
        let unknown = CallUsage {
            output: None,
            ..usage
        };
        assert_eq!(
            prices.cost([Some("gpt-4o"), None], &unknown),
            None,
            "unknown output tokens"
        );
    }
}
