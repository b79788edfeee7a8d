//! Which requests are model calls.

use http::{Method, Uri};

use super::WireFormat;
use super::openai_chat::OpenAiChat;

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
    path.ends_with("/chat/completions").then(|| Recognised {
        wire: &OpenAiChat,
        provider: provider(target.host.unwrap_or_default()),
    })
}

/// The provider by its host; a host that is not known speaks OpenAI's format, and that is what the name tells apart.
fn provider(host: &str) -> &'static str {
    let is_at = |domain: &str| {
        host.strip_suffix(domain)
            .is_some_and(|sub| sub.is_empty() || sub.ends_with('.'))
    };
    PROVIDERS
        .iter()
        .find(|(domain, _)| is_at(domain))
        .map_or("openai", |(_, provider)| provider)
}

const PROVIDERS: &[(&str, &str)] = &[
    ("openai.com", "openai"),
    ("openai.azure.com", "azure.ai.openai"),
    ("cognitiveservices.azure.com", "azure.ai.openai"),
    ("services.ai.azure.com", "azure.ai.inference"),
    ("api.groq.com", "groq"),
    ("api.deepseek.com", "deepseek"),
    ("api.mistral.ai", "mistral_ai"),
    ("api.perplexity.ai", "perplexity"),
    ("api.x.ai", "x_ai"),
    ("api.moonshot.ai", "moonshot_ai"),
    ("api.moonshot.cn", "moonshot_ai"),
    ("generativelanguage.googleapis.com", "gcp.gemini"),
    ("aiplatform.googleapis.com", "gcp.vertex_ai"),
    ("openrouter.ai", "openrouter"),
];
