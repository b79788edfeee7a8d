//! The `traceparent` header as a value.

use std::fmt;
use std::str::FromStr;

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

use crate::error::{ParseError, Refusal};
use crate::octets::trim;
use crate::{hex, random};

/// The `traceparent` header: a trace id, a parent span id and two flags.
///
/// It is `Copy`, has 25 bytes and never allocates. [`Display`](fmt::Display) writes the header, and `parse`
/// reads the same value back. <https://www.w3.org/TR/trace-context-2/#traceparent-header>
///
/// ```
/// use throughline_propagation::TraceParent;
///
/// let parent = TraceParent::parse(b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")?;
/// assert!(parent.is_sampled());
/// assert_eq!(parent.to_string(), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
/// # Ok::<(), throughline_propagation::ParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceParent {
    trace_id: [u8; 16],
    parent_id: [u8; 8],
    flags: u8,
}

impl TraceParent {
    /// The bit that says that the caller may have recorded the trace.
    pub const SAMPLED: TraceFlags = TraceFlags::SAMPLED;

    /// The bit that says that at least the last seven bytes of the trace id are random.
    ///
    /// <https://www.w3.org/TR/trace-context-2/#random-trace-id-flag>
    pub const RANDOM: TraceFlags = TraceFlags::new(0x02);

    /// Creates a `traceparent`, or returns `None` if an id is all zeros. Flags other than
    /// [`SAMPLED`](Self::SAMPLED) and [`RANDOM`](Self::RANDOM) are cleared, as the specification requires of
    /// a sender.
    #[must_use]
    pub fn new(trace_id: TraceId, parent_id: SpanId, flags: TraceFlags) -> Option<Self> {
        (trace_id != TraceId::INVALID && parent_id != SpanId::INVALID).then(|| Self {
            trace_id: trace_id.to_bytes(),
            parent_id: parent_id.to_bytes(),
            flags: flags.to_u8() & KNOWN_FLAGS,
        })
    }

    /// Creates a new trace with random ids, the random flag, and the given sampled flag.
    ///
    /// The ids are unique but not cryptographically secure.
    #[must_use]
    pub fn generate(sampled: bool) -> Self {
        let [high, low] = [random::nonzero(), random::nonzero()].map(u64::to_be_bytes);
        let mut trace_id = [0; 16];
        let (first, last) = trace_id.split_at_mut(8);
        first.copy_from_slice(&high);
        last.copy_from_slice(&low);
        Self {
            trace_id,
            parent_id: random::nonzero().to_be_bytes(),
            flags: Self::RANDOM.to_u8() | u8::from(sampled),
        }
    }

    /// Parses a header value. Leading and trailing spaces and tabs are ignored.
    ///
    /// Of versions higher than 00, the known part is read: four fields, followed by the end or a dash. The
    /// value is written as version 00 again.
    ///
    /// # Errors
    ///
    /// Returns an error if the version is `ff` or not two digits; if the value is not 55 bytes long (version
    /// 00), or shorter, or longer without a dash after the flags (higher versions); if a dash is missing; if
    /// a digit is not one of `0`–`9`, `a`–`f` (upper case and signs are refused); or if an id is all zeros.
    pub fn parse(value: &[u8]) -> Result<Self, ParseError> {
        let (head, rest) = trim(value)
            .split_first_chunk::<LEN>()
            .ok_or(ParseError::new(Refusal::Length))?;
        let ([version], fields) = digits::<1>(head)?;
        let fields = dash(fields)?;
        match (version, rest) {
            (0xff, _) => return Err(ParseError::new(Refusal::Version)),
            (0, [_, ..]) => return Err(ParseError::new(Refusal::Length)),
            (_, [] | [b'-', ..]) => {}
            _ => return Err(ParseError::new(Refusal::Delimiter)),
        }
        let (trace_id, fields) = digits::<16>(fields)?;
        let (parent_id, fields) = digits::<8>(dash(fields)?)?;
        let ([flags], _) = digits::<1>(dash(fields)?)?;
        if trace_id == [0; 16] {
            return Err(ParseError::new(Refusal::ZeroTraceId));
        }
        if parent_id == [0; 8] {
            return Err(ParseError::new(Refusal::ZeroParentId));
        }
        Ok(Self {
            trace_id,
            parent_id,
            flags: flags & KNOWN_FLAGS,
        })
    }

    /// Returns the id of the trace. It is never all zeros.
    #[must_use]
    pub const fn trace_id(self) -> TraceId {
        TraceId::from_bytes(self.trace_id)
    }

    /// Returns the id of the span that sent the header. It is never all zeros.
    #[must_use]
    pub const fn parent_id(self) -> SpanId {
        SpanId::from_bytes(self.parent_id)
    }

    /// Returns the flags: [`SAMPLED`](Self::SAMPLED), [`RANDOM`](Self::RANDOM), both, or none.
    #[must_use]
    pub const fn flags(self) -> TraceFlags {
        TraceFlags::new(self.flags)
    }

    /// Returns whether the sampled flag is set.
    #[must_use]
    pub const fn is_sampled(self) -> bool {
        self.flags & 0x01 != 0
    }

    /// Returns whether the random flag is set.
    #[must_use]
    pub const fn is_random(self) -> bool {
        self.flags & 0x02 != 0
    }

    /// Returns the span context of the remote parent, with its `tracestate`.
    #[must_use]
    pub fn to_span_context(self, trace_state: TraceState) -> SpanContext {
        SpanContext::new(self.trace_id(), self.parent_id(), self.flags(), true, trace_state)
    }

    pub(crate) fn to_header(self) -> String {
        self.text(str::to_owned)
    }

    /// Formats the header and passes it to `read`.
    fn text<T>(self, read: impl FnOnce(&str) -> T) -> T {
        let mut text = *b"00-................................-................-..";
        for (at, bytes) in [
            (3, self.trace_id.as_slice()),
            (36, &self.parent_id),
            (53, &[self.flags]),
        ] {
            hex::encode(bytes, text.get_mut(at..).unwrap_or_default());
        }
        read(std::str::from_utf8(&text).unwrap_or_default())
    }

    pub(crate) fn with_random(self) -> Self {
        Self {
            flags: self.flags | Self::RANDOM.to_u8(),
            ..self
        }
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text(|text| f.write_str(text))
    }
}

impl fmt::Debug for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TraceParent({self})")
    }
}

impl FromStr for TraceParent {
    type Err = ParseError;

    fn from_str(value: &str) -> Result<Self, ParseError> {
        Self::parse(value.as_bytes())
    }
}

impl From<TraceParent> for SpanContext {
    fn from(parent: TraceParent) -> Self {
        parent.to_span_context(TraceState::NONE)
    }
}

impl TryFrom<&SpanContext> for TraceParent {
    type Error = ParseError;

    fn try_from(span: &SpanContext) -> Result<Self, ParseError> {
        let zero = match span.trace_id() {
            TraceId::INVALID => Refusal::ZeroTraceId,
            _ => Refusal::ZeroParentId,
        };
        Self::new(span.trace_id(), span.span_id(), span.trace_flags()).ok_or_else(|| ParseError::new(zero))
    }
}

fn dash(text: &[u8]) -> Result<&[u8], ParseError> {
    text.strip_prefix(b"-").ok_or(ParseError::new(Refusal::Delimiter))
}

fn digits<const N: usize>(text: &[u8]) -> Result<([u8; N], &[u8]), ParseError> {
    let (digits, rest) = text
        .split_at_checked(2 * N)
        .ok_or(ParseError::new(Refusal::Length))?;
    let bytes = hex::decode(digits).ok_or(ParseError::new(Refusal::Hex))?;
    Ok((bytes, rest))
}

/// The length of a version 00 header, in bytes.
const LEN: usize = 55;

/// A sender clears unknown flags. <https://www.w3.org/TR/trace-context-2/#other-flags>
const KNOWN_FLAGS: u8 = 0x03;

#[cfg(test)]
mod tests;
