//! A table of prices by model.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use opentelemetry::otel_warn;

use super::billed::BilledCall;
use super::cost::{Cost, Unpriced};
use super::file::{self, PricesError, PricesFile, RowError};
use super::model_name::{canonical, find};
use super::price::Price;

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
/// Prices that change more often than the program can be read from a file: see [`Prices::from_file`].
///
/// # Names
///
/// The price of a name also applies to the names that others have for the same model. These parts of a name
/// may be missing in the table:
///
/// | part | example |
/// |---|---|
/// | a date or version at the end | `gpt-4o-2024-08-06`, `claude-sonnet-4-5@20250929`, `mistral-large-latest` |
/// | a path of providers, at the beginning | `openai/gpt-5.2`, `accounts/fireworks/models/deepseek-v3` |
/// | Bedrock's region, vendor and version | `eu.anthropic.claude-sonnet-4-5-20250929-v1:0` |
///
/// Case does not matter, nor does a dot in place of a hyphen between numbers (`claude-sonnet-4.5`). If
/// several names match, those that begin with the provider's name in LiteLLM's table go first
/// (`azure/gpt-5.2`), then longer ones. `gpt-4o-mini` does not have the price of `gpt-4o`. The model that
/// answered goes before the one that was requested.
#[derive(Clone, Default)]
pub struct Prices {
    table: Arc<Table>,
}

#[derive(Clone, Default)]
struct Table {
    by_name: HashMap<String, Row>,
    /// The names in the table by their canonical form.
    by_canonical: HashMap<String, String>,
    /// Whether the user named a model, by [`Prices::with_price`] or a file of our own format.
    names_models: bool,
    ignored: Vec<RowError>,
}

#[derive(Clone)]
struct Row {
    price: Price,
    /// Whether it is from a public table, which names every model, and not only those that the user calls.
    is_public: bool,
}

impl Prices {
    /// Creates an empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a table from a file of either of two formats, both JSON.
    ///
    /// **Our own** has the prices of a million tokens, or of one search, second, page or request, by the
    /// names of [`BilledPart`](super::BilledPart):
    ///
    /// ```json
    /// {
    ///   "models": {
    ///     "gpt-5.2": { "input": 1.75, "cache_read": 0.175, "output": 14, "web_search": 0.01,
    ///       "service_tier": { "flex": { "input": 0.875, "cache_read": 0.0875, "output": 7 } } },
    ///     "claude-haiku-5-5": { "input": 0.1, "output": 0.5,
    ///       "context_over": { "100000": { "input": 0.5, "output": 2.5 } },
    ///       "multiplier": { "us": 1.1 } }
    ///   }
    /// }
    /// ```
    ///
    /// **LiteLLM's** is the public table [`model_prices_and_context_window.json`], in dollars. Rows that
    /// cannot be used are left out and reported by [`Prices::ignored_rows`] and, together, as a warning in
    /// OpenTelemetry's internal log: the other rows count.
    ///
    /// The models of a public table are not configured ones for the [bounds of labels](crate#bounds).
    ///
    /// [`Prices::with_price`] then adds prices or replaces them.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is in neither format, or, in our own format, has anything that is not
    /// understood. The error names the file, the model, the key and what is accepted there.
    ///
    /// [`model_prices_and_context_window.json`]: https://github.com/BerriAI/litellm/blob/main/model_prices_and_context_window.json
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, PricesError> {
        file::read(path.as_ref()).map(Self::from)
    }

    /// Reads a table from the text of a file. See [`Prices::from_file`].
    ///
    /// # Errors
    ///
    /// Those of [`Prices::from_file`].
    pub fn from_json(json: &str) -> Result<Self, PricesError> {
        file::parse(json).map(Self::from)
    }

    /// Adds the price of a model. It replaces an earlier price of the same model.
    #[must_use]
    pub fn with_price(mut self, model: impl Into<String>, price: Price) -> Self {
        let row = Row {
            price,
            is_public: false,
        };
        Arc::make_mut(&mut self.table).insert(&model.into(), row);
        self
    }

    /// Returns the rows of LiteLLM's table that could not be used, and why.
    #[must_use]
    pub fn ignored_rows(&self) -> &[RowError] {
        &self.table.ignored
    }

    /// Returns the number of models that have a price.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.by_name.len()
    }

    /// Returns whether no model has a price.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.table.by_name.is_empty()
    }

    /// Returns what a call costs by the first of its models that is in the table.
    #[must_use]
    pub fn cost(&self, call: &BilledCall<'_>) -> Cost {
        if let Some(model) = call.usage.other_model() {
            return Cost::Unpriced(vec![Unpriced::OtherModel(model.to_owned())]);
        }
        let mut models = [call.response_model, call.request_model].into_iter().flatten();
        let row = models.find_map(|model| find(call.provider, model, |name| self.table.row(name)));
        match row {
            Some(row) => row.price.cost(call.usage),
            None => Cost::Unpriced(vec![Unpriced::Model]),
        }
    }

    /// Returns whether the user named this very model.
    pub(crate) fn names(&self, model: &str) -> bool {
        let row = || self.table.by_name.get(&model.to_ascii_lowercase());
        self.table.names_models && row().is_some_and(|row| !row.is_public)
    }

    /// Returns whether the user named a model of which this one is a version.
    pub(crate) fn has(&self, model: &str) -> bool {
        let row = |name: &str| self.table.row(name).filter(|row| !row.is_public);
        self.table.names_models && find("", model, row).is_some()
    }
}

impl Table {
    fn insert(&mut self, model: &str, row: Row) {
        let name = model.to_ascii_lowercase();
        self.names_models |= !row.is_public;
        self.by_canonical
            .insert(canonical(&name).into_owned(), name.clone());
        self.by_name.insert(name, row);
    }

    fn row(&self, name: &str) -> Option<&Row> {
        let by_name = self.by_name.get(name);
        by_name.or_else(|| self.by_name.get(self.by_canonical.get(&*canonical(name))?))
    }
}

impl From<PricesFile> for Prices {
    fn from(file: PricesFile) -> Self {
        if let Some(first) = file.ignored.first() {
            otel_warn!(
                name: "throughline.price_rows_ignored",
                message = format!("{} rows of a table of prices are ignored, the first: {first}", file.ignored.len())
            );
        }
        let mut table = Table {
            ignored: file.ignored,
            ..Table::default()
        };
        for (model, price) in file.prices {
            let is_public = file.is_public;
            table.insert(&model, Row { price, is_public });
        }
        Self {
            table: Arc::new(table),
        }
    }
}

impl fmt::Debug for Prices {
    /// Names the number of models only: a public table has thousands.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prices")
            .field("models", &self.len())
            .field("ignored", &self.table.ignored.len())
            .finish_non_exhaustive()
    }
}
