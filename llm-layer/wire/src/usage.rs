//! Token counts as providers report them, and the totals that follow from them.
//!
//! Providers disagree about what a count includes. OpenAI's input includes cached tokens, Anthropic's does
//! not; Gemini's output excludes reasoning, OpenAI's includes it; Cohere bills other numbers than it used;
//! and compatible APIs imitate OpenAI's names with a meaning of their own. So a format only says which
//! [`UsagePart`] a path stands for, and [`Usage::input`] and [`Usage::output`] compute the totals in one
//! place:
//!
//! - input is billed input, or input, or uncached input plus cached tokens; plus the input of provider tools;
//! - output is billed output, or output; plus thoughts, which no provider includes in it;
//! - two contradictions occur and are corrected by adding the part: input that is less than its cached part, and
//!   reasoning that is more than the output that should include it;
//! - if the total of a provider is more than input and output, the difference is output.

use crate::Scalar;
use crate::billing::Billing;

/// The usage that an answer reported. If a part is reported several times, the last value counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Usage {
    counts: [Option<u64>; UsagePart::COUNT],
    billing: Billing,
}

/// A part of a usage report, by its meaning.
///
/// [`Usage::input`] and [`Usage::output`] compute the totals: input including cached tokens, output including
/// reasoning, and billed tokens if they are reported.
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
    const COUNT: usize = 21;
}

/// The path at which a format reports each part.
pub(crate) type Paths = [(&'static str, UsagePart)];

impl Usage {
    /// Reads a value that other providers report at another path. A zero does not replace a value that was
    /// reported.
    pub(crate) fn read_dialect(&mut self, paths: &Paths, path: &str, count: Option<u64>) {
        let adds_nothing = |part| count == Some(0) && self.part(part).is_some();
        if !part_at(paths, path, count).is_some_and(adds_nothing) {
            self.read(paths, path, count);
        }
    }

    /// Reads a value, if `paths` has its path.
    pub(crate) fn read(&mut self, paths: &Paths, path: &str, count: Option<u64>) {
        if let (Some(part), Some(count)) = (part_at(paths, path, count), count) {
            self.set(part, count);
        }
    }

    pub(crate) fn set(&mut self, part: UsagePart, count: u64) {
        if let Some(slot) = self.counts.get_mut(part as usize) {
            *slot = Some(count);
        }
    }

    /// Adds a count to the part, for formats that report one count for each text.
    pub(crate) fn add(&mut self, part: UsagePart, count: Option<u64>) {
        if let Some(count) = count {
            self.set(part, count.saturating_add(self.part(part).unwrap_or(0)));
        }
    }

    /// Takes a value, if it is about billing.
    pub(crate) fn read_billing(&mut self, path: &str, value: Scalar<'_>) {
        self.billing.read(path, value);
    }

    pub(crate) fn billing_mut(&mut self) -> &mut Billing {
        &mut self.billing
    }

    /// Returns what was reported about billing beside token counts.
    #[must_use]
    pub fn billing(&self) -> &Billing {
        &self.billing
    }

    /// Returns whether no count of tokens was reported.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.iter().all(Option::is_none)
    }

    /// Returns a part as it was reported.
    #[must_use]
    pub fn part(&self, part: UsagePart) -> Option<u64> {
        self.counts.get(part as usize).copied().flatten()
    }

    /// Returns all input tokens, including cached ones. If the provider reports billed tokens, returns these.
    #[must_use]
    pub fn input(&self) -> Option<u64> {
        let cached = self.sum(&[UsagePart::CacheRead, UsagePart::CacheWrite]);
        // Some gateways to Anthropic exclude cached tokens: then input is less than its cached part.
        let with_cached = |input| if input < cached { input + cached } else { input };
        let input = self
            .part(UsagePart::BilledInput)
            .or_else(|| self.part(UsagePart::Input).map(with_cached))
            .or_else(|| self.part(UsagePart::UncachedInput).map(|input| input + cached))?;
        Some(input + self.sum(&[UsagePart::ToolInput]))
    }

    /// Returns all output tokens, including reasoning. If the provider reports billed tokens, returns these.
    #[must_use]
    pub fn output(&self) -> Option<u64> {
        let output = self
            .part(UsagePart::BilledOutput)
            .or_else(|| self.part(UsagePart::Output));
        let thoughts = self.part(UsagePart::Thoughts);
        let output = match (output, thoughts) {
            (None, None) => None,
            (output, thoughts) => Some(output.unwrap_or(0) + thoughts.unwrap_or(0)),
        };
        // xAI and Gemini's compatible API include reasoning in the total only.
        let rest = self.part(UsagePart::Total).zip(self.input());
        let rest = rest.and_then(|(total, input)| total.checked_sub(input));
        let output = match output {
            Some(output) => Some(output.max(rest.unwrap_or(0))),
            None => rest.filter(|rest| *rest > 0),
        };
        // Perplexity's output excludes reasoning: then reasoning may be more than the output.
        let beside = self
            .part(UsagePart::Reasoning)
            .filter(|beside| Some(*beside) > output);
        output.map(|output| output + beside.unwrap_or(0))
    }

    /// Returns the output tokens that were spent on reasoning.
    #[must_use]
    pub fn reasoning(&self) -> Option<u64> {
        self.part(UsagePart::Reasoning)
            .or_else(|| self.part(UsagePart::Thoughts))
    }

    fn sum(&self, parts: &[UsagePart]) -> u64 {
        parts.iter().filter_map(|part| self.part(*part)).sum()
    }
}

/// Returns the part at a path. Most values are not counts, and are rejected without a search.
fn part_at(paths: &Paths, path: &str, count: Option<u64>) -> Option<UsagePart> {
    count?;
    let (_, part) = paths.iter().find(|(other, _)| *other == path)?;
    Some(*part)
}
