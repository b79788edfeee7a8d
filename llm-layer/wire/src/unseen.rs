//! Why a body was not read.

/// Why a body, or the rest of it, was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unseen {
    /// It has a content encoding that is not supported.
    Encoded,
    /// It has a content encoding that is supported with the feature `encodings`, which is disabled.
    EncodingsDisabled,
    /// It ended with an error.
    Failed,
    /// It is in too many pieces.
    Fragmented,
    /// It is not what its format or its encoding promises.
    Malformed,
    /// A user's [`WireFormat`](crate::WireFormat) panicked.
    Panicked,
    /// It, or an event of it, is longer than the limit.
    TooLarge,
}

impl Unseen {
    /// Returns the reason as one word, such as `too_large`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Encoded => "encoded",
            Self::EncodingsDisabled => "encodings_disabled",
            Self::Failed => "failed",
            Self::Fragmented => "fragmented",
            Self::Malformed => "malformed",
            Self::Panicked => "panicked",
            Self::TooLarge => "too_large",
        }
    }
}
