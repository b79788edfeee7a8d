//! The reason why a header was refused.

use std::fmt;

/// A header that violates the grammar of its specification.
///
/// [`TraceParent::parse`](crate::TraceParent::parse) and [`TraceState::parse`](crate::TraceState::parse)
/// return it. A propagator never does: it treats an invalid header as absent, and the request continues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseError(Refusal);

impl ParseError {
    pub(crate) const fn new(refusal: Refusal) -> Self {
        Self(refusal)
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Refusal::Length => "traceparent has the wrong length",
            Refusal::Delimiter => "a dash is missing between the fields of traceparent",
            Refusal::Hex => "traceparent has a digit that is not lower-case hexadecimal",
            Refusal::Version => "traceparent's version ff is forbidden",
            Refusal::ZeroTraceId => "traceparent's trace-id is all zeros",
            Refusal::ZeroParentId => "traceparent's parent-id is all zeros",
            Refusal::NoEquals => "a tracestate member has no equals sign",
            Refusal::Key => "a tracestate key breaks the grammar",
            Refusal::Value => "a tracestate value breaks the grammar",
            Refusal::TooManyMembers => "tracestate has more than 32 members",
        })
    }
}

impl std::error::Error for ParseError {}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Length,
    Delimiter,
    Hex,
    Version,
    ZeroTraceId,
    ZeroParentId,
    NoEquals,
    Key,
    Value,
    TooManyMembers,
}
