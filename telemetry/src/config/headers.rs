//! The headers of the requests to a collector.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::error::{InitError, Place};

/// Names and values, of which the values are secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Headers(BTreeMap<String, String>);

impl Headers {
    pub(super) fn insert(&mut self, name: &str, value: String) {
        self.0.insert(name.to_ascii_lowercase(), value);
    }

    /// Each as what a client takes.
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
            parsed
                .ok_or_else(|| InitError::value(Place::Code, format!("header {name}"), "REDACTED", ACCEPTED))
        };
        self.0.iter().map(parse).collect()
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

const ACCEPTED: &str = "a name and a value that HTTP takes: letters, digits and dashes; no line break";
