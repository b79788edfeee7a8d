//! URLs in a text, and what looks like one.

use std::ops::Range;

/// Finds the secrets of the URLs in a text, and of what looks like one: user info, query and fragment.
pub(super) fn find(text: &str, found: &mut Vec<Range<usize>>) {
    let mut start = 0;
    let mut done = 0;
    for piece in text.split(is_break) {
        // A query may go on behind a quote.
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

/// The secrets of a piece of text without white space and quotes.
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
    // The end of user info is the last `@` before the query: a password may hold `/` and `@`.
    let at = body.get(..end).and_then(|open| open.rfind('@'));
    if let Some(at) = at.filter(|&at| at > start && (authority.is_some() || looks_like_url(body, at))) {
        found.push(range.start + start..range.start + at);
    } else if at.is_none()
        && body.get(end..).is_some_and(|rest| rest.contains('@'))
        && (authority.is_some() || !body.starts_with('/'))
    {
        // The `@` is part of the query, or the `?` is part of a password. A path has no user info before it.
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

/// Where the authority of a URL begins: behind `https://`, or `//` at the beginning of a word. A password may hold `//`.
fn authority(body: &str) -> Option<usize> {
    let begins = |at: &usize| {
        let before = body.get(..*at).and_then(|before| before.chars().next_back());
        before.is_none_or(|before| matches!(before, ':' | '=' | ',') || OPENS.contains(&before))
    };
    let mut found = body.match_indices("//").map(|(at, _)| at);
    found.find(begins).map(|at| at + 2)
}

/// Where a query ends: at white space, or at a quote that closes something. Closing punctuation is not part of it.
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

/// Whether `…@…` is more than a mail address.
fn looks_like_url(body: &str, at: usize) -> bool {
    let (before, behind) = body.split_at_checked(at).unwrap_or_default();
    // The packages of npm have paths such as `node_modules/@types/node`.
    let is_package = before.ends_with('/');
    !is_package && (before.contains([':', '/', '=', '\\']) || behind.contains([':', '/', '?', '#']))
}

/// What no URL holds.
pub(super) fn is_break(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '"' | '`')
}

/// What may stand before a URL and is no part of it.
const OPENS: &[char] = &['(', '[', '{', '<', '\'', '\\'];
/// What may stand behind a URL and is no part of it.
pub(super) const CLOSES: &[char] = &[
    ')', ']', '}', '>', '.', ',', ':', ';', '!', '?', '\'', '"', '`', '\\', '…',
];
