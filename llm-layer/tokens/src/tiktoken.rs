//! tiktoken-rs, called safely.
//!
//! Only `count` without special tokens is used, since the other functions panic on a million spaces or read a user's text as
//! special tokens; and only segments are counted: see [`super::SegmentedCounter`].

use std::collections::HashSet;

use tiktoken_rs::{CoreBPE, cl100k_base_singleton, o200k_base_singleton};

use super::TokenEncoding;
use super::encoding::CL100K_BASE;

/// Returns the number of tokens of a text. Special tokens are plain text. The first call takes 0.1 s to load a vocabulary.
pub(crate) fn count(encoding: &TokenEncoding, text: &str) -> Option<u64> {
    let count = load(encoding).count(text, &HashSet::new()).ok()?;
    u64::try_from(count).ok()
}

/// Returns the vocabulary of an encoding.
pub(crate) fn load(encoding: &TokenEncoding) -> &'static CoreBPE {
    match encoding.name() {
        CL100K_BASE => cl100k_base_singleton(),
        _ => o200k_base_singleton(),
    }
}
