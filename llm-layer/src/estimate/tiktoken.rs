//! tiktoken-rs, as it may be called.
//!
//! Only by `count` with no special tokens: its other ways panic on a million spaces, or let a user's text pass for a
//! special token. And only by segments: see [`super::Segmented`].

use std::collections::HashSet;

use tiktoken_rs::{CoreBPE, cl100k_base_singleton, o200k_base_singleton};

use super::TokenEncoding;
use super::encoding::CL100K_BASE;

/// The number of tokens of a text, special tokens read as plain text. The first call takes 0.1 s to load a vocabulary.
pub(super) fn count(encoding: &TokenEncoding, text: &str) -> Option<u64> {
    let count = load(encoding).count(text, &HashSet::new()).ok()?;
    u64::try_from(count).ok()
}

/// The vocabulary of an encoding.
pub(super) fn load(encoding: &TokenEncoding) -> &'static CoreBPE {
    match encoding.name() {
        CL100K_BASE => cl100k_base_singleton(),
        _ => o200k_base_singleton(),
    }
}
