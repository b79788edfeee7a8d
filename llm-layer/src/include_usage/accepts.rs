//! Decides by the head of a request whether its body may get the option.

use http::header::{ACCEPT_ENCODING, HeaderName};
use http::{HeaderMap, Method};

use crate::call::is_encoded;
use throughline_llm_wire::{Provider, Target};

/// Returns whether the body of a request to `target` may get the option, if it does not have it yet.
pub(super) fn accepts(
    target: &Target<'_>,
    query: Option<&str>,
    headers: &HeaderMap,
    hosts: &[String],
) -> bool {
    let path = target.path.trim_end_matches('/');
    target.method == Method::POST
        && path.ends_with("/completions")
        && is_known(target, path, query, hosts)
        && !is_encoded(headers)
        && !wants_encoding(headers)
        && !SIGNATURE_HEADERS.iter().any(|name| headers.contains_key(name))
}

/// Returns whether the host is known to accept the option.
fn is_known(target: &Target<'_>, path: &str, query: Option<&str>, hosts: &[String]) -> bool {
    hosts.iter().any(|host| target.is_at(host))
        || Provider::at(target).is_some_and(|provider| provider.accepts_include_usage(path, query))
}

/// Returns whether the answer may have an encoding that the caller decodes. No event can be removed from such
/// an answer.
fn wants_encoding(headers: &HeaderMap) -> bool {
    headers.get_all(ACCEPT_ENCODING).iter().any(|value| {
        value.to_str().map_or(true, |value| {
            value.split(',').any(|element| {
                let (coding, weight) = element.split_once(';').unwrap_or((element, ""));
                let coding = coding.trim();
                let refused = weight.trim().trim_start_matches("q=").parse() == Ok(0.0);
                !coding.is_empty() && !coding.eq_ignore_ascii_case("identity") && !refused
            })
        })
    })
}

/// Headers that would no longer match the edited body.
const SIGNATURE_HEADERS: [HeaderName; 6] = [
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("content-md5"),
    HeaderName::from_static("digest"),
    HeaderName::from_static("repr-digest"),
    HeaderName::from_static("signature"),
    HeaderName::from_static("x-amz-content-sha256"),
];

#[cfg(test)]
mod tests {
    use http::{Request, Uri};

    use super::*;

    fn accepted(uri: &str, header: Option<(&'static str, &str)>) -> bool {
        let mut request = Request::post(uri);
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        let request = request.body(()).unwrap();
        let uri: &Uri = request.uri();
        let target = Target::new(request.method(), uri, None);
        accepts(
            &target,
            uri.query(),
            request.headers(),
            &["vllm.internal".to_owned()],
        )
    }

    #[test]
    fn targets() {
        let deployments = "https://r.openai.azure.com/openai/deployments/d/chat/completions";
        let cases = [
            ("https://api.openai.com/v1/chat/completions", true),
            ("https://eu.api.openai.com/v1/completions/", true),
            ("https://api.deepseek.com/chat/completions", true),
            ("https://api.fireworks.ai/inference/v1/chat/completions", true),
            ("https://api.x.ai/v1/chat/completions", true),
            ("http://vllm.internal:8000/v1/chat/completions", true),
            (&format!("{deployments}?api-version=2024-10-21"), true),
            (&format!("{deployments}?a=b&api-version=2025-04-01-preview"), true),
            (&format!("{deployments}?api-version=2024-09-01-preview"), true),
            (&format!("{deployments}?api-version=2024-08-01-preview"), false),
            (&format!("{deployments}?api-version=preview"), false),
            (deployments, false),
            ("https://r.openai.azure.com/openai/v1/chat/completions", true),
            (
                "https://r.services.ai.azure.com/models/chat/completions?api-version=2025-04-01",
                false,
            ),
            ("https://api.mistral.ai/v1/chat/completions", false),
            ("https://api.groq.com/openai/v1/chat/completions", false),
            ("https://openrouter.ai/api/v1/chat/completions", false),
            ("https://notx.ai/v1/chat/completions", false),
            ("https://notopenai.com/v1/chat/completions", false),
            ("https://openai.com.example/v1/chat/completions", false),
            ("https://api.openai.com/v1/responses", false),
            ("https://api.openai.com/v1/embeddings", false),
        ];
        for (uri, expected) in cases {
            assert_eq!(accepted(uri, None), expected, "{uri}");
        }
    }

    #[test]
    fn headers() {
        let cases = [
            ("accept-encoding", "identity", true),
            ("accept-encoding", "gzip;q=0, identity;q=1", true),
            ("accept-encoding", "", true),
            ("accept-encoding", "gzip, br", false),
            ("accept-encoding", "identity, *;q=0.1", false),
            ("content-encoding", "identity", true),
            ("content-encoding", "gzip", false),
            ("content-digest", "sha-256=:x:", false),
        ];
        for (name, value, expected) in cases {
            let seen = accepted("https://api.openai.com/v1/chat/completions", Some((name, value)));
            assert_eq!(seen, expected, "{name}: {value}");
        }
    }
}
