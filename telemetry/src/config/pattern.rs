//! Patterns of the declarative configuration.

use std::str::Chars;

/// Returns whether a text matches a pattern, in which `*` stands for any characters, also none, and `?` for
/// one.
pub(crate) fn matches_pattern(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    // What follows the last star, and the text that was tried for it. Earlier stars need no second try: a
    // longer match of them leaves less to the last one, which takes anything.
    let mut retry: Option<(Chars<'_>, Chars<'_>)> = None;
    loop {
        let (mut pattern_rest, mut text_rest) = (pattern.clone(), text.clone());
        match (pattern_rest.next(), text_rest.next()) {
            (Some('*'), _) => {
                retry = Some((pattern_rest.clone(), text.clone()));
                pattern = pattern_rest;
            }
            (Some(expected), Some(found)) if expected == '?' || expected == found => {
                (pattern, text) = (pattern_rest, text_rest);
            }
            (None, None) => return true,
            _ => {
                let Some((after, tried)) = &mut retry else {
                    return false;
                };
                if tried.next().is_none() {
                    return false;
                }
                (pattern, text) = (after.clone(), tried.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("*", "http.server.request.duration", true),
            ("http.*.duration", "http.server.request.duration", true),
            ("http.*.duration", "http.server.request.size", false),
            ("*.duration*", "a.duration.b.duration", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("a?c", "aéc", true),
            ("abc", "abcd", false),
            ("abc*", "abc", true),
            ("", "", true),
            ("", "a", false),
            ("*a*b", "aaab", true),
            ("*a*b", "aaabc", false),
        ] {
            assert_eq!(matches_pattern(pattern, text), expected, "{pattern:?}, {text:?}");
        }
    }
}
