//! Counters that users write.

use crate::encoding::TokenEncoding;

/// Counts the tokens of text whose provider did not report them.
///
/// Implement it for models that tiktoken-rs does not know. If an implementation panics, the count is unknown,
/// and nothing else happens.
///
/// ```
/// use throughline_tokens::{TokenCounter, TokenEncoding};
///
/// struct Bytes;
///
/// impl TokenCounter for Bytes {
///     fn encoding(&self, model: &str) -> Option<TokenEncoding> {
///         model.contains("byt5").then(|| TokenEncoding::exact("bytes"))
///     }
///
///     fn count(&self, _: &TokenEncoding, segment: &str) -> Option<u64> {
///         u64::try_from(segment.len()).ok()
///     }
/// }
/// ```
///
/// `count` is called where the text ends, on the task that reads it, and must not block. Until the encoding
/// is prepared, and for long texts, it is called on the [background](crate::background) thread.
///
/// # Choosing a tokenizer
///
/// Use one that takes linear time for every text: otherwise a client can stop the service with one long
/// message. Test white space that is not ASCII, long runs of one character, and text without spaces.
pub trait TokenCounter: Send + Sync {
    /// Returns the encoding of a model, by its name in requests, or `None` to leave the model to the next
    /// counter.
    fn encoding(&self, model: &str) -> Option<TokenEncoding>;

    /// Returns the number of tokens of a segment, all of it ordinary text. If it returns `None`, the count of
    /// the whole text is unknown.
    ///
    /// A segment has at most 16 KiB. A longer text comes in several segments, cut in front of a space or
    /// between a word and a punctuation mark, where OpenAI's vocabularies split anyway; their counts are
    /// added up. A count above the number of bytes of the segment is reduced to that.
    fn count(&self, encoding: &TokenEncoding, segment: &str) -> Option<u64>;

    /// Loads what counting in an encoding needs. Default: nothing.
    ///
    /// Called once for each encoding, on the background thread, before [`TokenCounter::count`]: as soon as
    /// something may have to be counted, for example when a stream begins that will not report its usage.
    fn prepare(&self, _encoding: &TokenEncoding) {}
}
