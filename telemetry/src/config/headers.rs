//! The headers of the requests to a collector.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::config::expected::Expected;
use crate::error::{ConfigSource, InitError};

/// Names and values. The values are secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Headers(BTreeMap<String, String>);

impl Headers {
    pub(super) fn insert(&mut self, name: &str, value: String) {
        self.0.insert(name.to_ascii_lowercase(), value);
    }

    /// A later header replaces an earlier one of the same name.
    pub(super) fn from_pairs(pairs: Vec<(String, String)>) -> Self {
        let mut headers = Self::default();
        for (name, value) in pairs {
            headers.insert(&name, value);
        }
        headers
    }

    /// Returns these headers, and the headers of `others` whose names are not among them.
    pub(crate) fn or(&self, others: &Self) -> Self {
        let mut headers = others.0.clone();
        headers.extend(self.0.clone());
        Self(headers)
    }

    /// The names, without the secrets.
    pub(crate) fn names(&self) -> String {
        self.0.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
    }

    /// Converts the headers to the types of an HTTP client.
    #[cfg_attr(
        not(any(feature = "otlp-grpc", feature = "otlp-http")),
        expect(dead_code, reason = "nothing is delivered over a network")
    )]
    pub(crate) fn parsed<N, V>(&self) -> Result<Vec<(N, V)>, InitError>
    where
        N: FromStr,
        V: FromStr,
    {
        let parse = |(name, value): (&String, &String)| {
            let parsed = name.parse().ok().zip(value.parse().ok());
            parsed.ok_or_else(|| {
                InitError::not_accepted(
                    ConfigSource::Code,
                    format!("header {name}"),
                    "REDACTED",
                    Expected::Header,
                )
            })
        };
        self.0.iter().map(parse).collect()
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Whether every protocol can send a header: its name is a token without gRPC's suffix for binary values, and
/// its value is one line of visible ASCII.
pub(super) fn can_be_sent(name: &str, value: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let is_visible = |byte: u8| matches!(byte, b' '..=b'~' | b'\t');
    name.bytes().all(is_token) && !name.ends_with("-bin") && value.bytes().all(is_visible)
}
