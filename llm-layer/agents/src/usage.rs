//! The usage of a model call.

/// The tokens of one model call, as ledgers add them up.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "it is built by those who count the tokens"
)]
pub struct CallUsage {
    /// All input tokens, if they are known.
    pub input: Option<(u64, TokenSource)>,
    /// All output tokens, if they are known.
    pub output: Option<(u64, TokenSource)>,
    /// Of the input, the tokens read from a cache.
    pub cache_read: u64,
    /// Of the input, the tokens written to a cache.
    pub cache_write: u64,
    /// Of the output, the tokens spent on reasoning.
    pub reasoning: u64,
    /// The cost in the currency of the user's prices, if it is known.
    pub cost: Option<f64>,
    /// Whether the model generated an answer, in contrast to embeddings.
    pub is_inference: bool,
}

/// Where a number of tokens comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenSource {
    /// The provider reported it.
    Reported,
    /// It is an estimate.
    Estimated,
}
