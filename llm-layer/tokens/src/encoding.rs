//! Encodings, and which of OpenAI's encodings a model uses.

use std::borrow::Cow;
use std::fmt;

/// The way in which a model's text is split into tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenEncoding {
    name: Cow<'static, str>,
    exact: bool,
}

impl TokenEncoding {
    /// The model's own encoding, by its name, such as `o200k_base`.
    pub fn exact(name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            exact: true,
        }
    }

    /// An encoding that approximates the model's own. It is displayed with `?` after its name.
    pub fn rough(name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            exact: false,
        }
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns whether it is the model's own encoding.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.exact
    }

    /// The same encoding, for a model whose own is another.
    pub(crate) fn into_rough(self) -> Self {
        Self::rough(self.name)
    }

    pub(crate) fn into_name(self) -> Cow<'static, str> {
        self.name
    }
}

/// The name, followed by `?` if the encoding only approximates the model's own: `throughline.tokens.encoding`.
impl fmt::Display for TokenEncoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        f.write_str(if self.exact { "" } else { "?" })
    }
}

/// gpt-4o, gpt-4.1, gpt-5, the o series, gpt-oss.
pub(crate) const O200K_BASE: &str = "o200k_base";
/// gpt-4, gpt-3.5, text-embedding-3.
pub(crate) const CL100K_BASE: &str = "cl100k_base";

/// Returns the encoding of a model as requests name it: in any case, with a provider in front
/// (`openai/gpt-4o`), a variant behind (`gpt-4o:free`), or fine-tuned (`ft:gpt-4o:acme::1`). Unknown models
/// are approximated with `o200k_base`.
pub(crate) fn for_model(name: &str) -> TokenEncoding {
    let name = name.to_ascii_lowercase();
    let name = name.rsplit('/').next().unwrap_or_default();
    let name = name.strip_prefix("ft:").unwrap_or(name);
    let name = name.split(':').next().unwrap_or_default();
    let is_any = |prefixes: &[&str]| prefixes.iter().any(|prefix| is_family(name, prefix));
    if is_any(O200K) {
        TokenEncoding::exact(O200K_BASE)
    } else if is_any(CL100K) {
        TokenEncoding::exact(CL100K_BASE)
    } else if LEGACY.contains(&name) {
        // Their own vocabularies are closer to this one than to the newer one.
        TokenEncoding::rough(CL100K_BASE)
    } else {
        TokenEncoding::rough(O200K_BASE)
    }
}

/// Whether a model's name is `family`, or begins with it at a word boundary.
fn is_family(name: &str, family: &str) -> bool {
    name.strip_prefix(family)
        .is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_alphanumeric()))
}

pub(crate) const O200K: &[&str] = &[
    "gpt-4o",
    "chatgpt-4o",
    "gpt-4.1",
    "gpt-4.5",
    "gpt-5",
    "gpt-oss",
    "o1",
    "o3",
    "o4",
    "codex-mini",
    "gpt-realtime",
    "gpt-audio",
    "computer-use-preview",
];

pub(crate) const CL100K: &[&str] = &[
    "gpt-4",
    "gpt-3.5",
    "gpt-35",
    "text-embedding-3",
    "text-embedding-ada-002",
    "davinci-002",
    "babbage-002",
];

/// The other models of tiktoken's list, whose vocabularies (`gpt2`, `r50k_base`, `p50k_base`, `p50k_edit`) are
/// not part of this crate.
pub(crate) const LEGACY: &[&str] = &[
    "text-davinci-003",
    "text-davinci-002",
    "text-davinci-001",
    "text-curie-001",
    "text-babbage-001",
    "text-ada-001",
    "davinci",
    "curie",
    "babbage",
    "ada",
    "code-davinci-002",
    "code-davinci-001",
    "code-cushman-002",
    "code-cushman-001",
    "davinci-codex",
    "cushman-codex",
    "text-davinci-edit-001",
    "code-davinci-edit-001",
    "text-similarity-davinci-001",
    "text-similarity-curie-001",
    "text-similarity-babbage-001",
    "text-similarity-ada-001",
    "text-search-davinci-doc-001",
    "text-search-curie-doc-001",
    "text-search-babbage-doc-001",
    "text-search-ada-doc-001",
    "code-search-babbage-code-001",
    "code-search-ada-code-001",
    "gpt2",
    "gpt-2",
];
