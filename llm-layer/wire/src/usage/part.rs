//! The parts of a usage report.

/// A part of a usage report, by its meaning.
///
/// [`Usage::input`](super::Usage::input) and [`Usage::output`](super::Usage::output) compute the totals: input
/// including cached tokens, output including reasoning, and billed tokens if they are reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UsagePart {
    /// Input, including cached tokens (OpenAI, Gemini).
    Input,
    /// Input, excluding tokens that were read from or written to a cache (Anthropic, Bedrock).
    UncachedInput,
    /// Input from the results of the provider's own tools (Gemini).
    ToolInput,
    /// Output, including reasoning unless that is reported as [`UsagePart::Thoughts`].
    Output,
    /// Reasoning that is not included in the output (Gemini).
    Thoughts,
    /// Input and output together.
    Total,
    /// Billed input, if it differs from the input that was used (Cohere).
    BilledInput,
    /// Billed output, if it differs from the output that was used (Cohere).
    BilledOutput,
    /// Input read from a cache.
    CacheRead,
    /// Input written to a cache.
    CacheWrite,
    /// Reasoning that is included in the output.
    Reasoning,
    /// Input that is text.
    TextInput,
    /// Output that is text.
    TextOutput,
    /// Input that is audio.
    AudioInput,
    /// Output that is audio.
    AudioOutput,
    /// Input that is images.
    ImageInput,
    /// Output that is images.
    ImageOutput,
    /// Input read from a cache that is text.
    TextCacheRead,
    /// Input read from a cache that is audio.
    AudioCacheRead,
    /// Input read from a cache that is images.
    ImageCacheRead,
    /// Of the input written to a cache, what stays there for an hour (Anthropic, Bedrock).
    CacheWriteHour,
}

impl UsagePart {
    pub(super) const COUNT: usize = 21;
}

/// The path at which a format reports each part.
pub(crate) type Paths = [(&'static str, UsagePart)];

/// Returns the part at a path. Most values are not counts, and are rejected without a search.
pub(super) fn part_at(paths: &Paths, path: &str, count: Option<u64>) -> Option<UsagePart> {
    count?;
    let (_, part) = paths.iter().find(|(other, _)| *other == path)?;
    Some(*part)
}
