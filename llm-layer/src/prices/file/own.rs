//! Our own format: prices of a million tokens, or of one search, second, page or request, by the
//! names of the parts.

use serde_json::{Map, Value};

use super::error::RowError;
use super::value::{amount, shown};
use crate::prices::part::BilledPart;
use crate::prices::price::Price;

/// Returns the prices of `models`. Anything that is not understood is an error.
pub(super) fn prices(models: &Map<String, Value>) -> Result<Vec<(String, Price)>, RowError> {
    let rows = models.iter().map(|(model, row)| {
        let at = Position {
            model,
            path: String::new(),
        };
        Ok((model.clone(), price(&at, row, Level::Model)?))
    });
    rows.collect()
}

/// Where in a file a value is.
struct Position<'a> {
    model: &'a str,
    path: String,
}

impl Position<'_> {
    fn below(&self, key: &str) -> Self {
        let path = match &*self.path {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        };
        Self {
            model: self.model,
            path,
        }
    }

    fn error(&self, problem: impl Into<String>) -> RowError {
        RowError::new(self.model, &*self.path, problem)
    }

    fn object<'v>(&self, value: &'v Value, accepted: &str) -> Result<&'v Map<String, Value>, RowError> {
        value.as_object().ok_or_else(|| {
            let value = shown(value);
            self.error(format!("{value} is no object: {accepted} is accepted"))
        })
    }
}

/// What may stand beside the prices of parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    /// Service tiers, steps and multipliers.
    Model,
    /// Steps.
    Tier,
    /// Nothing.
    Step,
}

impl Level {
    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Model => &[CONTEXT_OVER, SERVICE_TIER, MULTIPLIER],
            Self::Tier => &[CONTEXT_OVER],
            Self::Step => &[],
        }
    }
}

fn price(at: &Position<'_>, row: &Value, level: Level) -> Result<Price, RowError> {
    let mut price = Price::default();
    for (key, value) in at.object(row, r#"{"input": 1.75, "output": 14}"#)? {
        let at = at.below(key);
        price = match (BilledPart::from_name(key), &**key) {
            (Some(part), _) => price.with(part, amount(value).map_err(|problem| at.error(problem))?),
            (None, key) if !level.keys().contains(&key) => return Err(at.error(unknown(level))),
            (None, CONTEXT_OVER) => with_steps(&at, price, value)?,
            (None, SERVICE_TIER) => {
                let tiers = at.object(value, r#"{"flex": {"input": 0.875, "output": 7}}"#)?;
                tiers.iter().try_fold(price, |price, (tier, row)| {
                    let row = self::price(&at.below(tier), row, Level::Tier)?;
                    Ok(price.with_service_tier(tier, row))
                })?
            }
            (None, _) => {
                let factors = at.object(value, r#"{"us": 1.1}"#)?;
                factors.iter().try_fold(price, |price, (name, factor)| {
                    let factor = amount(factor).map_err(|problem| at.below(name).error(problem))?;
                    Ok(price.with_multiplier(name, factor))
                })?
            }
        };
    }
    Ok(price)
}

fn with_steps(at: &Position<'_>, price: Price, value: &Value) -> Result<Price, RowError> {
    let steps = at.object(value, r#"{"200000": {"input": 6, "output": 22.5}}"#)?;
    steps.iter().try_fold(price, |price, (tokens, row)| {
        let at = at.below(tokens);
        let over = tokens.parse().map_err(|_| {
            at.error("this is no number of tokens: an integer is accepted, such as \"200000\"")
        })?;
        Ok(price.with_context_over(over, self::price(&at, row, Level::Step)?))
    })
}

fn unknown(level: Level) -> String {
    let parts = BilledPart::ALL.map(BilledPart::as_str);
    let accepted = [&parts, level.keys()].concat().join(", ");
    format!("this key is unknown: accepted are {accepted}")
}

const CONTEXT_OVER: &str = "context_over";
const SERVICE_TIER: &str = "service_tier";
const MULTIPLIER: &str = "multiplier";
