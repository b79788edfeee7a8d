//! What came of a call.

use std::time::{Duration, SystemTime};

use throughline_agents::CallUsage;

use super::cost::CostDetails;
use super::failure::Failure;
use super::state::CallState;

/// A call that has ended.
pub(super) struct FinishedCall {
    pub(super) call: Box<CallState>,
    pub(super) failure: Option<Failure>,
    /// The provider refused the call or did not get it, so that its cost is not known.
    pub(super) is_refused: bool,
    pub(super) duration: Duration,
    pub(super) at: SystemTime,
}

/// What came of a call.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) failure: Option<Failure>,
    pub(super) at: SystemTime,
    pub(super) usage: CallUsage,
    /// What the counter `prompt_size` adds: input, then output.
    pub(super) prompt_size: [Option<u64>; 2],
    pub(super) cost: CostDetails,
    pub(super) provenance: Provenance,
    /// Tokens are approximated from bytes, since there was no time to count.
    pub(super) is_rough: bool,
    /// Some of the text was not counted exactly.
    pub(super) is_inexact: bool,
    /// A count is unknown that the feature `tiktoken`, which is disabled, would estimate.
    pub(super) is_uncounted: bool,
}

/// The value of `throughline.tokens.source`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Provenance {
    /// The provider reported all counts of a complete answer.
    Reported,
    /// The provider reported some counts.
    Partial,
    /// Some counts are estimates, and none is reported.
    Estimated,
    /// The cost of the call cannot be seen.
    Unknown,
    /// The call was not sent.
    None,
}

impl Provenance {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Partial => "partial",
            Self::Estimated => "estimated",
            Self::Unknown => "unknown",
            Self::None => "none",
        }
    }
}
