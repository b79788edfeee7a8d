//! The `tracestate` header as a value.

use std::fmt;
use std::str::FromStr;

use opentelemetry::trace::TraceState as ApiTraceState;

use crate::error::{ParseError, Refusal};

/// The members of `tracestate`, in the order of the wire, as they were on the wire.
///
/// OpenTelemetry's [`TraceState`](ApiTraceState) follows an older grammar and refuses keys that are legal today; this
/// one keeps whatever <https://www.w3.org/TR/trace-context-2/#tracestate-header> allows. One allocation, or none if
/// there are no members. [`Display`](fmt::Display) writes the header without optional white space.
///
/// | what comes | what becomes of it |
/// |---|---|
/// | several header lines | one list, in their order |
/// | an empty member, an empty line | left out |
/// | a key for the second time | left out: the leftmost is the newest |
/// | a malformed key or value, a member without `=` | the whole list is refused |
/// | more than 32 members | the whole list is refused |
/// | more than 512 bytes | members of more than 128 bytes go first, then the last ones, until it fits |
///
/// ```
/// use throughline_propagation::TraceState;
///
/// let state = TraceState::parse(["congo=t61rcWkgMzE, ,", "foo@@bar=1"])?;
/// assert_eq!(state.get("foo@@bar"), Some("1"));
/// assert_eq!(state.to_string(), "congo=t61rcWkgMzE,foo@@bar=1");
/// # Ok::<(), throughline_propagation::ParseError>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct TraceState(String);

impl TraceState {
    /// Reads the lines of the header, joined in their order.
    ///
    /// # Errors
    ///
    /// If a member has no `=`; if a key is empty, longer than 256 bytes, begins with neither a lower-case letter nor a
    /// digit, or has a character other than those and `_ - * / @`; if a value is empty, longer than 256 bytes, or has
    /// a comma, an equals sign or a byte that is not printable ASCII; if there are more than 32 members.
    pub fn parse<L: AsRef<[u8]>>(lines: impl IntoIterator<Item = L>) -> Result<Self, ParseError> {
        let mut state = Self::default();
        let mut members = 0;
        for line in lines {
            for member in line.as_ref().split(|&byte| byte == b',').map(trim) {
                if member.is_empty() {
                    continue;
                }
                members += 1;
                if members > MAX_MEMBERS {
                    return Err(ParseError::new(Refusal::TooManyMembers));
                }
                let (key, value) = member_of(member)?;
                if state.get(key).is_none() {
                    state.push(key, value, line.as_ref().len());
                }
            }
        }
        state.truncate();
        Ok(state)
    }

    /// The members, first the one that was written last.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.split(',').filter_map(|member| member.split_once('='))
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.iter()
            .find_map(|(name, value)| (name == key).then_some(value))
    }

    /// Whether there are no members. Such a header is never sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What of these members may be sent; of two with the same key, the first.
    pub(crate) fn collect<'a>(members: impl Iterator<Item = (&'a str, &'a str)>, expected: usize) -> Self {
        let valid = members.filter(|(key, value)| is_key(key.as_bytes()) && is_value(value.as_bytes()));
        let mut state = Self::default();
        let mut count = 0;
        for (key, value) in valid {
            if count < MAX_MEMBERS && state.get(key).is_none() {
                count += 1;
                state.push(key, value, expected);
            }
        }
        state.truncate();
        state
    }

    /// The length of the header, in bytes.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn into_header(self) -> String {
        self.0
    }

    fn push(&mut self, key: &str, value: &str, expected: usize) {
        if self.0.capacity() == 0 {
            self.0.reserve_exact(expected);
        }
        if !self.0.is_empty() {
            self.0.push(',');
        }
        self.0.push_str(key);
        self.0.push('=');
        self.0.push_str(value);
    }

    fn truncate(&mut self) {
        while self.0.len() > MAX_LEN {
            let long = self.0.split(',').rfind(|member| member.len() > LONG_MEMBER);
            let Some(victim) = long.or_else(|| self.0.split(',').next_back()) else {
                return;
            };
            let kept: Vec<&str> = self.0.split(',').filter(|&member| member != victim).collect();
            self.0 = kept.join(",");
        }
    }
}

impl fmt::Display for TraceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TraceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TraceState({:?})", self.0)
    }
}

impl FromStr for TraceState {
    type Err = ParseError;

    fn from_str(header: &str) -> Result<Self, ParseError> {
        Self::parse([header])
    }
}

/// What the API can say of these members: those that its older grammar accepts.
impl From<&TraceState> for ApiTraceState {
    fn from(state: &TraceState) -> Self {
        Self::from_key_value(state.iter()).unwrap_or_else(|_| {
            let accepted = state
                .iter()
                .filter(|&member| Self::from_key_value([member]).is_ok());
            Self::from_key_value(accepted).unwrap_or_default()
        })
    }
}

/// Those members of the API's list that may be sent. It lets through empty values and control characters.
impl From<&ApiTraceState> for TraceState {
    fn from(state: &ApiTraceState) -> Self {
        let length = state.into_iter().map(|(key, value)| key.len() + value.len() + 2);
        Self::collect(state.into_iter(), length.sum::<usize>().saturating_sub(1))
    }
}

/// Without the optional white space of RFC 9110 around it: spaces and tabs, nothing else.
pub(crate) fn trim(text: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = text.iter().position(|byte| !blank(byte)).unwrap_or(text.len());
    let end = text
        .iter()
        .rposition(|byte| !blank(byte))
        .map_or(start, |last| last + 1);
    text.get(start..end).unwrap_or_default()
}

fn member_of(member: &[u8]) -> Result<(&str, &str), ParseError> {
    let equals = member.iter().position(|&byte| byte == b'=');
    let (key, value) = equals
        .and_then(|at| member.split_at_checked(at))
        .ok_or(ParseError::new(Refusal::NoEquals))?;
    let value = value.strip_prefix(b"=").unwrap_or_default();
    if !is_key(key) {
        return Err(ParseError::new(Refusal::Key));
    }
    if !is_value(value) {
        return Err(ParseError::new(Refusal::Value));
    }
    let text = |bytes| std::str::from_utf8(bytes).map_err(|_| ParseError::new(Refusal::Value));
    Ok((text(key)?, text(value)?))
}

fn is_key(key: &[u8]) -> bool {
    let letter_or_digit = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    key.len() <= MAX_PART
        && key.first().is_some_and(letter_or_digit)
        && key
            .iter()
            .all(|byte| letter_or_digit(byte) || b"_-*/@".contains(byte))
}

fn is_value(value: &[u8]) -> bool {
    value.len() <= MAX_PART
        && value.last().is_some_and(|&byte| byte != b' ')
        && value
            .iter()
            .all(|byte| matches!(byte, b' '..=b'~') && !b",=".contains(byte))
}

/// The most members a list may have. <https://www.w3.org/TR/trace-context-2/#tracestate-header-field-values>
const MAX_MEMBERS: usize = 32;

/// The longest key and the longest value, in bytes. <https://www.w3.org/TR/trace-context-2/#list-members>
const MAX_PART: usize = 256;

/// What a sender must be able to pass on, in bytes. <https://www.w3.org/TR/trace-context-2/#tracestate-limits>
const MAX_LEN: usize = 512;

/// A member longer than this goes first when a list is too long, in bytes.
const LONG_MEMBER: usize = 128;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_the_specification_allows() {
        let long_key = format!("{}=1", "z".repeat(256));
        let all = "abcdefghijklmnopqrstuvwxyz0123456789_-*/@=!\"#$%&'()*+-./0189:;<>?@AZ[\\]^_`az{|}~";
        let thirty_two: Vec<String> = (0..32).map(|n| format!("k{n}={n}")).collect();
        let cases: &[(&[&str], &str)] = &[
            (&[], ""),
            (&[""], ""),
            (&[" , \t,, "], ""),
            (&["foo=1"], "foo=1"),
            (&["foo=1", ""], "foo=1"),
            (&["", "foo=1"], "foo=1"),
            (&["foo=1,,bar=2,"], "foo=1,bar=2"),
            (
                &["foo=1,bar=2", "rojo=1,congo=2", "baz=3"],
                "foo=1,bar=2,rojo=1,congo=2,baz=3",
            ),
            (&["foo=1 \t , \t bar=2, \t baz=3\t"], "foo=1,bar=2,baz=3"),
            (&["foo= leading and inner"], "foo= leading and inner"),
            (
                &["foo@=1,foo@@bar=2,foo@bar@baz=3"],
                "foo@=1,foo@@bar=2,foo@bar@baz=3",
            ),
            (&["1a=1,0=2"], "1a=1,0=2"),
            (&["t@vvvvvvvvvvvvvvv=1"], "t@vvvvvvvvvvvvvvv=1"),
            (&["foo=1,foo=2"], "foo=1"),
            (&["foo=1,bar=2", "foo=3"], "foo=1,bar=2"),
            (&[&long_key], &long_key),
            (&[all], all),
            (&[&thirty_two.join(",")], &thirty_two.join(",")),
        ];
        for (lines, expected) in cases {
            let state = TraceState::parse(*lines);
            assert_eq!(
                state.map(|state| state.to_string()).as_deref(),
                Ok(*expected),
                "{lines:?}"
            );
        }
    }

    #[test]
    fn refuses_the_whole_list_for_one_bad_member() {
        let thirty_three: Vec<String> = (0..33).map(|n| format!("k{n}={n}")).collect();
        let cases: &[(&[u8], Refusal)] = &[
            (b"foo", Refusal::NoEquals),
            (b"=1", Refusal::Key),
            (b"foo =1", Refusal::Key),
            (b"FOO=1", Refusal::Key),
            (b"foo.bar=1", Refusal::Key),
            (b"@foo=1,bar=2", Refusal::Key),
            (b"_foo=1", Refusal::Key),
            (b"\xc3\xa9=1", Refusal::Key),
            (b"foo=", Refusal::Value),
            (b"foo=,bar=3", Refusal::Value),
            (b"foo=bar=baz", Refusal::Value),
            (b"foo==bar", Refusal::Value),
            (b"foo=a\tb", Refusal::Value),
            (b"foo=a\x7f", Refusal::Value),
            (b"foo=\xff", Refusal::Value),
            (b"foo=1\n", Refusal::Value),
            (thirty_three.join(",").leak().as_bytes(), Refusal::TooManyMembers),
        ];
        for (line, refusal) in cases {
            let text = String::from_utf8_lossy(line);
            let with_good = TraceState::parse([b"good=1", *line]);
            assert_eq!(with_good, Err(ParseError::new(*refusal)), "{text:?}");
        }
        for part in [format!("{}=1", "z".repeat(257)), format!("z={}", "1".repeat(257))] {
            assert!(TraceState::parse([&part]).is_err(), "257 bytes: {part}");
        }
    }

    #[test]
    fn more_than_512_bytes_lose_long_members_first_and_then_the_last_ones() {
        let (long, short) = ("l".repeat(126), "s".repeat(96));
        let members = [
            format!("a={short}"),
            format!("b={long}z"),
            format!("c={short}"),
            format!("d={long}z"),
            format!("e={short}"),
            format!("f={short}"),
            format!("g={short}"),
            format!("h={short}"),
        ];
        let state = TraceState::parse([members.join(",")]).expect("valid");
        let keys: String = state.iter().map(|(key, _)| key).collect();
        assert_eq!(keys, "acefg", "five of 98 bytes and four commas are 494 bytes");
        assert!(state.len() <= 512, "{} bytes", state.len());
    }

    #[test]
    fn the_api_gets_what_it_accepts_and_gives_back_what_may_be_sent() {
        let state: TraceState = "foo@@bar=1,baz=2".parse().expect("valid");
        let api = ApiTraceState::from(&state);
        assert_eq!(api.header(), "baz=2", "the API's grammar has no second at sign");
        let api = ApiTraceState::from_key_value([("a", ""), ("b", "x\ry"), ("c", "ok")]).expect("accepted");
        assert_eq!(
            TraceState::from(&api).to_string(),
            "c=ok",
            "empty values and controls stay here"
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_parsed_without_panic(lines in proptest::collection::vec(any::<Vec<u8>>(), 0..4)) {
            if let Ok(state) = TraceState::parse(&lines) {
                prop_assert_eq!(state.to_string().parse(), Ok(state));
            }
        }

        #[test]
        fn what_is_written_is_read_again(
            members in proptest::collection::vec("[a-z0-9][a-z0-9_@*/-]{0,20}=[ -+.-<>-~]{0,150}[!-+.-<>-~]", 0..40)
        ) {
            if let Ok(state) = TraceState::parse([members.join(" ,")]) {
                prop_assert!(state.len() <= MAX_LEN);
                prop_assert_eq!(state.to_string().parse(), Ok(state));
            }
        }
    }
}
