//! What a call costs, or why that is not known.

use std::fmt;

use super::part::BilledPart;

/// The cost of a call.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Cost {
    /// Every part of the usage has a price: this is their sum, in the currency of the prices.
    Priced(f64),
    /// These have no price, so that the cost is not known.
    Unpriced(Vec<Unpriced>),
}

/// What has no price: a value of `throughline.cost.unpriced`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unpriced {
    /// The model is not in the table: `model`.
    Model,
    /// The tokens of another model, which are not reported apart: `model:claude-opus-4-8`.
    OtherModel(String),
    /// A part of the usage, by its name: `cache_write_1h`.
    Part(BilledPart),
    /// The service tier that the call was made in: `service_tier:flex`.
    ServiceTier(String),
    /// The region of inference: `region:us`.
    Region(String),
    /// Prompts of more than this number of tokens, in the service tier of the call, or beside a shorter one
    /// in a call with several prompts: `context_over:200000`.
    ContextOver(u64),
}

impl fmt::Display for Unpriced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Model => f.write_str("model"),
            Self::OtherModel(model) => write!(f, "model:{model}"),
            Self::Part(part) => part.fmt(f),
            Self::ServiceTier(tier) => write!(f, "service_tier:{tier}"),
            Self::Region(region) => write!(f, "region:{region}"),
            Self::ContextOver(tokens) => write!(f, "context_over:{tokens}"),
        }
    }
}
