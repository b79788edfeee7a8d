//! Finds the values of secret names, in any notation of pairs.
//!
//! The search goes from a separator (`=`, `:`, `=>`, the `,` of a tuple, or the `>` of an element) to the
//! name before it and, if that is secret, to the end of its value. The value is a quoted text, a word, or a
//! group in brackets such as `Some("…")` and `["…", "…"]`. If a value is not closed, it extends to the end of
//! the text.

use std::ops::Range;

use super::names::{Strength, strength};
use super::url::CLOSES;

/// Finds the values of secret names.
pub(super) fn find(text: &str, found: &mut Vec<Range<usize>>) {
    let mut done = 0;
    for (at, separator) in text.match_indices(['=', ':', ',', '>']) {
        if at < done {
            continue;
        }
        let Some(value) = of_separator(text, at, separator) else {
            continue;
        };
        done = value.end;
        found.push(value);
    }
}

/// Returns the value after a separator, if the name before it is secret.
fn of_separator(text: &str, at: usize, separator: &str) -> Option<Range<usize>> {
    let before = text.get(..at)?;
    let behind = text.get(at + separator.len()..)?;
    // `token::Kind` and `token://host` are not pairs.
    if separator == ":" && (behind.starts_with(':') || behind.starts_with("//") || before.ends_with(':')) {
        return None;
    }
    let name = Name::before(before);
    let strength = name.strength()?;
    if separator == ">" {
        let end = name.before.ends_with('<').then(|| behind.find('<'))??;
        let value = at + 1..at + 1 + end;
        return (!is_harmless(text.get(value.clone())?, strength)).then_some(value);
    }
    if separator == "," {
        return name.is_in_tuple().then(|| of_tuple(text, at + 1)).flatten();
    }
    let start = text.len() - behind.trim_start_matches(['=', ':', '>', ' ', '\t']).len();
    let rest = text.get(start..)?;
    let is_pair = match strength {
        Strength::Part => rest.starts_with("Some("),
        Strength::Code | Strength::Word => separator == "=" || name.is_quoted,
        Strength::Name | Strength::Line => true,
    };
    if !is_pair {
        return None;
    }
    let is_bare = !name.is_quoted && !rest.starts_with(['"', '\'', '`', '\\']);
    let value = match strength {
        Strength::Line if is_bare => start..start + rest.find(['\r', '\n']).unwrap_or(rest.len()),
        _ => value_at(text, start),
    };
    let shown = text.get(value.clone())?;
    (!is_harmless(shown, strength)).then_some(value)
}

/// Returns the value in `("name", "value")`, `["name", "value"]` or `"name": "x-api-key", "value": "…"`.
fn of_tuple(text: &str, start: usize) -> Option<Range<usize>> {
    let value = text.get(start..)?.trim_start();
    if !value.trim_start_matches(['b', '\\']).starts_with(['"', '\'']) {
        return None;
    }
    let word = value_at(text, text.len() - value.len());
    let behind = text
        .get(word.end..)?
        .trim_start_matches(['"', '\'', '\\', ' ', '\t', '\n']);
    let is_label = matches!(text.get(word.clone())?, "value" | "Value") && behind.starts_with(':');
    if !is_label {
        return Some(word);
    }
    let value = behind.trim_start_matches([':', ' ', '\t', '\n']);
    Some(value_at(text, text.len() - value.len()))
}

/// The name before a separator.
struct Name<'a> {
    /// The text before the name.
    before: &'a str,
    text: &'a str,
    /// The word before it, if there is only a space in between: `API key`.
    word: &'a str,
    is_quoted: bool,
}

impl<'a> Name<'a> {
    fn before(text: &'a str) -> Self {
        let text = text.trim_end_matches([' ', '\t']);
        let bare = text.trim_end_matches(']');
        let unquoted = bare.trim_end_matches(['"', '\'', '`']).trim_end_matches('\\');
        let is_quoted = unquoted.len() < bare.len();
        let text = if is_quoted { unquoted } else { text };
        let (rest, name) = split_word(text);
        let word = rest.strip_suffix(' ').map_or("", |rest| split_word(rest).1);
        Self {
            before: rest,
            text: name,
            word: if is_quoted { "" } else { word },
            is_quoted,
        }
    }

    /// Returns whether a quoted text is the name before a `,`, and not itself the value of another name, as
    /// in `"code": "invalid_api_key", "type": "…"`.
    fn is_in_tuple(&self) -> bool {
        let before = self.before.trim_end_matches(['b', '\\', '"', '\'']).trim_end();
        let label = before
            .strip_suffix([':', '='])
            .map(|before| before.trim_end_matches(['\\', '"', '\'']));
        self.is_quoted && label.is_none_or(|label| matches!(split_word(label).1, "name" | "Name" | "key"))
    }

    fn strength(&self) -> Option<Strength> {
        let own = strength(self.text);
        let is_first = |word: &&str| self.word.eq_ignore_ascii_case(word);
        if own < Some(Strength::Word) || !FIRST_WORDS.iter().any(is_first) {
            return own;
        }
        // `API key` is stronger than `key`, but `primary key` is not.
        own.max(Some(Strength::Name))
    }
}

/// Returns the last word of a text, as far as it has the characters of names.
fn split_word(text: &str) -> (&str, &str) {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.[]".contains(byte);
    let letters = text.bytes().rev().take(MAX_NAME).take_while(is_name).count();
    text.split_at_checked(text.len() - letters).unwrap_or((text, ""))
}

/// Returns the value that begins at `start`, without its quotes and trailing punctuation.
fn value_at(text: &str, start: usize) -> Range<usize> {
    let rest = text.get(start..).unwrap_or_default();
    let unescaped = rest.trim_start_matches('\\');
    let quote = unescaped.starts_with(['"', '\'', '`']);
    let open = if quote {
        rest.len() - unescaped.len() + 1
    } else {
        0
    };
    let value = rest.get(..scan(rest)).unwrap_or_default();
    let value = if quote {
        value.trim_end_matches(['"', '\'', '`', '\\'])
    } else if value.contains(['(', '[', '{']) {
        value.trim_end_matches([',', ';', '.'])
    } else {
        value.trim_end_matches(CLOSES)
    };
    start + open..start + value.len().max(open)
}

/// Returns the length of the quoted text, the group in brackets or the word at the beginning of a text.
fn scan(text: &str) -> usize {
    let opening = text.trim_start_matches('\\').chars().next();
    let mut depth = 0_usize;
    // The open quote, and whether it is one within a quoted text: `\"…\"`.
    let mut quote = None;
    let mut is_escaped = false;
    for (at, letter) in text.char_indices() {
        let was_escaped = is_escaped;
        is_escaped = letter == '\\' && !was_escaped;
        match (quote, letter) {
            (Some((open, is_inner)), _) if letter == open && was_escaped == is_inner => {
                quote = None;
                if depth == 0 && opening == Some(open) {
                    return at + letter.len_utf8();
                }
            }
            // The surrounding quoted text ends first.
            (Some((open, true)), _) if letter == open => return at,
            (None, '"' | '`') => quote = Some((letter, was_escaped)),
            (None, '\'') if at == 0 || depth > 0 => quote = Some((letter, was_escaped)),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, _) if letter.is_whitespace() && depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

/// Returns whether a value is not worth hiding.
fn is_harmless(value: &str, strength: Strength) -> bool {
    let is_number = |digits: usize| value.len() <= digits && value.bytes().all(|byte| byte.is_ascii_digit());
    let is_word = |byte: u8| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'-' | b'.');
    // `invalid_grant`, and the codes of JSON-RPC.
    let is_error_code = || value.bytes().all(is_word) || (value.starts_with("-32") && value.len() == 6);
    !value.contains(char::is_alphanumeric)
        || is_number(3)
        || matches!(value, "null" | "None" | "nil" | "true" | "false")
        || (strength == Strength::Code && (is_error_code() || is_number(5)))
}

/// The words before `key` and `token` that make them names of secrets in prose, as in `API key`.
const FIRST_WORDS: &[&str] = &[
    "access",
    "api",
    "auth",
    "bearer",
    "client",
    "id",
    "private",
    "refresh",
    "secret",
    "session",
    "signing",
    "subscription",
];
/// The maximum number of bytes of a name that are read.
const MAX_NAME: usize = 128;
