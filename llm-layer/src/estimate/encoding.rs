//! Which vocabulary of OpenAI's a model counts with.

use super::TokenEncoding;

/// gpt-4o, gpt-4.1, gpt-5, the o series, gpt-oss.
pub(super) const O200K_BASE: &str = "o200k_base";
/// gpt-4, gpt-3.5, text-embedding-3.
pub(super) const CL100K_BASE: &str = "cl100k_base";

/// The encoding of a model as it is named in requests: in any case, with a provider in front (`openai/gpt-4o`), a
/// variant behind (`gpt-4o:free`), or fine-tuned (`ft:gpt-4o:acme::1`). A model that is not known is counted with
/// `o200k_base`: a rough number.
pub(super) fn of_model(name: &str) -> TokenEncoding {
    let name = name.to_ascii_lowercase();
    let name = name.rsplit('/').next().unwrap_or_default();
    let name = name.strip_prefix("ft:").unwrap_or(name);
    let name = name.split(':').next().unwrap_or_default();
    let of = |prefixes: &[&str]| prefixes.iter().any(|prefix| is_family(name, prefix));
    if of(O200K) {
        TokenEncoding::exact(O200K_BASE)
    } else if of(CL100K) {
        TokenEncoding::exact(CL100K_BASE)
    } else {
        TokenEncoding::rough(O200K_BASE)
    }
}

/// Whether a model is `family`, or begins with it and goes on at a word's end.
fn is_family(name: &str, family: &str) -> bool {
    name.strip_prefix(family)
        .is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_alphanumeric()))
}

pub(super) const O200K: &[&str] = &[
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

pub(super) const CL100K: &[&str] = &[
    "gpt-4",
    "gpt-3.5",
    "gpt-35",
    "text-embedding-3",
    "text-embedding-ada-002",
];
