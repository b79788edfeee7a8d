//! Files of prices.

mod error;
mod litellm;
mod own;
mod value;

use std::path::Path;

use serde_json::Value;

pub use self::error::{PricesError, RowError};
use super::price::Price;

/// What a file has.
pub(super) struct PricesFile {
    pub(super) prices: Vec<(String, Price)>,
    /// Whether it is a public table, and not one of the user's own.
    pub(super) is_public: bool,
    pub(super) ignored: Vec<RowError>,
}

/// Reads a file.
pub(super) fn read(path: &Path) -> Result<PricesFile, PricesError> {
    let text = std::fs::read_to_string(path).map_err(PricesError::from);
    text.and_then(|text| parse(&text))
        .map_err(|error| error.in_file(path))
}

/// Reads the text of a file.
pub(super) fn parse(json: &str) -> Result<PricesFile, PricesError> {
    let Value::Object(root) = serde_json::from_str(json).map_err(PricesError::json)? else {
        return Err(PricesError::format(FORMATS));
    };
    if let Some(models) = root.get("models").filter(|_| root.len() == 1) {
        let models = models.as_object().ok_or_else(|| PricesError::format(FORMATS))?;
        return Ok(PricesFile {
            prices: own::prices(models)?,
            is_public: false,
            ignored: Vec::new(),
        });
    }
    if !root.values().any(litellm::is_row) {
        return Err(PricesError::format(FORMATS));
    }
    let (prices, ignored) = litellm::prices(&root);
    Ok(PricesFile {
        prices,
        is_public: true,
        ignored,
    })
}

const FORMATS: &str = r#"accepted are {"models": {"a-model": {"input": 1.75, "output": 14}}}, and LiteLLM's table {"a-model": {"input_cost_per_token": 1.75e-6, "output_cost_per_token": 1.4e-5}}"#;
