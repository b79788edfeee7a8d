//! Credentials: those of callers are replaced by those of providers, and never reach another provider.

use http::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderName, HeaderValue};

use crate::api::Api;
use crate::config::Secret;

/// The credential of a provider, as the header in which it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Credential {
    name: HeaderName,
    /// Marked as sensitive, so that its `Debug` form and HTTP/2 do not show it.
    value: HeaderValue,
}

impl Credential {
    /// Returns the credential of a provider at `host`. `None`: the key has characters that no header may
    /// have.
    pub(crate) fn new(api: Api, host: &str, key: &Secret) -> Option<Self> {
        let key = key.reveal();
        let is_azure = host.ends_with(".azure.com") && !key.contains(' ');
        let (name, value) = match api {
            Api::OpenAi if is_azure => (API_KEY, HeaderValue::from_str(key)),
            Api::OpenAi => (AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {key}"))),
            Api::Anthropic => (X_API_KEY, HeaderValue::from_str(key)),
            Api::Gemini => (X_GOOG_API_KEY, HeaderValue::from_str(key)),
        };
        let mut value = value.ok()?;
        value.set_sensitive(true);
        Some(Self { name, value })
    }

    /// Replaces the caller's credentials by this one.
    pub(crate) fn replace(&self, headers: &mut HeaderMap) {
        for name in &CREDENTIALS {
            headers.remove(name);
        }
        headers.insert(self.name.clone(), self.value.clone());
    }
}

/// Returns the credential that a caller sent, without the word `Bearer`: from its headers, or from the
/// parameter `key`.
pub(crate) fn of_caller<'a>(headers: &'a HeaderMap, query: Option<&'a str>) -> Option<&'a str> {
    let header = |name: &HeaderName| headers.get(name)?.to_str().ok();
    let bearer = header(&AUTHORIZATION).map(|value| match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => value,
    });
    bearer
        .or_else(|| header(&X_API_KEY))
        .or_else(|| header(&X_GOOG_API_KEY))
        .or_else(|| header(&API_KEY))
        .or_else(|| {
            query?
                .split('&')
                .find_map(|parameter| parameter.strip_prefix("key="))
        })
}

/// Returns a path and query without the parameter `key`, in which Gemini's clients may send the caller's key.
pub(crate) fn without_key_parameter(path: &str) -> String {
    let Some((path, query)) = path.split_once('?') else {
        return path.to_owned();
    };
    let others: Vec<&str> = query
        .split('&')
        .filter(|parameter| !parameter.starts_with("key="))
        .collect();
    match others.is_empty() {
        true => path.to_owned(),
        false => format!("{path}?{}", others.join("&")),
    }
}

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const X_GOOG_API_KEY: HeaderName = HeaderName::from_static("x-goog-api-key");
const API_KEY: HeaderName = HeaderName::from_static("api-key");

/// The headers that identify a caller to a provider.
const CREDENTIALS: [HeaderName; 7] = [
    AUTHORIZATION,
    COOKIE,
    X_API_KEY,
    X_GOOG_API_KEY,
    API_KEY,
    HeaderName::from_static("openai-organization"),
    HeaderName::from_static("openai-project"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_parameter_is_removed() {
        for (path, expected) in [
            ("/v1beta/models", "/v1beta/models"),
            ("/m:g?key=secret", "/m:g"),
            ("/m:g?alt=sse&key=secret", "/m:g?alt=sse"),
            ("/m:g?key=a&alt=sse&key=b", "/m:g?alt=sse"),
            ("/m:g?monkey=1", "/m:g?monkey=1"),
        ] {
            assert_eq!(without_key_parameter(path), expected, "{path}");
        }
    }

    #[test]
    fn callers_send_their_key_in_several_headers() {
        for (name, value, query, expected) in [
            ("authorization", "Bearer k", None, Some("k")),
            ("authorization", "bearer  k", None, Some("k")),
            ("x-api-key", "k", None, Some("k")),
            ("x-goog-api-key", "k", None, Some("k")),
            ("api-key", "k", None, Some("k")),
            ("accept", "k", Some("alt=sse&key=k"), Some("k")),
            ("accept", "k", Some("alt=sse"), None),
        ] {
            let headers =
                HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static(value))]);
            assert_eq!(of_caller(&headers, query), expected, "{name} {query:?}");
        }
    }
}
