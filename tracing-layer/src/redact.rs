//! Queries and URLs without their secrets.

use std::borrow::Cow;
use std::sync::Arc;

use crate::semconv::{REDACTED, SENSITIVE_QUERY_KEYS};

/// The query keys whose values are secret: the convention's and the user's. Case does not matter.
#[derive(Debug, Clone, Default)]
pub(crate) struct Redaction {
    keys: Arc<[Box<str>]>,
}

impl Redaction {
    /// The convention's keys and these.
    pub(crate) fn with_keys<'a>(&self, keys: impl IntoIterator<Item = &'a str>) -> Self {
        let own = self.keys.iter().cloned();
        Self {
            keys: own.chain(keys.into_iter().map(Box::from)).collect(),
        }
    }

    /// The query with `REDACTED` for each secret value.
    pub(crate) fn query<'a>(&self, query: &'a str) -> Cow<'a, str> {
        let secret = |pair: &[u8]| {
            let key = pair
                .iter()
                .position(|&byte| byte == b'=')
                .and_then(|at| pair.get(..at));
            key.is_some_and(|key| self.is_secret(key))
        };
        if !query.as_bytes().split(|&byte| byte == b'&').any(secret) {
            return Cow::Borrowed(query);
        }
        let mut redacted = String::with_capacity(query.len() + REDACTED.len());
        for (n, pair) in query.split('&').enumerate() {
            if n > 0 {
                redacted.push('&');
            }
            match pair.split_once('=') {
                Some((key, _)) if self.is_secret(key.as_bytes()) => {
                    redacted.extend([key, "=", REDACTED]);
                }
                _ => redacted.push_str(pair),
            }
        }
        Cow::Owned(redacted)
    }

    /// The URL with `REDACTED` for user and password, and for each secret value of the query.
    pub(crate) fn url(&self, url: &Url<'_>) -> String {
        let query = url.query.map(|query| self.query(query));
        let query = query.as_deref();
        let length = [url.scheme, "://", url.authority, url.path]
            .map(str::len)
            .iter()
            .sum::<usize>();
        let mut full = String::with_capacity(length + query.map_or(0, |query| query.len() + 1));
        full.extend([url.scheme, "://"]);
        match url.authority.rsplit_once('@') {
            Some((user, host)) => {
                full.push_str(REDACTED);
                if user.contains(':') {
                    full.extend([":", REDACTED]);
                }
                full.extend(["@", host]);
            }
            None => full.push_str(url.authority),
        }
        full.push_str(url.path);
        if let Some(query) = query {
            full.extend(["?", query]);
        }
        full
    }

    /// Whether a key as it stands in a query, perhaps percent-coded, names a secret.
    fn is_secret(&self, key: &[u8]) -> bool {
        if key.contains(&b'%') {
            let decoded: Vec<u8> = decoded(key).collect();
            return self.names(&decoded);
        }
        self.names(key)
    }

    fn names(&self, key: &[u8]) -> bool {
        let is_key = |secret: &str| key.eq_ignore_ascii_case(secret.as_bytes());
        SENSITIVE_QUERY_KEYS.iter().any(|secret| is_key(secret))
            || self.keys.iter().any(|secret| is_key(secret))
    }
}

/// A URL in its parts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Url<'a> {
    pub(crate) scheme: &'a str,
    pub(crate) authority: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
}

/// A key without its percent-coding. What is not a code stays as it is.
fn decoded(key: &[u8]) -> impl Iterator<Item = u8> {
    let mut bytes = key.iter().copied();
    std::iter::from_fn(move || match bytes.next()? {
        b'%' => {
            let mut ahead = bytes.clone();
            let hex = |byte: Option<u8>| char::from(byte?).to_digit(16);
            match (hex(ahead.next()), hex(ahead.next())) {
                (Some(high), Some(low)) => {
                    bytes = ahead;
                    u8::try_from(high * 16 + low).ok()
                }
                _ => Some(b'%'),
            }
        }
        byte => Some(byte),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries() {
        let redaction = Redaction::default().with_keys(["token"]);
        let cases = [
            ("a=b&c=d", "a=b&c=d"),
            ("sig=abc", "sig=REDACTED"),
            ("q=1&Signature=x=y&z", "q=1&Signature=REDACTED&z"),
            ("SIG=abc&sig=", "SIG=REDACTED&sig=REDACTED"),
            ("s%69g=abc&%zz=1&%", "s%69g=REDACTED&%zz=1&%"),
            ("token=t&design=1&sig", "token=REDACTED&design=1&sig"),
            ("X-Amz-Signature=s&X-Goog-Signature=g&AWSAccessKeyId=k", {
                "X-Amz-Signature=REDACTED&X-Goog-Signature=REDACTED&AWSAccessKeyId=REDACTED"
            }),
            ("", ""),
        ];
        for (query, expected) in cases {
            assert_eq!(redaction.query(query), expected, "{query:?}");
        }
    }

    #[test]
    fn urls() {
        let cases = [
            ("example.com", "https://example.com/p?sig=REDACTED"),
            ("me:secret@example.com:1", {
                "https://REDACTED:REDACTED@example.com:1/p?sig=REDACTED"
            }),
            ("me@example.com", "https://REDACTED@example.com/p?sig=REDACTED"),
            ("a@b:c@example.com", {
                "https://REDACTED:REDACTED@example.com/p?sig=REDACTED"
            }),
        ];
        for (authority, expected) in cases {
            let url = Url {
                scheme: "https",
                authority,
                path: "/p",
                query: Some("sig=1"),
            };
            assert_eq!(Redaction::default().url(&url), expected, "{authority}");
        }
    }
}
