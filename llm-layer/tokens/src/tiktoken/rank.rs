//! The place of a token in a vocabulary.

/// The lower it is, the earlier the parts of the token are merged.
pub(super) type Rank = u32;

/// The rank of what is no token. No rank is above it.
pub(super) const NO_RANK: Rank = Rank::MAX;
