//! The versions of the GenAI conventions.

use std::sync::LazyLock;

use opentelemetry::InstrumentationScope;

use crate::semconv;

/// A version of the [GenAI conventions](https://github.com/open-telemetry/semantic-conventions-genai).
///
/// It decides which attributes and metrics are recorded, and the schema URL. The conventions are in
/// development, and dashboards lag behind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Convention {
    /// The conventions of October 2026: token counters and `gen_ai.client.inference.*`.
    #[default]
    Latest,
    /// Versions 1.37 to 1.41, which most dashboards still need: the histograms `gen_ai.client.token.usage`
    /// and `gen_ai.client.operation.duration`.
    V1_41,
    /// Both at once, for a migration.
    Both,
}

impl Convention {
    /// Returns the version that the environment variable `OTEL_SEMCONV_STABILITY_OPT_IN` selects, a list
    /// separated by commas. Case is ignored, and the first of these values counts:
    ///
    /// | value | version |
    /// |---|---|
    /// | `gen_ai_latest_experimental` | [`Convention::Latest`] |
    /// | `gen_ai_latest_experimental/dup`, `gen_ai/dup` | [`Convention::Both`] |
    /// | `gen_ai` | [`Convention::V1_41`] |
    /// | none of them | [`Convention::Latest`] |
    #[must_use]
    pub fn from_env() -> Self {
        let list = std::env::var("OTEL_SEMCONV_STABILITY_OPT_IN").unwrap_or_default();
        Self::from_opt_in(&list).unwrap_or_default()
    }

    fn from_opt_in(list: &str) -> Option<Self> {
        list.split(',')
            .find_map(|choice| match &*choice.trim().to_ascii_lowercase() {
                "gen_ai_latest_experimental" => Some(Self::Latest),
                "gen_ai_latest_experimental/dup" | "gen_ai/dup" => Some(Self::Both),
                "gen_ai" => Some(Self::V1_41),
                _ => None,
            })
    }

    /// Returns the version that the environment selected when this was first called: see [`Self::from_env`].
    pub(crate) fn in_environment() -> Self {
        static VERSION: LazyLock<Convention> = LazyLock::new(Convention::from_env);
        *VERSION
    }

    /// Returns the URL of the schema that describes the telemetry.
    #[must_use]
    pub fn schema_url(self) -> &'static str {
        match self {
            Self::Latest | Self::Both => semconv::SCHEMA_URL,
            Self::V1_41 => semconv::SCHEMA_URL_1_41,
        }
    }

    /// Returns whether the names of the newest version are recorded.
    #[must_use]
    pub fn is_latest(self) -> bool {
        self != Self::V1_41
    }

    /// Returns whether the names of version 1.41 are recorded.
    #[must_use]
    pub fn is_v1_41(self) -> bool {
        self != Self::Latest
    }

    /// The instrumentation scope of everything that this crate records.
    pub(crate) fn instrumentation_scope(self) -> InstrumentationScope {
        InstrumentationScope::builder(env!("CARGO_PKG_NAME"))
            .with_version(env!("CARGO_PKG_VERSION"))
            .with_schema_url(self.schema_url())
            .build()
    }
}

#[cfg(test)]
mod tests {
    use super::Convention;

    #[test]
    fn opt_in() {
        let cases = [
            ("", None),
            ("http,database", None),
            ("http, gen_ai_latest_experimental", Some(Convention::Latest)),
            ("gen_ai_latest_experimental/dup", Some(Convention::Both)),
            ("gen_ai", Some(Convention::V1_41)),
            ("http/dup, GEN_AI/Dup ", Some(Convention::Both)),
            ("nonsense, gen_ai", Some(Convention::V1_41)),
            ("nonsense", None),
        ];
        for (list, convention) in cases {
            assert_eq!(Convention::from_opt_in(list), convention, "{list}");
        }
    }
}
