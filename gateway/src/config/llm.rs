//! The settings of the layers that observe model calls.

use std::path::PathBuf;

use serde::Deserialize;

/// The settings of the layers that observe model calls.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LlmSettings {
    /// Where prompts and answers are recorded.
    pub(crate) content: Option<Content>,
    /// Regular expressions whose matches are replaced in recorded content.
    pub(crate) redact: Vec<String>,
    /// A file of prices, in the format of LiteLLM or of `Prices`.
    pub(crate) prices: Option<PathBuf>,
    /// Whether OpenAI-style streams are asked for their usage.
    pub(crate) include_usage: bool,
    /// Whether answers are read to their end if the client leaves.
    pub(crate) drain: bool,
    /// Who reports the tokens: the gateway, or its callers.
    pub(crate) role: Option<Role>,
    pub(crate) openinference: bool,
}

/// Where prompts and answers are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Content {
    None,
    Span,
}

/// Who reports the tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    Client,
    Proxy,
}
