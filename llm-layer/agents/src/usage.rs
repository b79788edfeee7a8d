//! The tokens of a model call.

/// The tokens of one model call, as ledgers add them up.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "programs with clients of their own build it"
)]
pub struct CallUsage {
    /// All input tokens, if they are known.
    pub input: Option<(u64, TokenSource)>,
    /// All output tokens, if they are known.
    pub output: Option<(u64, TokenSource)>,
    /// The input tokens that were read from a cache.
    pub cache_read: u64,
    /// The input tokens that were written to a cache.
    pub cache_write: u64,
    /// The output tokens for reasoning.
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
