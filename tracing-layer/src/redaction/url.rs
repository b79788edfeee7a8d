//! Finds the secrets of URLs in a text, and of what looks like a URL.

use std::ops::Range;

/// Finds user info, query and fragment of the URLs in a text, and of what looks like one.
pub(super) fn find(text: &str, found: &mut Vec<Range<usize>>) {
    let mut start = 0;
    let mut done = 0;
    for piece in text.split(is_break) {
        // A query may continue after a quote.
        if start >= done {
            of_piece(text, start..start + piece.len(), found);
            done = found.last().map_or(0, |range| range.end);
        }
        start += piece.len();
        start += text
            .get(start..)
            .and_then(|rest| rest.chars().next())
            .map_or(0, char::len_utf8);
    }
}

/// Finds the secrets of a piece of text without white space and quotes.
fn of_piece(text: &str, range: Range<usize>, found: &mut Vec<Range<usize>>) {
    let piece = text.get(range.clone()).unwrap_or_default();
    if !piece.contains(['?', '@', '#']) {
        return;
    }
    let body = piece.trim_end_matches(CLOSES);
    let authority = authority(body);
    let start = authority.unwrap_or_else(|| body.len() - body.trim_start_matches(OPENS).len());
    let query = body.find('?').unwrap_or(body.len());
    let fragment = body.get(..query).and_then(|open| open.find('#'));
    let fragment = fragment.filter(|&at| is_fragment(body, at, authority.is_some()));
    let end = fragment.unwrap_or(query);
    // User info ends at the last `@` before the query, since a password may have `/` and `@`.
    let at = body.get(..end).and_then(|open| open.rfind('@'));
    if let Some(at) = at.filter(|&at| at > start && (authority.is_some() || looks_like_url(body, at))) {
        found.push(range.start + start..range.start + at);
    } else if at.is_none()
        && body.get(end..).is_some_and(|rest| rest.contains('@'))
        && (authority.is_some() || !body.starts_with('/'))
    {
        // Either the `@` is part of the query, or the `?` is part of a password. A path cannot have user info
        // before it.
        found.push(range.start + start..region_end(text, range.start + start));
    }
    if end < body.len() {
        let behind = range.start + end + 1;
        let region = behind..region_end(text, behind);
        if !region.is_empty() {
            found.push(region);
        }
    }
}

/// Returns where the authority of a URL begins: after `https://`, or after `//` at the beginning of a word. A
/// password may have `//`.
fn authority(body: &str) -> Option<usize> {
    let begins = |at: &usize| {
        let before = body.get(..*at).and_then(|before| before.chars().next_back());
        before.is_none_or(|before| matches!(before, ':' | '=' | ',') || OPENS.contains(&before))
    };
    let mut found = body.match_indices("//").map(|(at, _)| at);
    found.find(begins).map(|at| at + 2)
}

/// Returns where a query ends: at white space, or at a quote that closes something. Closing punctuation is
/// not part of it.
pub(super) fn region_end(text: &str, start: usize) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    let mut letters = rest.char_indices().peekable();
    let mut end = rest.len();
    while let Some((at, letter)) = letters.next() {
        let next = letters.peek().map(|&(_, next)| next);
        let closes = next.is_none_or(|next| next.is_whitespace() || CLOSES.contains(&next));
        if letter.is_whitespace() || (is_break(letter) && closes) {
            end = at;
            break;
        }
    }
    start + rest.get(..end).unwrap_or_default().trim_end_matches(CLOSES).len()
}

/// A fragment may be a token; `#12` is the number of an issue.
fn is_fragment(body: &str, at: usize, is_url: bool) -> bool {
    let (before, behind) = body.split_at_checked(at).unwrap_or_default();
    let is_number = behind.len() > 1 && behind.bytes().skip(1).all(|byte| byte.is_ascii_digit());
    is_url || (before.contains('/') && !is_number)
}

/// Returns whether `…@…` is more than a mail address.
fn looks_like_url(body: &str, at: usize) -> bool {
    let (before, behind) = body.split_at_checked(at).unwrap_or_default();
    // npm packages have paths such as `node_modules/@types/node`.
    let is_package = before.ends_with('/');
    !is_package && (before.contains([':', '/', '=', '\\']) || behind.contains([':', '/', '?', '#']))
}

/// The characters that a URL cannot have.
pub(super) fn is_break(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '"' | '`')
}

/// The characters before a URL that are not part of it.
const OPENS: &[char] = &['(', '[', '{', '<', '\'', '\\'];
/// The characters after a URL that are not part of it.
pub(super) const CLOSES: &[char] = &[
    ')', ']', '}', '>', '.', ',', ':', ';', '!', '?', '\'', '"', '`', '\\', '…',
];
