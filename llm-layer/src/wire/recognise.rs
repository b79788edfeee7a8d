//! Which requests are model calls.

use std::borrow::Cow;

use http::{Method, Uri};

use super::{Format, Rule, WireFormat};

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
    pub(crate) fn is_at(&self, domain: &str) -> bool {
        let above = self.host.and_then(|host| host.strip_suffix(domain));
        above.is_some_and(|sub| sub.is_empty() || sub.ends_with('.'))
    }
}

/// A request that is a model call, as far as its head tells.
#[derive(Debug, Clone)]
pub(crate) struct Recognised {
    pub(crate) wire: &'static dyn WireFormat,
    pub(crate) provider: Cow<'static, str>,
    /// Whether a rule of the user's said so: then the body's shape is not asked.
    pub(crate) told: bool,
}

/// Recognises a model call: by the user's rules, else by its method and the end of its path, since a proxy may have any
/// host.
pub(crate) fn recognise(target: &Target<'_>, rules: &[Rule]) -> Option<Recognised> {
    if target.method != Method::POST {
        return None;
    }
    let path = target.path.trim_end_matches('/');
    if let Some(rule) = rules.iter().find(|rule| rule.applies(target, path)) {
        return Some(Recognised {
            wire: rule.format?.wire(),
            provider: rule.provider.clone(),
            told: true,
        });
    }
    let (_, _, format, usual) = RULES.iter().find(|(suffix, domain, _, _)| {
        path.ends_with(suffix) && (domain.is_empty() || target.is_at(domain))
    })?;
    let is_vertex = target.host.is_some_and(|host| host.ends_with(VERTEX));
    let host = PROVIDERS.iter().find(|(domain, _)| target.is_at(domain));
    let provider = match host {
        Some((_, "azure.ai.openai")) if path.starts_with("/models/") => "azure.ai.inference",
        Some((_, provider)) => provider,
        None if is_vertex => "gcp.vertex_ai",
        None => usual,
    };
    Some(Recognised {
        wire: format.wire(),
        provider: provider.into(),
        told: false,
    })
}

/// A path's end, the domain it must be at if the end alone says too little, and whose format it is.
type Known = (&'static str, &'static str, Format, &'static str);

const RULES: &[Known] = &[
    ("/chat/completions", "", Format::OpenAiChat, "openai"),
    ("/responses", "", Format::OpenAiResponses, "openai"),
    ("/completions", "", Format::OpenAiCompletions, "openai"),
    ("/embeddings", "", Format::Embeddings, "openai"),
    ("/v1/messages", "", Format::Anthropic, "anthropic"),
    (
        ":rawPredict",
        "googleapis.com",
        Format::Anthropic,
        "gcp.vertex_ai",
    ),
    (
        ":streamRawPredict",
        "googleapis.com",
        Format::Anthropic,
        "gcp.vertex_ai",
    ),
    (":generateContent", "", Format::Gemini, "gcp.gen_ai"),
    (":streamGenerateContent", "", Format::Gemini, "gcp.gen_ai"),
    (":embedContent", "", Format::Embeddings, "gcp.gen_ai"),
    (":batchEmbedContents", "", Format::Embeddings, "gcp.gen_ai"),
    ("/api/chat", "", Format::OllamaChat, "ollama"),
    ("/api/generate", "", Format::OllamaGenerate, "ollama"),
    ("/api/embed", "", Format::Embeddings, "ollama"),
    ("/v2/chat", "", Format::Cohere, "cohere"),
    ("/v1/chat", "cohere.com", Format::Cohere, "cohere"),
    ("/v2/embed", "", Format::Embeddings, "cohere"),
    ("/converse", "", Format::BedrockConverse, "aws.bedrock"),
    ("/converse-stream", "", Format::BedrockConverse, "aws.bedrock"),
    ("/invoke", "amazonaws.com", Format::BedrockInvoke, "aws.bedrock"),
    (
        "/invoke-with-response-stream",
        "",
        Format::BedrockInvoke,
        "aws.bedrock",
    ),
];

const PROVIDERS: &[(&str, &str)] = &[
    ("openai.com", "openai"),
    ("openai.azure.com", "azure.ai.openai"),
    ("cognitiveservices.azure.com", "azure.ai.openai"),
    ("services.ai.azure.com", "azure.ai.openai"),
    ("anthropic.com", "anthropic"),
    ("amazonaws.com", "aws.bedrock"),
    ("generativelanguage.googleapis.com", "gcp.gemini"),
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

/// The end of Vertex's hosts, which have a region in front of it, with a hyphen.
const VERTEX: &str = "aiplatform.googleapis.com";
