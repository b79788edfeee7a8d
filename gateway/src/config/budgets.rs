//! Budgets, and the store that counts them.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, de};

use super::SecretSource;
use super::duration::Timeout;
use super::number::{optional_cost, optional_whole, whole};

/// A limit of what callers may use in a time.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Budget {
    pub(crate) name: String,
    /// What has its own budget. Default: everything together has one.
    #[serde(default)]
    pub(crate) by: BudgetBy,
    /// The time after which the budget starts anew.
    pub(crate) per: Period,
    /// Input and output tokens.
    #[serde(default, deserialize_with = "optional_whole::<1, MAX_LIMIT, _>")]
    pub(crate) tokens: Option<u64>,
    /// In the currency of the prices.
    #[serde(default, deserialize_with = "optional_cost")]
    pub(crate) cost: Option<f64>,
    #[serde(default, deserialize_with = "optional_whole::<1, MAX_LIMIT, _>")]
    pub(crate) requests: Option<u64>,
    /// Only requests for these models count. Empty: all.
    #[serde(default)]
    pub(crate) models: Vec<String>,
    /// The output tokens that are reserved for a request that states no limit.
    #[serde(default = "default_output", deserialize_with = "whole::<0, MAX_LIMIT, _, _>")]
    pub(crate) reserve_output: u64,
}

/// What has its own budget.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum BudgetBy {
    #[default]
    All,
    /// Each key that callers send.
    Key,
    /// Each configured caller, by its name.
    Caller,
    /// Each model.
    Model,
    /// Each value of a header.
    Header(String),
}

/// The time after which a budget starts anew, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Period {
    Minute,
    Hour,
    Day,
}

/// Where budgets are counted.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Store {
    /// The URL of a Redis server, as a secret, or without one. `None`: in this process.
    pub(crate) redis: Option<RedisUrl>,
    /// The prefix of the keys in Redis.
    pub(crate) prefix: String,
    /// The longest time that a request waits for Redis.
    pub(crate) timeout: Timeout,
    /// What happens to requests while Redis does not answer.
    pub(crate) on_outage: Outage,
}

/// The URL of a Redis server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(
    untagged,
    expecting = "expected a URL such as redis://127.0.0.1:6379, $NAME, { env: NAME } or { file: PATH }"
)]
pub(crate) enum RedisUrl {
    Secret(SecretSource),
    Url(String),
}

/// What happens to requests while the store does not answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outage {
    /// They are counted in this process, and charged when the store answers again.
    #[default]
    Allow,
    /// They are refused.
    Refuse,
}

impl<'de> Deserialize<'de> for BudgetBy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = BudgetBy;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("all, key, caller, model or { header: NAME }")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<BudgetBy, E> {
                Ok(match text {
                    "all" => BudgetBy::All,
                    "key" => BudgetBy::Key,
                    "caller" => BudgetBy::Caller,
                    "model" => BudgetBy::Model,
                    _ => return Err(E::invalid_value(de::Unexpected::Str(text), &self)),
                })
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<BudgetBy, A::Error> {
                let mut entries = BTreeMap::<String, String>::new();
                while let Some((key, value)) = map.next_entry()? {
                    entries.insert(key, value);
                }
                match (entries.remove("header"), entries.is_empty()) {
                    (Some(name), true) => Ok(BudgetBy::Header(name)),
                    _ => Err(de::Error::invalid_value(de::Unexpected::Map, &self)),
                }
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl Period {
    pub(crate) const fn seconds(self) -> u64 {
        match self {
            Self::Minute => 60,
            Self::Hour => 3_600,
            Self::Day => 86_400,
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }
}

impl fmt::Display for BudgetBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Key => f.write_str("key"),
            Self::Caller => f.write_str("caller"),
            Self::Model => f.write_str("model"),
            Self::Header(name) => write!(f, "header {name}"),
        }
    }
}

impl Default for Store {
    fn default() -> Self {
        Self {
            redis: None,
            prefix: "throughline".to_owned(),
            timeout: Timeout::from_millis(250),
            on_outage: Outage::Allow,
        }
    }
}

fn default_output() -> u64 {
    1024
}

/// Numbers that all stores represent exactly.
const MAX_LIMIT: u64 = 1_000_000_000_000;
