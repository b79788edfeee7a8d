//! The trait of all formats, and the formats that this crate knows.

use http::HeaderMap;
use serde_json::Value;

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
use super::{Ask, Channel, Reply};
use crate::content::Content;
use crate::estimate::Prompt;
use crate::json::{Path, Scalar};

/// A wire format: how a request says what it asks for, and an answer what came of it. See [the module](super).
pub trait WireFormat: Send + Sync {
    /// The operation's name in the conventions: `chat`, `text_completion`, `generate_content`, `embeddings` …
    fn operation(&self) -> &'static str;

    /// Whether a request body has this format's shape; if not, the request is none of this format's. A body that could
    /// not be seen is not asked about.
    fn matches(&self, body: &Value) -> bool;

    /// Reads a request by its path, without a slash at its end, and its body, which is null where it was not seen.
    fn ask(&self, path: &str, body: &Value) -> Ask;

    /// Puts down the texts of a request's prompt, which are counted if nobody reports their tokens.
    fn prompt(&self, body: &Value, prompt: &mut Prompt);

    /// What a request says, for users who capture content; by default what can be read of it in the shapes of the formats
    /// that this crate knows.
    fn content(&self, body: &Value) -> Content {
        Content::of_request(body)
    }

    /// Whether the answer to a request tells its usage, as far as the request shows; by default it does. If not, what an
    /// estimate needs is loaded while the answer is awaited.
    fn reports(&self, _body: &Value) -> bool {
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

    fn matches(&self, body: &Value) -> bool {
        self.wire().matches(body)
    }

    fn ask(&self, path: &str, body: &Value) -> Ask {
        self.wire().ask(path, body)
    }

    fn prompt(&self, body: &Value, prompt: &mut Prompt) {
        self.wire().prompt(body, prompt);
    }

    fn content(&self, body: &Value) -> Content {
        self.wire().content(body)
    }

    fn reports(&self, body: &Value) -> bool {
        self.wire().reports(body)
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
