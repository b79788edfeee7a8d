//! The trait of all formats, and the formats that this crate knows.

use http::HeaderMap;

use super::anthropic::Anthropic;
use super::bedrock::Converse;
use super::bedrock_invoke::InvokeModel;
use super::cohere::Cohere;
use super::embeddings::Embeddings;
use super::gemini::Gemini;
use super::gemini_interactions::GeminiInteractions;
use super::mistral::MistralConversations;
use super::ollama::Ollama;
use super::openai_chat::OpenAiChat;
use super::openai_completions::OpenAiCompletions;
use super::openai_responses::OpenAiResponses;
use super::{Channel, PromptPart, Reply, RequestInfo};
use crate::content::{Content, Document};
use crate::json::{Path, Scalar};

/// A wire format: how a request says what it asks for, and an answer what came of it. See [the module](super).
pub trait WireFormat: Send + Sync {
    /// The operation's name in the conventions: `chat`, `text_completion`, `generate_content`, `embeddings` …
    fn operation(&self) -> &'static str;

    /// The members of a request's root that [`matches`](Self::matches) looks for, at most 64. Default: none.
    fn members(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether a request body has this format's shape; if not, the request is not of this format. Not called if the body
    /// was not read.
    fn matches(&self, request: &RequestInfo) -> bool;

    /// Reads a value of a request: a string of the body as far as 1 KiB, a number, `true`, `false` or `null`. The members
    /// `model` and `stream` of the root are read already. Default: nothing more.
    ///
    /// Of an array, the first 32 elements are read, and of its elements that are objects or arrays only the first.
    fn request_value(&self, _at: &Path, _value: Scalar<'_>, _request: &mut RequestInfo) {}

    /// Completes what was read of a request, once its body was read as far as it will be. `path` is the request's, without
    /// a slash at its end. Default: nothing more.
    fn finish_request(&self, _path: &str, _request: &mut RequestInfo) {}

    /// What the value at a path of a request is to its prompt, which is counted if nobody reports its tokens. Not called
    /// for what is within a part of the prompt.
    fn prompt(&self, at: &Path) -> Option<PromptPart>;

    /// What a request says, for users who capture content. Default: what can be read of it in the shapes of the formats
    /// that this crate knows. Tool definitions have neither descriptions nor schemas in `body`.
    fn content(&self, body: &Document) -> Content {
        Content::of_request(body)
    }

    /// Whether the answer to a request reports its usage, as far as the request shows. Default: it does. If not, what an
    /// estimate needs is loaded while the answer is awaited.
    fn reports_usage(&self, _request: &RequestInfo) -> bool {
        true
    }

    /// The outermost array of an answer's documents, if its elements are alternative answers, such as `choices[]`. By
    /// default there is one answer only.
    fn alternatives(&self) -> &'static str {
        ""
    }

    /// Reads the head of an answer; by default nothing.
    fn head(&self, _headers: &HeaderMap, _reply: &mut Reply) {}

    /// Whether the string at a path is text of the answer, which is counted; else it is a value.
    fn channel(&self, at: &Path, reply: &Reply) -> Option<Channel>;

    /// Reads a value of the answer.
    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply);

    /// Whether the value at a path says nothing, whatever it is, such as the number of an event; by default none. Events of
    /// a stream that differ in such values and in one text cost the least.
    fn ignores(&self, _at: &Path) -> bool {
        false
    }

    /// An event of this name begins; by default it does not matter. Its values come next, and [`Reply::event`] is its
    /// name if the stream told it ahead of them.
    fn event(&self, _name: &str, _reply: &mut Reply) {}
}

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
    pub(super) fn wire(self) -> &'static dyn WireFormat {
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
    fn operation(&self) -> &'static str {
        self.wire().operation()
    }

    fn members(&self) -> &'static [&'static str] {
        self.wire().members()
    }

    fn matches(&self, request: &RequestInfo) -> bool {
        self.wire().matches(request)
    }

    fn request_value(&self, at: &Path, value: Scalar<'_>, request: &mut RequestInfo) {
        self.wire().request_value(at, value, request);
    }

    fn finish_request(&self, path: &str, request: &mut RequestInfo) {
        self.wire().finish_request(path, request);
    }

    fn prompt(&self, at: &Path) -> Option<PromptPart> {
        self.wire().prompt(at)
    }

    fn content(&self, body: &Document) -> Content {
        self.wire().content(body)
    }

    fn reports_usage(&self, request: &RequestInfo) -> bool {
        self.wire().reports_usage(request)
    }

    fn alternatives(&self) -> &'static str {
        self.wire().alternatives()
    }

    fn head(&self, headers: &HeaderMap, reply: &mut Reply) {
        self.wire().head(headers, reply);
    }

    fn channel(&self, at: &Path, reply: &Reply) -> Option<Channel> {
        self.wire().channel(at, reply)
    }

    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        self.wire().value(at, value, reply);
    }

    fn ignores(&self, at: &Path) -> bool {
        IGNORED.contains(&at.as_str())
    }

    fn event(&self, name: &str, reply: &mut Reply) {
        self.wire().event(name, reply);
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
    use crate::estimate::Encoding;
    use crate::framing::Repeat;
    use crate::json::Scanner;
    use crate::wire::recognise::Wire;
    use crate::wire::{Reading, Reply};

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
            let wire = Wire::BuiltIn(format);
            let mut reply = Reply::new(Encoding::of_model("gpt-4o"), format.alternatives());
            let mut reading = Reading::new(&wire, &mut reply);
            let mut tell = |document: String| {
                let fed = Scanner::default().feed(document.as_bytes(), &mut reading);
                assert_eq!(fed, Ok(()), "{document}");
                reading.is_settled()
            };
            for event in ["", "error", "response.completed", "conversation.response.error"] {
                tell(format!(r#"{{"type":"{event}"}}"#));
                for value in ["\"completed\"", "7", "null"] {
                    let document = format!(r#"{{"type":"{event}","{name}":{value}}}"#);
                    assert!(tell(document.clone()), "{format:?}: {document}");
                }
            }
        }
    }
}
