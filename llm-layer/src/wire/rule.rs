//! What the user knows better.

use std::borrow::Cow;

use super::WireFormat;
use super::anthropic::Anthropic;
use super::bedrock::{Converse, InvokeModel};
use super::cohere::Cohere;
use super::embeddings::Embeddings;
use super::gemini::Gemini;
use super::ollama::Ollama;
use super::openai_chat::OpenAiChat;
use super::openai_completions::OpenAiCompletions;
use super::openai_responses::OpenAiResponses;
use super::recognise::Target;

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
    /// Embeddings, of any provider.
    Embeddings,
    /// Anthropic Messages.
    Anthropic,
    /// Gemini's `generateContent` and `streamGenerateContent`.
    Gemini,
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

/// Says which requests are model calls, and whose, where their path and body do not.
///
/// ```
/// use throughline_llm_layer::{Format, LlmLayer, Rule};
///
/// let layer = LlmLayer::new()
///     .with_rule(Rule::new("/internal/ask", Format::OpenAiChat).at("llm.example.com").by("acme"))
///     .with_rule(Rule::ignore("/api/chat"));
/// ```
#[derive(Debug, Clone)]
pub struct Rule {
    path: Cow<'static, str>,
    domain: Cow<'static, str>,
    pub(super) format: Option<Format>,
    pub(super) provider: Cow<'static, str>,
}

impl Rule {
    /// A `POST` to a path that ends with `path` is a model call in this format, whatever its body looks like.
    #[must_use]
    pub fn new(path: impl Into<Cow<'static, str>>, format: Format) -> Self {
        Self {
            path: path.into(),
            domain: "".into(),
            format: Some(format),
            provider: "_OTHER".into(),
        }
    }

    /// A request to a path that ends with `path` is no model call, whatever it looks like.
    #[must_use]
    pub fn ignore(path: impl Into<Cow<'static, str>>) -> Self {
        Self {
            path: path.into(),
            domain: "".into(),
            format: None,
            provider: "".into(),
        }
    }

    /// Only at this domain, or below it. By default at any.
    #[must_use]
    pub fn at(mut self, domain: impl Into<Cow<'static, str>>) -> Self {
        self.domain = domain.into();
        self
    }

    /// The provider: `gen_ai.provider.name`. By default `_OTHER`.
    #[must_use]
    pub fn by(mut self, provider: impl Into<Cow<'static, str>>) -> Self {
        self.provider = provider.into();
        self
    }

    pub(super) fn applies(&self, target: &Target<'_>, path: &str) -> bool {
        path.ends_with(&*self.path) && (self.domain.is_empty() || target.is_at(&self.domain))
    }
}

impl Format {
    pub(super) fn wire(self) -> &'static dyn WireFormat {
        match self {
            Self::OpenAiChat => &OpenAiChat,
            Self::OpenAiResponses => &OpenAiResponses,
            Self::OpenAiCompletions => &OpenAiCompletions,
            Self::Embeddings => &Embeddings,
            Self::Anthropic => &Anthropic,
            Self::Gemini => &Gemini,
            Self::OllamaChat => &Ollama::Chat,
            Self::OllamaGenerate => &Ollama::Generate,
            Self::Cohere => &Cohere,
            Self::BedrockConverse => &Converse,
            Self::BedrockInvoke => &InvokeModel,
        }
    }
}
