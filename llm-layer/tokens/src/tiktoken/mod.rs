//! Counts tokens in OpenAI's encodings, with the vocabularies of tiktoken-rs.
//!
//! A byte pair encoding cuts a text into [pieces](split) by a regular expression. A piece that is in the
//! [vocabulary] is one token. In any other, the bytes are [merged](merge).
//!
//! tiktoken-rs does the same with a backtracking expression, and returns the tokens. Here, the expressions
//! are written out as code, and only the number is computed: without backtracking, without a panic on a
//! million spaces, and without an allocation unless a piece is long.

mod classes;
mod merge;
mod rank;
mod split;
mod table;
#[cfg(test)]
mod tests;
mod vocabulary;
mod whole;

use std::sync::LazyLock;

use tiktoken_rs::{cl100k_base, o200k_base};

use self::merge::Merger;
use self::split::{Pattern, Pieces};
use self::vocabulary::Vocabulary;
use super::encoding::CL100K_BASE;
use crate::encoding::TokenEncoding;

/// Returns the number of tokens of a text, or `None` if the vocabulary cannot be loaded. Special tokens are
/// plain text. The first call takes about 0.2 s to load a vocabulary.
pub(crate) fn count(encoding: &TokenEncoding, text: &str) -> Option<u64> {
    let pattern = match encoding.name() {
        CL100K_BASE => Pattern::Cl100k,
        _ => Pattern::O200k,
    };
    let vocabulary = vocabulary(pattern)?;
    let mut merger = Merger::new(vocabulary);
    let count = |piece: &str| match vocabulary.contains(piece.as_bytes()) {
        true => 1,
        false => merger.count(piece),
    };
    Some(Pieces::new(pattern, text).map(count).sum())
}

/// Loads the vocabulary of an encoding, unless that is done.
pub(crate) fn load(encoding: &TokenEncoding) {
    count(encoding, "");
}

fn vocabulary(pattern: Pattern) -> Option<&'static Vocabulary> {
    static CL100K: LazyLock<Option<Vocabulary>> =
        LazyLock::new(|| Some(Vocabulary::new(cl100k_base().ok()?)));
    static O200K: LazyLock<Option<Vocabulary>> = LazyLock::new(|| Some(Vocabulary::new(o200k_base().ok()?)));
    match pattern {
        Pattern::Cl100k => CL100K.as_ref(),
        Pattern::O200k => O200K.as_ref(),
    }
}
