//! Token counts as providers report them, and what they mean.

/// The parts of a usage report, as they came: the last value of each wins, for every provider.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    counts: [Option<u64>; Field::ALL],
    /// Whether the provider's input leaves cached tokens out (Anthropic, Bedrock).
    pub(crate) cache_is_apart: bool,
}

/// A part of a usage report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Input,
    /// What the results of the provider's own tools add to the input (Gemini).
    ToolInput,
    Output,
    /// Reasoning that the provider's output leaves out (Gemini).
    Thoughts,
    /// Input and output together.
    Total,
    /// What is billed, where that is not what was used (Cohere).
    BilledInput,
    BilledOutput,
    CacheRead,
    CacheWrite,
    /// Reasoning that the provider's output includes.
    Reasoning,
    TextInput,
    TextOutput,
    AudioInput,
    AudioOutput,
    ImageInput,
    ImageOutput,
}

impl Field {
    const ALL: usize = 16;
}

/// Where a format reports usage: the path of each part.
pub(crate) type Paths = [(&'static str, Field)];

impl Usage {
    /// Takes a value, if `paths` knows its path.
    pub(crate) fn read(&mut self, paths: &Paths, path: &str, count: Option<u64>) {
        let known = paths.iter().find(|(known, _)| *known == path);
        if let (Some(count), Some((_, field))) = (count, known) {
            self.set(*field, count);
        }
    }

    pub(crate) fn set(&mut self, field: Field, count: u64) {
        if let Some(slot) = self.counts.get_mut(field as usize) {
            *slot = Some(count);
        }
    }

    /// Whether nothing was reported.
    pub(crate) fn is_empty(&self) -> bool {
        self.counts.iter().all(Option::is_none)
    }

    pub(crate) fn part(&self, field: Field) -> Option<u64> {
        self.counts.get(field as usize).copied().flatten()
    }

    /// All tokens of the prompt: cached ones included, billed ones where they are told apart.
    pub(crate) fn input(&self) -> Option<u64> {
        let cache = if self.cache_is_apart {
            self.sum(&[Field::CacheRead, Field::CacheWrite])
        } else {
            0
        };
        let input = self
            .part(Field::BilledInput)
            .or_else(|| self.part(Field::Input))?;
        Some(input + self.sum(&[Field::ToolInput]) + cache)
    }

    /// All tokens of the answer: reasoning included, billed ones where they are told apart.
    pub(crate) fn output(&self) -> Option<u64> {
        let output = self
            .part(Field::BilledOutput)
            .or_else(|| self.part(Field::Output));
        let thoughts = self.part(Field::Thoughts);
        let output = match (output, thoughts) {
            (None, None) => None,
            (output, thoughts) => Some(output.unwrap_or(0) + thoughts.unwrap_or(0)),
        };
        // Some count reasoning in the total alone: xAI, Gemini's compatible API.
        let rest = self.part(Field::Total).zip(self.input());
        let rest = rest.and_then(|(total, input)| total.checked_sub(input));
        match output {
            Some(output) => Some(output.max(rest.unwrap_or(0))),
            None => rest.filter(|rest| *rest > 0),
        }
    }

    pub(crate) fn reasoning(&self) -> Option<u64> {
        self.part(Field::Reasoning).or_else(|| self.part(Field::Thoughts))
    }

    fn sum(&self, fields: &[Field]) -> u64 {
        fields.iter().filter_map(|field| self.part(*field)).sum()
    }
}
