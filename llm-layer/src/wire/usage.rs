//! Token counts as providers report them, and what they mean.

/// The parts of a usage report, as they came: the last value of each wins, for every provider.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) input: Option<u64>,
    pub(crate) output: Option<u64>,
    pub(crate) cache_read: Option<u64>,
    pub(crate) cache_write: Option<u64>,
    pub(crate) reasoning: Option<u64>,
    pub(crate) audio_input: Option<u64>,
    pub(crate) audio_output: Option<u64>,
}

impl Usage {
    /// All tokens of the prompt, cached ones included.
    pub(crate) fn total_input(&self) -> Option<u64> {
        self.input
    }

    /// All tokens of the answer, reasoning included.
    pub(crate) fn total_output(&self) -> Option<u64> {
        self.output
    }
}
