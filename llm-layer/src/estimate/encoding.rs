//! Which vocabulary a model counts with.

/// A vocabulary of OpenAI's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Vocabulary {
    /// `o200k_base`: gpt-4o, gpt-4.1, gpt-5, the o series, gpt-oss.
    O200k,
    /// `cl100k_base`: gpt-4, gpt-3.5, text-embedding-3.
    Cl100k,
}

/// How the text of a model is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Encoding {
    pub(crate) vocabulary: Vocabulary,
    /// Whether it is the model's own. Every other model is counted with `o200k_base`: a rough number.
    pub(crate) known: bool,
}

impl Encoding {
    /// The encoding of a model as it is named in requests: in any case, with a provider in front (`openai/gpt-4o`), a
    /// variant behind (`gpt-4o:free`), or fine-tuned (`ft:gpt-4o:acme::1`).
    pub(crate) fn of_model(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        let name = name.rsplit('/').next().unwrap_or_default();
        let name = name.strip_prefix("ft:").unwrap_or(name);
        let name = name.split(':').next().unwrap_or_default();
        let of = |prefixes: &[&str]| prefixes.iter().any(|prefix| is_family(name, prefix));
        let (vocabulary, known) = if of(O200K) {
            (Vocabulary::O200k, true)
        } else if of(CL100K) {
            (Vocabulary::Cl100k, true)
        } else {
            (Vocabulary::O200k, false)
        };
        Self { vocabulary, known }
    }

    /// The vocabulary's name.
    pub(crate) fn name(self) -> &'static str {
        match self.vocabulary {
            Vocabulary::O200k => "o200k_base",
            Vocabulary::Cl100k => "cl100k_base",
        }
    }

    /// The number of tokens of a short text (at most [`super::Segmented::SEGMENT`]), special tokens read as plain text;
    /// `None` if nothing here can count.
    pub(crate) fn count(self, text: &str) -> Option<u64> {
        #[cfg(feature = "tiktoken")]
        return super::tiktoken::count(self.vocabulary, text);
        #[cfg(not(feature = "tiktoken"))]
        {
            let _ = (self, text);
            None
        }
    }
}

/// Whether a model is `family`, or begins with it and goes on at a word's end.
fn is_family(name: &str, family: &str) -> bool {
    name.strip_prefix(family)
        .is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_alphanumeric()))
}

const O200K: &[&str] = &[
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

const CL100K: &[&str] = &[
    "gpt-4",
    "gpt-3.5",
    "gpt-35",
    "text-embedding-3",
    "text-embedding-ada-002",
];
