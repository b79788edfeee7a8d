//! Token counts as providers report them, and what they mean.

/// The usage that an answer reported. Of each part, the last value counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Usage {
    counts: [Option<u64>; UsagePart::COUNT],
}

/// A part of a usage report, by what the provider means with it.
///
/// The totals on the span follow from the parts: input with all that was cached, output with all reasoning, and what is
/// billed where that is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UsagePart {
    /// Input, cached tokens included (OpenAI, Gemini).
    Input,
    /// Input without the tokens that were read from a cache or written to one (Anthropic, Bedrock).
    UncachedInput,
    /// What the results of the provider's own tools add to the input (Gemini).
    ToolInput,
    /// Output, reasoning included unless it is told as [`UsagePart::Thoughts`].
    Output,
    /// Reasoning that the provider's output leaves out (Gemini).
    Thoughts,
    /// Input and output together.
    Total,
    /// Billed input, where that is not what was used (Cohere).
    BilledInput,
    /// Billed output, where that is not what was used (Cohere).
    BilledOutput,
    /// Input read from a cache.
    CacheRead,
    /// Input written to a cache.
    CacheWrite,
    /// Reasoning that the provider's output includes.
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
}

impl UsagePart {
    const COUNT: usize = 20;
}

/// Where a format reports usage: the path of each part.
pub(crate) type Paths = [(&'static str, UsagePart)];

impl Usage {
    /// Takes a value that other providers report at another path: it says nothing against what is known already if it is
    /// zero.
    pub(crate) fn read_dialect(&mut self, paths: &Paths, path: &str, count: Option<u64>) {
        let adds_nothing = |part| count == Some(0) && self.part(part).is_some();
        if !part_at(paths, path, count).is_some_and(adds_nothing) {
            self.read(paths, path, count);
        }
    }

    /// Takes a value, if `paths` knows its path.
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

    /// Adds a value to those of the same answer: only where each is of another text.
    pub(crate) fn add(&mut self, part: UsagePart, count: Option<u64>) {
        if let Some(count) = count {
            self.set(part, count.saturating_add(self.part(part).unwrap_or(0)));
        }
    }

    /// Returns whether nothing was reported.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.iter().all(Option::is_none)
    }

    /// Returns a part as it was reported.
    #[must_use]
    pub fn part(&self, part: UsagePart) -> Option<u64> {
        self.counts.get(part as usize).copied().flatten()
    }

    /// Returns all input tokens: cached ones included, billed ones where the provider distinguishes them.
    #[must_use]
    pub fn input(&self) -> Option<u64> {
        let cached = self.sum(&[UsagePart::CacheRead, UsagePart::CacheWrite]);
        // Input that is less than what of it was cached leaves that out: some gateways to Anthropic.
        let with_cached = |input| if input < cached { input + cached } else { input };
        let input = self
            .part(UsagePart::BilledInput)
            .or_else(|| self.part(UsagePart::Input).map(with_cached))
            .or_else(|| self.part(UsagePart::UncachedInput).map(|input| input + cached))?;
        Some(input + self.sum(&[UsagePart::ToolInput]))
    }

    /// Returns all output tokens: reasoning included, billed ones where the provider distinguishes them.
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
        // Some count reasoning in the total alone: xAI, Gemini's compatible API.
        let rest = self.part(UsagePart::Total).zip(self.input());
        let rest = rest.and_then(|(total, input)| total.checked_sub(input));
        let output = match output {
            Some(output) => Some(output.max(rest.unwrap_or(0))),
            None => rest.filter(|rest| *rest > 0),
        };
        // Reasoning that is more than the output is no part of it: Perplexity's.
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

/// The part that a count stands for at a path. Most values are no counts, and cost nothing.
fn part_at(paths: &Paths, path: &str, count: Option<u64>) -> Option<UsagePart> {
    count?;
    let (_, part) = paths.iter().find(|(other, _)| *other == path)?;
    Some(*part)
}
