//! The parts of a call that have their own price.

use std::fmt;

/// A part of a call's usage that has its own price. The parts do not overlap: their tokens add up to
/// those of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BilledPart {
    /// Input tokens that are none of the other kinds: text, and what the provider does not report apart.
    Input,
    /// Input tokens that are audio.
    InputAudio,
    /// Input tokens that are images.
    InputImage,
    /// Input tokens that were read from the provider's cache: text.
    CacheRead,
    /// Input tokens that were read from the provider's cache: audio.
    CacheReadAudio,
    /// Input tokens that were read from the provider's cache: images.
    CacheReadImage,
    /// Input tokens that were written to the provider's cache for five minutes, or for the lifetime that is
    /// the provider's default.
    CacheWrite5m,
    /// Input tokens that were written to the provider's cache for an hour.
    CacheWrite1h,
    /// Output tokens that are none of the other kinds: text, and what the provider does not report apart.
    Output,
    /// Output tokens that are audio.
    OutputAudio,
    /// Output tokens that are images.
    OutputImage,
    /// Output tokens that were spent on reasoning. They have the price of [`BilledPart::Output`], unless they
    /// have one of their own.
    Reasoning,
    /// Tokens of citations, which are neither input nor output (Perplexity).
    Citation,
    /// Web searches that the provider made.
    WebSearch,
    /// Seconds of audio, where it is billed by its length.
    AudioSecond,
    /// Pages of documents that were read.
    Page,
    /// Search units of rerankers.
    SearchUnit,
    /// The call itself. It is free, unless it has a price.
    Request,
}

impl BilledPart {
    /// All parts.
    pub const ALL: [Self; 18] = [
        Self::Input,
        Self::InputAudio,
        Self::InputImage,
        Self::CacheRead,
        Self::CacheReadAudio,
        Self::CacheReadImage,
        Self::CacheWrite5m,
        Self::CacheWrite1h,
        Self::Output,
        Self::OutputAudio,
        Self::OutputImage,
        Self::Reasoning,
        Self::Citation,
        Self::WebSearch,
        Self::AudioSecond,
        Self::Page,
        Self::SearchUnit,
        Self::Request,
    ];

    /// Returns the name that files of prices and `throughline.cost.unpriced` use, such as `cache_write_1h`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::InputAudio => "input_audio",
            Self::InputImage => "input_image",
            Self::CacheRead => "cache_read",
            Self::CacheReadAudio => "cache_read_audio",
            Self::CacheReadImage => "cache_read_image",
            Self::CacheWrite5m => "cache_write_5m",
            Self::CacheWrite1h => "cache_write_1h",
            Self::Output => "output",
            Self::OutputAudio => "output_audio",
            Self::OutputImage => "output_image",
            Self::Reasoning => "reasoning",
            Self::Citation => "citation",
            Self::WebSearch => "web_search",
            Self::AudioSecond => "audio_second",
            Self::Page => "page",
            Self::SearchUnit => "search_unit",
            Self::Request => "request",
        }
    }

    /// Returns whether the part is counted in tokens, so that its price is that of a million. Other parts
    /// have a price each: of a search, a second, a page, a search unit, a request.
    #[must_use]
    pub fn is_tokens(self) -> bool {
        !matches!(
            self,
            Self::WebSearch | Self::AudioSecond | Self::Page | Self::SearchUnit | Self::Request
        )
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.as_str() == name)
    }
}

impl fmt::Display for BilledPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A value for each part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ByPart<T>([T; BilledPart::ALL.len()]);

impl<T: Copy + Default> ByPart<T> {
    pub(super) fn get(&self, part: BilledPart) -> T {
        self.0.get(part as usize).copied().unwrap_or_default()
    }

    pub(super) fn set(&mut self, part: BilledPart, value: T) {
        if let Some(slot) = self.0.get_mut(part as usize) {
            *slot = value;
        }
    }
}

impl<T: Copy + Default> Default for ByPart<T> {
    fn default() -> Self {
        Self([T::default(); BilledPart::ALL.len()])
    }
}
