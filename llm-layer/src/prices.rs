//! What calls cost, by a table that the user supplies.

use std::collections::HashMap;
use std::iter;

use throughline_agents::CallUsage;

/// What a model's tokens cost, a million of them, in any currency.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    input: f64,
    output: f64,
    cache_read: Option<f64>,
    cache_write: Option<f64>,
}

impl Price {
    /// A price for a million tokens of input, and of output.
    #[must_use]
    pub fn new(input: f64, output: f64) -> Self {
        Self {
            input,
            output,
            cache_read: None,
            cache_write: None,
        }
    }

    /// Another price for input that is read from the provider's cache, and for input that is written to it.
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

/// Prices by model.
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
/// A model has the price of the longest name that it begins with, and goes on behind with `-`, `:` or `@`:
/// `gpt-4o-mini-2024-07-18` has that of `gpt-4o-mini`, and `gpt-4.1` not that of `gpt-4`.
#[derive(Debug, Clone, Default)]
pub struct Prices {
    by_model: HashMap<String, Price>,
    /// The length of the longest name, in bytes.
    longest: usize,
}

impl Prices {
    /// No prices.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a model's price.
    #[must_use]
    pub fn with_price(mut self, model: impl Into<String>, price: Price) -> Self {
        let model = model.into();
        self.longest = self.longest.max(model.len());
        self.by_model.insert(model, price);
        self
    }

    /// What a call cost: of the first of these names that has a price, if the tokens are known.
    pub(crate) fn cost(&self, models: [Option<&str>; 2], usage: &CallUsage) -> Option<f64> {
        let price = models.into_iter().flatten().find_map(|model| self.price(model))?;
        price.cost(usage)
    }

    /// Whether a model itself is in the table.
    pub(crate) fn names(&self, model: &str) -> bool {
        self.by_model.contains_key(model)
    }

    /// Whether a model has a price.
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
            // Hashing every start of a long name made of hyphens would take long.
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
        let spent = CallUsage {
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
            assert_eq!(prices.cost(models, &spent), cost, "{models:?}");
        }
        let unknown = CallUsage {
            output: None,
            ..spent
        };
        assert_eq!(prices.cost([Some("gpt-4o"), None], &unknown), None, "not known");
    }
}
