//! The `traceparent` header as a value.

use std::fmt;
use std::str::FromStr;

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

use crate::error::{ParseError, Refusal};
use crate::random;
use crate::tracestate::trim;

/// The `traceparent` header: which trace, which parent span, and two flags.
///
/// `Copy`, 25 bytes, never allocates. [`Display`](fmt::Display) writes the header: `parse` of what it writes is the
/// same value. <https://www.w3.org/TR/trace-context-2/#traceparent-header>
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

    /// The bit that says that the last seven bytes of the trace-id at least are random.
    ///
    /// <https://www.w3.org/TR/trace-context-2/#random-trace-id-flag>
    pub const RANDOM: TraceFlags = TraceFlags::new(0x02);

    /// Builds a `traceparent`; `None` if an id is all zeros. Flags but [`SAMPLED`](Self::SAMPLED) and
    /// [`RANDOM`](Self::RANDOM) are cleared, as the specification demands of a sender.
    #[must_use]
    pub fn new(trace_id: TraceId, parent_id: SpanId, flags: TraceFlags) -> Option<Self> {
        (trace_id != TraceId::INVALID && parent_id != SpanId::INVALID).then(|| Self {
            trace_id: trace_id.to_bytes(),
            parent_id: parent_id.to_bytes(),
            flags: flags.to_u8() & KNOWN_FLAGS,
        })
    }

    /// Makes a new trace: random ids, the random flag set, and the sampled flag as given.
    ///
    /// The ids are unpredictable enough to be unique, not to be secrets.
    #[must_use]
    pub fn generate(sampled: bool) -> Self {
        let [high, low] = [random::nonzero(), random::nonzero()].map(u64::to_be_bytes);
        let mut trace_id = [0; 16];
        let (left, right) = trace_id.split_at_mut(8);
        left.copy_from_slice(&high);
        right.copy_from_slice(&low);
        Self {
            trace_id,
            parent_id: random::nonzero().to_be_bytes(),
            flags: Self::RANDOM.to_u8() | u8::from(sampled),
        }
    }

    /// Reads a header value, spaces and tabs around it ignored.
    ///
    /// A higher version than 00 is read as far as it is known: four fields, then the end or a dash. The value is
    /// written again as version 00.
    ///
    /// # Errors
    ///
    /// If the version is `ff` or not two digits; if the value is not 55 bytes long (version 00), or shorter, or longer
    /// without a dash after the flags (higher versions); if a dash is missing; if a digit is not one of `0`–`9`,
    /// `a`–`f` (upper case and signs are refused); if an id is all zeros.
    pub fn parse(value: &[u8]) -> Result<Self, ParseError> {
        let (head, rest) = trim(value)
            .split_first_chunk::<LEN>()
            .ok_or(ParseError::new(Refusal::Length))?;
        let [v0, v1, b'-', fields @ ..] = head else {
            return Err(ParseError::new(Refusal::Delimiter));
        };
        match (byte(*v0, *v1)?, rest) {
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

    /// The id of the whole trace. Never all zeros.
    #[must_use]
    pub const fn trace_id(self) -> TraceId {
        TraceId::from_bytes(self.trace_id)
    }

    /// The id of the span that sent the header. Never all zeros.
    #[must_use]
    pub const fn parent_id(self) -> SpanId {
        SpanId::from_bytes(self.parent_id)
    }

    /// The flags: [`SAMPLED`](Self::SAMPLED), [`RANDOM`](Self::RANDOM), or both, or none.
    #[must_use]
    pub const fn flags(self) -> TraceFlags {
        TraceFlags::new(self.flags)
    }

    /// Whether the sampled flag is set.
    #[must_use]
    pub const fn is_sampled(self) -> bool {
        self.flags & 0x01 != 0
    }

    /// Whether the random flag is set.
    #[must_use]
    pub const fn is_random(self) -> bool {
        self.flags & 0x02 != 0
    }

    /// The span context of the remote parent, with the `tracestate` that came along.
    #[must_use]
    pub fn to_span_context(self, trace_state: TraceState) -> SpanContext {
        SpanContext::new(self.trace_id(), self.parent_id(), self.flags(), true, trace_state)
    }

    pub(crate) fn to_header(self) -> String {
        self.text(str::to_owned)
    }

    /// What `read` makes of the header.
    fn text<T>(self, read: impl FnOnce(&str) -> T) -> T {
        let mut text = *b"00-................................-................-..";
        for (at, bytes) in [
            (3, self.trace_id.as_slice()),
            (36, &self.parent_id),
            (53, &[self.flags]),
        ] {
            write_hex(text.get_mut(at..).unwrap_or_default(), bytes);
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
    let mut bytes = [0; N];
    for (out, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let &[high, low] = pair else {
            return Err(ParseError::new(Refusal::Length));
        };
        *out = byte(high, low)?;
    }
    Ok((bytes, rest))
}

fn byte(high: u8, low: u8) -> Result<u8, ParseError> {
    Ok(nibble(high)? << 4 | nibble(low)?)
}

fn nibble(digit: u8) -> Result<u8, ParseError> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(ParseError::new(Refusal::Hex)),
    }
}

fn write_hex(out: &mut [u8], bytes: &[u8]) {
    let digit = |nibble: u8| {
        if nibble < 10 {
            b'0' + nibble
        } else {
            b'a' - 10 + nibble
        }
    };
    for (pair, byte) in out.chunks_exact_mut(2).zip(bytes) {
        pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 0xf)]);
    }
}

/// The length of a version 00 header, in bytes.
const LEN: usize = 55;

/// A sender sets the flags it does not know to zero. <https://www.w3.org/TR/trace-context-2/#other-flags>
const KNOWN_FLAGS: u8 = 0x03;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7";

    #[test]
    fn accepts_what_the_specification_accepts() {
        let cases = [
            ("00-{}-00", 0x00),
            ("00-{}-01", 0x01),
            ("00-{}-02", 0x02),
            ("00-{}-03", 0x03),
            ("00-{}-ff", 0x03),
            ("00-{}-08", 0x00),
            (" \t00-{}-01\t ", 0x01),
            ("01-{}-01", 0x01),
            ("cc-{}-01", 0x01),
            ("cc-{}-01-", 0x01),
            ("cc-{}-03-what-the-future-will-be-like", 0x03),
            ("fe-{}-00-\u{e9}", 0x00),
        ];
        for (template, flags) in cases {
            let value = template.replace("{}", ID);
            let parent = TraceParent::parse(value.as_bytes()).expect(&value);
            assert_eq!(parent.to_string(), format!("00-{ID}-{flags:02x}"), "{value:?}");
            assert_eq!(parent.to_header(), parent.to_string(), "{value:?}");
            assert_eq!(parent.is_sampled(), flags & 1 != 0, "sampled of {value:?}");
            assert_eq!(parent.is_random(), flags & 2 != 0, "random of {value:?}");
        }
    }

    #[test]
    fn refuses_what_the_specification_refuses() {
        let cases = [
            ("", Refusal::Length),
            ("00-1-2-1", Refusal::Length),
            ("00-{}-1", Refusal::Length),
            ("00-{}-", Refusal::Length),
            ("00-{}", Refusal::Length),
            ("00-{}-001", Refusal::Length),
            ("00-{}-0001", Refusal::Length),
            ("00-{}-01-", Refusal::Length),
            ("00-{}-01.", Refusal::Length),
            ("00-{}-01-what-the-future-will-be-like", Refusal::Length),
            ("cc-{}-01.what-the-future-will-be-like", Refusal::Delimiter),
            ("cc-{}-0", Refusal::Length),
            ("cc-{}-011", Refusal::Delimiter),
            ("ff-{}-01", Refusal::Version),
            ("0-{}-01", Refusal::Length),
            ("000-{}-01", Refusal::Delimiter),
            ("0000-{}-01", Refusal::Delimiter),
            (".0-{}-01", Refusal::Hex),
            ("0.-{}-01", Refusal::Hex),
            ("+0-{}-01", Refusal::Hex),
            ("A0-{}-01", Refusal::Hex),
            ("00-{}-.1", Refusal::Hex),
            ("00-{}-0.", Refusal::Hex),
            ("00-{}-+1", Refusal::Hex),
            ("00-{}-0A", Refusal::Hex),
            ("00_{}-01", Refusal::Delimiter),
            ("00-{}_01", Refusal::Delimiter),
            (
                "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                Refusal::ZeroTraceId,
            ),
            (
                "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                Refusal::ZeroParentId,
            ),
            (
                "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                Refusal::Hex,
            ),
            (
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00F067AA0BA902B7-01",
                Refusal::Hex,
            ),
            (
                "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                Refusal::Hex,
            ),
            (
                "00-4bf92f3577b34da6a3ce929d0e0e4736-+0f067aa0ba902b7-01",
                Refusal::Hex,
            ),
            (
                "00-.bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                Refusal::Hex,
            ),
            (
                "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
                Refusal::Length,
            ),
            (
                "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b71-01",
                Refusal::Hex,
            ),
            (
                "00-4bf92f3577b34da6a3ce929d0e0e47366-00f067aa0ba902b7-01",
                Refusal::Length,
            ),
            (
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b-01",
                Refusal::Length,
            ),
            (
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b77-01",
                Refusal::Length,
            ),
        ];
        for (template, refusal) in cases {
            let value = template.replace("{}", ID);
            let parsed = TraceParent::parse(value.as_bytes());
            assert!(parsed.is_err(), "{value:?} was accepted");
            assert_eq!(parsed, Err(ParseError::new(refusal)), "{value:?}");
        }
    }

    #[test]
    fn a_generated_trace_is_random_and_new() {
        let (one, other) = (TraceParent::generate(false), TraceParent::generate(true));
        assert_ne!(one.trace_id(), other.trace_id(), "trace ids");
        assert_ne!(one.parent_id(), other.parent_id(), "parent ids");
        assert_eq!(
            (one.flags().to_u8(), other.flags().to_u8()),
            (0x02, 0x03),
            "flags"
        );
    }

    #[test]
    fn converts_to_and_from_a_span_context() {
        let parent = TraceParent::parse(format!("00-{ID}-03").as_bytes()).expect("valid");
        let span = SpanContext::from(parent);
        assert!(span.is_remote(), "a parsed parent is remote");
        assert_eq!(TraceParent::try_from(&span), Ok(parent), "back again");
        let none = TraceParent::try_from(&SpanContext::NONE);
        assert_eq!(none, Err(ParseError::new(Refusal::ZeroTraceId)), "no ids");
    }

    proptest! {
        #[test]
        fn any_bytes_are_parsed_without_panic(value in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = TraceParent::parse(&value);
        }

        #[test]
        fn what_is_written_is_read_again(trace in 1u128.., parent in 1u64.., flags: u8) {
            let parent = TraceParent::new(trace.into(), parent.into(), TraceFlags::new(flags));
            let parent = parent.expect("no id is zero");
            prop_assert_eq!(TraceParent::parse(parent.to_string().as_bytes()), Ok(parent));
        }
    }
}
