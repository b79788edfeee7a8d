//! The `tracestate` header as a value.

use std::cell::Cell;
use std::fmt;
use std::str::FromStr;

use opentelemetry::trace::TraceState as ApiTraceState;

use crate::error::{ParseError, Refusal};
use crate::octets::{split_once, trim};

/// The members of `tracestate`, with the order and text of the header.
///
/// OpenTelemetry's [`TraceState`](ApiTraceState) implements an older grammar and refuses keys that are legal
/// today. This type holds everything that <https://www.w3.org/TR/trace-context-2/#tracestate-header> allows,
/// in one allocation, or none if there are no members. [`Display`](fmt::Display) writes the header without
/// optional white space.
///
/// | input | result |
/// |---|---|
/// | several header lines | one list, in their order |
/// | an empty member, an empty line | skipped |
/// | a key that occurs again | skipped: the leftmost is the newest |
/// | a malformed key or value, a member without `=` | the whole list is refused |
/// | more than 32 members | the whole list is refused |
/// | more than 512 bytes | members of more than 128 bytes are removed first, then the last ones, until it fits |
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
    /// Parses the lines of the header, joined in their order.
    ///
    /// # Errors
    ///
    /// Returns an error if a member has no `=`; if a key is empty, longer than 256 bytes, begins with neither
    /// a lower-case letter nor a digit, or has a character other than those and `_ - * / @`; if a value is
    /// empty, longer than 256 bytes, or has a comma, an equals sign or a byte that is not printable ASCII; or
    /// if there are more than 32 members.
    pub fn parse<L: AsRef<[u8]>>(lines: impl IntoIterator<Item = L>) -> Result<Self, ParseError> {
        let mut state = Self(SPARE.try_with(Cell::take).unwrap_or_default());
        state.0.clear();
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

    /// Returns the members, the latest first.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.split(',').filter_map(|member| member.split_once('='))
    }

    /// Returns the value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.iter()
            .find_map(|(name, value)| (name == key).then_some(value))
    }

    /// Returns whether there are no members. An empty header is never sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the list of those members that may be sent. If a key occurs twice, the first one wins.
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

    /// Returns the length of the header, in bytes.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn into_header(self) -> String {
        self.0
    }

    /// Keeps the memory of a list that is no longer needed, for the next one that this thread parses.
    pub(crate) fn recycle(self) {
        if self.0.capacity() <= MAX_SPARE {
            let _ = SPARE.try_with(|spare| spare.set(self.0));
        }
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
            let members: Vec<&str> = self.0.split(',').filter(|&member| member != victim).collect();
            self.0 = members.join(",");
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

/// Converts the members that the older grammar of the API accepts.
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

/// Returns those members of the API's list that may be sent. The API accepts empty values and control
/// characters.
impl From<&ApiTraceState> for TraceState {
    fn from(state: &ApiTraceState) -> Self {
        let length = state.into_iter().map(|(key, value)| key.len() + value.len() + 2);
        Self::collect(state.into_iter(), length.sum::<usize>().saturating_sub(1))
    }
}

fn member_of(member: &[u8]) -> Result<(&str, &str), ParseError> {
    let (key, value) = split_once(member, b'=').ok_or(ParseError::new(Refusal::NoEquals))?;
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

thread_local! {
    /// Most lists are parsed only to be checked, since OpenTelemetry's list holds all of their members.
    static SPARE: Cell<String> = const { Cell::new(String::new()) };
}

/// The maximum capacity that a thread keeps, in bytes.
const MAX_SPARE: usize = 1024;

/// The maximum number of members. <https://www.w3.org/TR/trace-context-2/#tracestate-header-field-values>
const MAX_MEMBERS: usize = 32;

/// The maximum length of a key and of a value, in bytes.
/// <https://www.w3.org/TR/trace-context-2/#list-members>
const MAX_PART: usize = 256;

/// The length that a sender must be able to pass on, in bytes.
/// <https://www.w3.org/TR/trace-context-2/#tracestate-limits>
const MAX_LEN: usize = 512;

/// Longer members are removed first when a list is too long, in bytes.
const LONG_MEMBER: usize = 128;

#[cfg(test)]
mod tests;
