//! Finds the secrets of a text.
//!
//! Each rule finds ranges of the text on its own: URLs ([`url`](super::url)), names before values
//! ([`value`](super::value)), authentication schemes, and words of well-known shapes (here). Adjacent ranges
//! are joined, and each one is replaced once. Rules may overlap and are independent of each other.
//!
//! Then each word with a percent sign is checked again in its decoded form. If it has a secret, the whole
//! word is replaced, because positions in the decoded form are not positions in the text. This comes second,
//! so that the host of a URL with an ordinary query is preserved.

use std::borrow::Cow;
use std::ops::Range;

use super::names::decoded;
use super::url::{self, CLOSES};
use super::{REDACTED, value};

/// Returns the text with each secret replaced by `REDACTED`. See the [module](super) for the rules.
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    match plain(text) {
        Cow::Borrowed(text) => encoded(text),
        Cow::Owned(text) => Cow::Owned(encoded(&text).into_owned()),
    }
}

/// Replaces the secrets that are not encoded.
fn plain(text: &str) -> Cow<'_, str> {
    let mut found = Vec::new();
    url::find(text, &mut found);
    value::find(text, &mut found);
    schemes(text, &mut found);
    words(text, &mut found);
    replace(text, found)
}

/// Replaces the words that have percent-encoded secrets.
fn encoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') && !text.contains(UNICODE_ESCAPE) {
        return Cow::Borrowed(text);
    }
    let mut found = Vec::new();
    let mut start = 0;
    for word in text.split(char::is_whitespace) {
        if word.contains('%') || word.contains(UNICODE_ESCAPE) {
            let open = unescaped(word);
            let open = decoded(&open);
            if *open != *word && plain(&open) != open {
                found.push(start..start + word.trim_end_matches(CLOSES).len());
            }
        }
        start += word.len();
        start += text
            .get(start..)
            .and_then(|rest| rest.chars().next())
            .map_or(0, char::len_utf8);
    }
    replace(text, found)
}

/// Replaces JSON's `\u00XX` by the character.
fn unescaped(word: &str) -> Cow<'_, str> {
    if !word.contains(UNICODE_ESCAPE) {
        return Cow::Borrowed(word);
    }
    let mut pieces = word.split(UNICODE_ESCAPE);
    let mut open = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let code = piece
            .get(..2)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (code, piece.get(2..)) {
            (Some(code), Some(rest)) => open.extend([char::from(code)].into_iter().chain(rest.chars())),
            _ => open.extend([UNICODE_ESCAPE, piece]),
        }
    }
    Cow::Owned(open)
}

fn replace(text: &str, mut found: Vec<Range<usize>>) -> Cow<'_, str> {
    found.retain(|range| !range.is_empty());
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    found.sort_unstable_by_key(|range| range.start);
    let mut redacted = String::with_capacity(text.len());
    let mut done = 0;
    let mut ranges = found.into_iter().peekable();
    while let Some(mut range) = ranges.next() {
        while let Some(next) = ranges.next_if(|next| next.start <= range.end) {
            range.end = range.end.max(next.end);
        }
        redacted.extend([text.get(done..range.start).unwrap_or_default(), REDACTED]);
        done = range.end;
    }
    redacted.push_str(text.get(done..).unwrap_or_default());
    if redacted == text {
        return Cow::Borrowed(text);
    }
    Cow::Owned(redacted)
}

/// Finds the words after `Bearer` and `Basic`.
fn schemes(text: &str, found: &mut Vec<Range<usize>>) {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '-';
    let mut done = 0;
    for (at, scheme) in occurrences(text, &["bearer", "basic"]) {
        if at < done {
            continue;
        }
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let mut start = at + scheme.len();
        let rest = text.get(start..).unwrap_or_default();
        let value = rest.trim_start_matches(is_separator);
        if before.is_some_and(is_word) || value.len() == rest.len() {
            continue;
        }
        start += rest.len() - value.len();
        let mut end = word_end(text, start);
        // `Bearer token: …`: the word before the secret.
        while FILLERS.iter().any(|filler| {
            text.get(start..end)
                .is_some_and(|word| word.eq_ignore_ascii_case(filler))
        }) {
            let rest = text.get(end..).unwrap_or_default();
            start = end + rest.len() - rest.trim_start_matches(is_separator).len();
            end = word_end(text, start);
        }
        let word = text.get(start..end).unwrap_or_default();
        let is_prose = text.get(at..).is_some_and(|text| text.starts_with("basic"))
            && word.bytes().all(|byte| byte.is_ascii_lowercase());
        if !is_prose {
            found.push(start..end);
            done = end;
        }
    }
}

/// Finds words that are secret by their shape: keys of providers, and JSON Web Tokens.
fn words(text: &str, found: &mut Vec<Range<usize>>) {
    let is_part =
        |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.' | '*' | '~');
    let mut start = 0;
    for word in text.split(|letter| !is_part(letter)) {
        let end = start + word.trim_end_matches('.').len();
        let begins = KEYS.iter().any(|key| word.starts_with(key));
        // `sk-learn-estimators` is a word of prose.
        let is_odd = word
            .bytes()
            .any(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase() || byte == b'*');
        if begins && word.len() >= MIN_KEY && is_odd {
            found.push(start..end);
        }
        start += word.len();
        start += text
            .get(start..)
            .and_then(|rest| rest.chars().next())
            .map_or(0, char::len_utf8);
    }
}

/// Finds any of some words, in any case. They are ASCII, in lower case.
fn occurrences<'a>(text: &str, words: &'a [&'a str]) -> impl Iterator<Item = (usize, &'a str)> {
    let bytes = text.as_bytes();
    (0..bytes.len()).filter_map(move |at| {
        let rest = bytes.get(at..)?;
        let begins = |word: &&&str| {
            let begin = rest.get(..word.len());
            begin.is_some_and(|begin| begin.eq_ignore_ascii_case(word.as_bytes()))
        };
        words.iter().find(begins).map(|word| (at, *word))
    })
}

fn word_end(text: &str, start: usize) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    let end = rest.find(url::is_break).unwrap_or(rest.len());
    start + rest.get(..end).unwrap_or_default().trim_end_matches(CLOSES).len()
}

fn is_separator(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, ':' | '=' | '+' | '"' | '\'' | '\\' | '`')
}

/// The characters that may be between a scheme and its secret.
const FILLERS: &[&str] = &[
    "auth",
    "authentication",
    "authorization",
    "credentials",
    "key",
    "token",
];
/// The prefixes of the keys of well-known providers.
const KEYS: &[&str] = &[
    "AIza",
    "AKIA",
    "ASIA",
    "eyJ",
    "ghp_",
    "gho_",
    "ghs_",
    "ghu_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "gsk_",
    "hf_",
    "nvapi-",
    "pplx-",
    "r8_",
    "rk_live_",
    "sk-",
    "sk_live_",
    "sk_test_",
    "tgp_v1_",
    "xai-",
    "xapp-",
    "xoxa-",
    "xoxb-",
    "xoxp-",
    "xoxs-",
    "ya29.",
];
/// The minimum length of a key, in bytes, including its prefix.
const MIN_KEY: usize = 12;
/// The beginning of JSON's escapes of ASCII.
const UNICODE_ESCAPE: &str = "\\u00";
