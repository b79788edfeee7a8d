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
    /// An image from a prompt.
    ImageGeneration,
    /// An image from images.
    ImageEdit,
    /// A video from a prompt.
    VideoGeneration,
    /// Sound from a text.
    Speech,
    /// The text of a sound.
    Transcription,
    /// The text of a sound, in English.
    Translation,
    /// Documents ordered by how well they answer a query.
    Rerank,
    /// Whether a text is harmful.
    Moderation,
    /// The text of a document.
    Ocr,
    /// A batch of requests that the provider runs later.
    CreateBatch,
    /// The state of a batch, with its usage once it has ended.
    FetchBatch,
    /// A file for a batch or a prompt.
    UploadFile,
    /// A stored response, which was created before, perhaps in the background.
    FetchResponse,
    /// An agent, a flow or a knowledge base that the provider runs. It makes the prompts, so that only the provider can tell
    /// how many tokens are used.
    InvokeAgent,
    /// An operation without its own variant, by its name. The answer is expected to have text.
    Other(&'static str),
}

impl Operation {
    /// Returns the name: `chat`, `text_completion`, `generate_content`, `embeddings`, `fetch_response` and
    /// `invoke_agent` are those of the GenAI conventions, which have none for the others.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::TextCompletion => "text_completion",
            Self::GenerateContent => "generate_content",
            Self::Embeddings => "embeddings",
            Self::ImageGeneration => "image_generation",
            Self::ImageEdit => "image_edit",
            Self::VideoGeneration => "video_generation",
            Self::Speech => "speech",
            Self::Transcription => "transcription",
            Self::Translation => "translation",
            Self::Rerank => "rerank",
            Self::Moderation => "moderation",
            Self::Ocr => "ocr",
            Self::CreateBatch => "create_batch",
            Self::FetchBatch => "fetch_batch",
            Self::UploadFile => "upload_file",
            Self::FetchResponse => "fetch_response",
            Self::InvokeAgent => "invoke_agent",
            Self::Other(name) => name,
        }
    }

    /// Returns whether a model generates something.
    #[must_use]
    #[inline]
    pub fn is_inference(self) -> bool {
        self.is_text()
            || matches!(
                self,
                Self::ImageGeneration
                    | Self::ImageEdit
                    | Self::VideoGeneration
                    | Self::InvokeAgent
                    | Self::Speech
                    | Self::Transcription
                    | Self::Translation
            )
    }

    /// Returns whether prompt and answer are texts, and every alternative of the answer ends with a finish
    /// reason.
    #[must_use]
    #[inline]
    pub fn is_text(self) -> bool {
        matches!(
            self,
            Self::Chat | Self::TextCompletion | Self::GenerateContent | Self::Other(_)
        )
    }

    /// Returns whether every call uses tokens, so that a call without a report is one whose tokens are unknown.
    #[must_use]
    pub fn uses_tokens(self) -> bool {
        self.is_inference() || self == Self::Embeddings
    }

    /// Returns whether the call gets the result of an earlier request.
    #[must_use]
    pub fn is_fetch(self) -> bool {
        matches!(self, Self::FetchResponse | Self::FetchBatch)
    }
}
