//! The first segment of a path: the token, and the scope if there is one.

use std::fmt;
use std::io;

use http::Uri;
use http::uri::PathAndQuery;

/// The number of random bytes in a token.
const TOKEN_BYTES: usize = 16;

/// A secret that callers have to know, in hexadecimal digits.
#[derive(Clone)]
pub(super) struct Token(String);

impl Token {
    pub(super) fn random() -> io::Result<Self> {
        let mut bytes = [0; TOKEN_BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// Returns the rest of a URI that starts with the token, and the number of its scope.
    pub(super) fn strip(&self, uri: &Uri) -> Option<(Uri, Option<u64>)> {
        let path = uri.path_and_query()?.as_str().strip_prefix('/')?;
        let end = path.find(['/', '?']).unwrap_or(path.len());
        let (segment, rest) = path.split_at_checked(end)?;
        let (token, scope) = match segment.split_once('.') {
            Some((token, scope)) => (token, Some(scope.parse().ok()?)),
            None => (segment, None),
        };
        if !self.is(token) {
            return None;
        }
        let rest = if rest.starts_with('/') {
            rest.parse::<PathAndQuery>().ok()?
        } else {
            format!("/{rest}").parse().ok()?
        };
        Some((Uri::from(rest), scope))
    }

    /// Compares all bytes, so that the time does not tell how many are right.
    fn is(&self, token: &str) -> bool {
        let pairs = self.0.bytes().zip(token.bytes());
        self.0.len() == token.len() && pairs.fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ() {
        let (one, two) = (Token::random().expect("random"), Token::random().expect("random"));
        assert_eq!(one.0.len(), 2 * TOKEN_BYTES, "hexadecimal digits");
        assert_ne!(one.0, two.0, "two tokens");
    }

    #[test]
    fn only_paths_with_the_token_pass() {
        let token = Token("ab12".to_owned());
        for (uri, expected) in [
            ("/ab12/v1/chat?q=1", Some(("/v1/chat?q=1", None))),
            ("/ab12.7/v1//a%20b", Some(("/v1//a%20b", Some(7)))),
            ("/ab12", Some(("/", None))),
            ("/ab12?q", Some(("/?q", None))),
            ("/ab12/", Some(("/", None))),
            ("http://127.0.0.1:1/ab12/v1", Some(("/v1", None))),
            ("/ab12.x/v1", None),
            ("/ab12./v1", None),
            ("/ab1/v1", None),
            ("/ab123/v1", None),
            ("/AB12/v1", None),
            ("//ab12/v1", None),
            ("/v1/ab12", None),
            ("/", None),
            ("*", None),
        ] {
            let stripped = token.strip(&uri.parse().expect("a URI"));
            let stripped = stripped.map(|(uri, scope)| (uri.to_string(), scope));
            let expected = expected.map(|(uri, scope): (&str, _)| (uri.to_owned(), scope));
            assert_eq!(stripped, expected, "{uri}");
        }
    }
}
