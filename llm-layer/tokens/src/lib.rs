//! Counts the tokens of text that arrives in pieces, and of prompts, exactly and in bounded memory.
//!
//! ```
//! use throughline_tokens::{SegmentedCounter, Tokenizer};
//!
//! let mut counter = SegmentedCounter::new(Tokenizer::built_in("gpt-4o"));
//! for piece in ["The quick bro", "wn fox jumps", " over the lazy dog."] {
//!     counter.push(piece);
//! }
//! # #[cfg(feature = "tiktoken")]
//! assert_eq!(counter.finish().map(|count| (count.tokens, count.exact)), Some((10, true)));
//! ```
//!
//! | type | for |
//! |---|---|
//! | [`Tokenizer`] | the encoding of a model and the counter that counts in it |
//! | [`SegmentedCounter`] | text of any length, in pieces, in at most 32 KiB |
//! | [`PromptCounter`] | messages and tool definitions, by the formula of OpenAI's cookbook |
//! | [`TokenCounter`] | your own counter, for models that tiktoken-rs does not know |
//!
//! The built-in counter has the vocabularies of tiktoken-rs. It returns the same numbers, takes half of its
//! time or less for ordinary text, and does not allocate for short texts. `BpeOpenAi` counts with bpe-openai
//! instead. A vocabulary is loaded when something is counted in it for the first time, which takes about 0.2
//! s, and takes 25 MB (`o200k_base`) or 12 MB (`cl100k_base`). The [`background`] thread does that, and
//! counts long texts, so that no caller waits.
//!
//! This crate is a part of [Throughline](https://docs.rs/throughline). It knows neither OpenTelemetry nor
//! HTTP.
//!
//! # Features
//!
//! | feature | adds |
//! |---|---|
//! | `tiktoken` (default) | counts with the vocabularies of tiktoken-rs; 7 MB in the binary |
//! | `bpe-openai` | `BpeOpenAi`: counts by bpe-openai; 49 MB of vocabulary in the binary |

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod background;
#[cfg(feature = "bpe-openai")]
mod bpe_openai;
mod counter;
mod encoding;
mod prompt;
mod segmented;
mod target;
#[cfg(feature = "tiktoken")]
mod tiktoken;
mod tokenizer;

#[cfg(feature = "bpe-openai")]
pub use self::bpe_openai::BpeOpenAi;
pub use self::counter::TokenCounter;
pub use self::encoding::TokenEncoding;
pub use self::prompt::{PromptCounter, PromptSize};
pub use self::segmented::{HeldSegments, SegmentedCounter, TokenCount, approximate_tokens};
pub use self::target::{TargetModel, UnknownModel};
pub use self::tokenizer::{SharedCounter, Tokenizer};

#[cfg(test)]
mod tests;

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
