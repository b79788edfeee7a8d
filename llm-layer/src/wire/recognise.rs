//! Which requests are model calls.

use http::{Method, Uri};

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

/// Where a request goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    pub(crate) host: Option<&'a str>,
    pub(crate) port: Option<u16>,
}

impl<'a> Target<'a> {
    /// The target of a request with an absolute URI, or with the authority that its `host` header names.
    pub(crate) fn new(method: &'a Method, uri: &'a Uri, authority: Option<&'a str>) -> Self {
        let (host, port) = match (uri.host(), authority) {
            (Some(host), _) => (Some(host), uri.port_u16()),
            (None, Some(authority)) => match authority.rsplit_once(':') {
                Some((host, port)) if !port.ends_with(']') => (Some(host), port.parse().ok()),
                _ => (Some(authority), None),
            },
            (None, None) => (None, None),
        };
        let default = match uri.scheme_str() {
            Some("http") => Some(80),
            Some("https") => Some(443),
            _ => None,
        };
        Self {
            method,
            path: uri.path(),
            host: host.map(|host| host.trim_start_matches('[').trim_end_matches(']')),
            port: port.or(default),
        }
    }

    /// Whether the host is `domain`, or stands below it.
    fn is_at(&self, domain: &str) -> bool {
        let above = self.host.and_then(|host| host.strip_suffix(domain));
        above.is_some_and(|sub| sub.is_empty() || sub.ends_with(['.', '-']))
    }
}

/// A request that is a model call, as far as its head tells.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recognised {
    pub(crate) wire: &'static dyn WireFormat,
    pub(crate) provider: &'static str,
}

/// Recognises a model call by its method and the end of its path: a proxy may have any host.
pub(crate) fn recognise(target: &Target<'_>) -> Option<Recognised> {
    if target.method != Method::POST {
        return None;
    }
    let path = target.path.trim_end_matches('/');
    let (_, _, wire, usual) = RULES.iter().find(|(suffix, domain, _, _)| {
        path.ends_with(suffix) && (domain.is_empty() || target.is_at(domain))
    })?;
    let host = PROVIDERS.iter().find(|(domain, _)| target.is_at(domain));
    Some(Recognised {
        wire: *wire,
        provider: match host {
            Some((_, "azure.ai.openai")) if path.starts_with("/models/") => "azure.ai.inference",
            Some((_, provider)) => provider,
            None => usual,
        },
    })
}

/// A path's end, the domain it must be at if the end alone says too little, and whose format it is.
type Rule = (&'static str, &'static str, &'static dyn WireFormat, &'static str);

const RULES: &[Rule] = &[
    ("/chat/completions", "", &OpenAiChat, "openai"),
    ("/responses", "", &OpenAiResponses, "openai"),
    ("/completions", "", &OpenAiCompletions, "openai"),
    ("/embeddings", "", &Embeddings, "openai"),
    ("/v1/messages", "", &Anthropic, "anthropic"),
    (
        ":rawPredict",
        "aiplatform.googleapis.com",
        &Anthropic,
        "gcp.vertex_ai",
    ),
    (
        ":streamRawPredict",
        "aiplatform.googleapis.com",
        &Anthropic,
        "gcp.vertex_ai",
    ),
    (":generateContent", "", &Gemini, "gcp.gen_ai"),
    (":streamGenerateContent", "", &Gemini, "gcp.gen_ai"),
    (":embedContent", "", &Embeddings, "gcp.gen_ai"),
    (":batchEmbedContents", "", &Embeddings, "gcp.gen_ai"),
    ("/api/chat", "", &Ollama::Chat, "ollama"),
    ("/api/generate", "", &Ollama::Generate, "ollama"),
    ("/api/embed", "", &Embeddings, "ollama"),
    ("/v2/chat", "", &Cohere, "cohere"),
    ("/v1/chat", "cohere.com", &Cohere, "cohere"),
    ("/v2/embed", "", &Embeddings, "cohere"),
    ("/converse", "", &Converse, "aws.bedrock"),
    ("/converse-stream", "", &Converse, "aws.bedrock"),
    ("/invoke", "amazonaws.com", &InvokeModel, "aws.bedrock"),
    ("/invoke-with-response-stream", "", &InvokeModel, "aws.bedrock"),
];

const PROVIDERS: &[(&str, &str)] = &[
    ("openai.com", "openai"),
    ("openai.azure.com", "azure.ai.openai"),
    ("cognitiveservices.azure.com", "azure.ai.openai"),
    ("services.ai.azure.com", "azure.ai.openai"),
    ("anthropic.com", "anthropic"),
    ("amazonaws.com", "aws.bedrock"),
    ("generativelanguage.googleapis.com", "gcp.gemini"),
    ("aiplatform.googleapis.com", "gcp.vertex_ai"),
    ("cohere.com", "cohere"),
    ("mistral.ai", "mistral_ai"),
    ("groq.com", "groq"),
    ("deepseek.com", "deepseek"),
    ("perplexity.ai", "perplexity"),
    ("x.ai", "x_ai"),
    ("moonshot.ai", "moonshot_ai"),
    ("moonshot.cn", "moonshot_ai"),
    ("openrouter.ai", "openrouter"),
];
