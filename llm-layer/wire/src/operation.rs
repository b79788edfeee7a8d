//! The operations of model calls.

/// The kind of a model call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// An answer to messages.
    Chat,
    /// The continuation of a text.
    TextCompletion,
    /// Multimodal content, as Gemini generates it.
    GenerateContent,
    /// Vectors of texts or images. The answer has no text, finish reason or output tokens.
    Embeddings,
    /// An operation without a variant of its own, by its name. The answer is expected to have text.
    Other(&'static str),
}

impl Operation {
    /// Returns the name in the GenAI conventions: `chat`, `text_completion`, `generate_content`,
    /// `embeddings`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::TextCompletion => "text_completion",
            Self::GenerateContent => "generate_content",
            Self::Embeddings => "embeddings",
            Self::Other(name) => name,
        }
    }

    /// Returns whether the model generates an answer.
    #[must_use]
    #[inline]
    pub fn is_inference(self) -> bool {
        !matches!(self, Self::Embeddings)
    }
}
