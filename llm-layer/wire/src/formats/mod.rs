//! The formats that this crate reads: one file each.

mod anthropic;
mod bedrock;
mod bedrock_invoke;
mod cohere;
mod embeddings;
mod gemini;
mod gemini_interactions;
mod mistral;
mod ollama;
mod openai_chat;
mod openai_completions;
mod openai_responses;

use http::HeaderMap;

use self::anthropic::Anthropic;
use self::bedrock::Converse;
use self::bedrock_invoke::InvokeModel;
use self::cohere::Cohere;
use self::embeddings::Embeddings;
use self::gemini::Gemini;
use self::gemini_interactions::GeminiInteractions;
use self::mistral::MistralConversations;
use self::ollama::Ollama;
use self::openai_chat::OpenAiChat;
use self::openai_completions::OpenAiCompletions;
use self::openai_responses::OpenAiResponses;
use crate::{
    Channel, Content, Document, Operation, Path, PromptPart, Reply, RequestInfo, Scalar, WireFormat,
};

/// A wire format that this crate reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// OpenAI chat completions.
    OpenAiChat,
    /// OpenAI Responses.
    OpenAiResponses,
    /// Legacy completions.
    OpenAiCompletions,
    /// Embeddings, of any provider but Vertex and Bedrock.
    Embeddings,
    /// Embeddings of Vertex's `:predict`.
    VertexEmbeddings,
    /// Embeddings of Bedrock's InvokeModel.
    BedrockEmbeddings,
    /// Anthropic Messages.
    Anthropic,
    /// Gemini's `generateContent` and `streamGenerateContent`.
    Gemini,
    /// Gemini's interactions.
    GeminiInteractions,
    /// Mistral's conversations.
    MistralConversations,
    /// Ollama's `/api/chat`.
    OllamaChat,
    /// Ollama's `/api/generate`.
    OllamaGenerate,
    /// Cohere's chat.
    Cohere,
    /// Bedrock's Converse.
    BedrockConverse,
    /// Bedrock's InvokeModel.
    BedrockInvoke,
}

impl Format {
    pub(crate) fn decoder(self) -> &'static dyn WireFormat {
        match self {
            Self::OpenAiChat => &OpenAiChat,
            Self::OpenAiResponses => &OpenAiResponses,
            Self::OpenAiCompletions => &OpenAiCompletions,
            Self::Embeddings => &Embeddings::Texts,
            Self::VertexEmbeddings => &Embeddings::Instances,
            Self::BedrockEmbeddings => &Embeddings::InvokeModel,
            Self::Anthropic => &Anthropic,
            Self::Gemini => &Gemini,
            Self::GeminiInteractions => &GeminiInteractions,
            Self::MistralConversations => &MistralConversations,
            Self::OllamaChat => &Ollama::Chat,
            Self::OllamaGenerate => &Ollama::Generate,
            Self::Cohere => &Cohere,
            Self::BedrockConverse => &Converse,
            Self::BedrockInvoke => &InvokeModel,
        }
    }
}

#[deny(clippy::missing_trait_methods)]
impl WireFormat for Format {
    fn operation(&self) -> Operation {
        self.decoder().operation()
    }

    fn members(&self) -> &'static [&'static str] {
        self.decoder().members()
    }

    fn matches(&self, request: &RequestInfo) -> bool {
        self.decoder().matches(request)
    }

    fn request_value(&self, at: &Path, value: Scalar<'_>, request: &mut RequestInfo) {
        self.decoder().request_value(at, value, request);
    }

    fn finish_request(&self, path: &str, request: &mut RequestInfo) {
        self.decoder().finish_request(path, request);
    }

    fn prompt(&self, at: &Path) -> Option<PromptPart> {
        self.decoder().prompt(at)
    }

    fn content(&self, body: &Document) -> Content {
        self.decoder().content(body)
    }

    fn reports_usage(&self, request: &RequestInfo) -> bool {
        self.decoder().reports_usage(request)
    }

    fn alternatives(&self) -> &'static str {
        self.decoder().alternatives()
    }

    fn head(&self, headers: &HeaderMap, reply: &mut Reply) {
        self.decoder().head(headers, reply);
    }

    fn channel(&self, at: &Path, reply: &Reply) -> Option<Channel> {
        self.decoder().channel(at, reply)
    }

    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        self.decoder().value(at, value, reply);
    }

    fn ignores(&self, at: &Path) -> bool {
        IGNORED.contains(&at.as_str())
    }

    fn event(&self, name: &str, reply: &mut Reply) {
        self.decoder().event(name, reply);
    }
}

/// What differs in the events of a stream, and no format reads.
const IGNORED: &[&str] = &[
    "created",
    "created_at",
    "event_id",
    "obfuscation",
    "p",
    "sequence_number",
];

#[cfg(test)]
mod tests {
    use super::{Format, IGNORED, WireFormat};
    use crate::framing::Repeat;
    use crate::json::Scanner;
    use crate::reading::{Reading, TextPiece};
    use crate::{AnyFormat, Reply};

    const FORMATS: [Format; 15] = [
        Format::OpenAiChat,
        Format::OpenAiResponses,
        Format::OpenAiCompletions,
        Format::Embeddings,
        Format::VertexEmbeddings,
        Format::BedrockEmbeddings,
        Format::Anthropic,
        Format::Gemini,
        Format::GeminiInteractions,
        Format::MistralConversations,
        Format::OllamaChat,
        Format::OllamaGenerate,
        Format::Cohere,
        Format::BedrockConverse,
        Format::BedrockInvoke,
    ];

    #[test]
    fn what_is_ignored_says_nothing() {
        for (format, name) in FORMATS
            .iter()
            .flat_map(|format| IGNORED.iter().map(move |name| (*format, name)))
        {
            let wire = AnyFormat::from(format);
            let mut reply = Reply::new(format.alternatives());
            let mut reading = Reading {
                format: &wire,
                reply: &mut reply,
                answer: None,
                on_text: |_: TextPiece<'_>| (),
            };
            let mut is_unchanged_by = |document: String| {
                let fed = Scanner::default().feed(document.as_bytes(), &mut reading);
                assert_eq!(fed, Ok(()), "{document}");
                reading.is_unchanged()
            };
            for event in ["", "error", "response.completed", "conversation.response.error"] {
                is_unchanged_by(format!(r#"{{"type":"{event}"}}"#));
                for value in ["\"completed\"", "7", "null"] {
                    let document = format!(r#"{{"type":"{event}","{name}":{value}}}"#);
                    assert!(is_unchanged_by(document.clone()), "{format:?}: {document}");
                }
            }
        }
    }
}
