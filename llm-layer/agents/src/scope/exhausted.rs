//! A budget without tokens.

use std::fmt;

/// A scope that has used all tokens of its budget, displayed as the message of the refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExhaustedBudget {
    /// The scope, such as `agent "Planner"`.
    pub scope: String,
    /// The tokens that it may use.
    pub limit: u64,
    /// The tokens that it has used.
    pub used: u64,
}

impl fmt::Display for ExhaustedBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scope, limit, used } = self;
        write!(
            f,
            "{scope} has spent {used} of its {limit} tokens; this call was not sent"
        )
    }
}
