//! The APIs that the gateway serves.

use std::fmt;

use http::{HeaderMap, HeaderName, Method};
use serde::Deserialize;

/// An API of model providers. It determines the paths, the credentials and the format of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Api {
    /// OpenAI's, which most other providers serve too.
    #[serde(alias = "openai-compatible")]
    OpenAi,
    /// Anthropic's.
    Anthropic,
    /// Gemini's.
    #[serde(alias = "google")]
    Gemini,
}

impl Api {
    /// Returns its name in configuration files and logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
        }
    }

    /// Returns the API that a request belongs to: by its path, or, if several APIs have the path, by its
    /// headers.
    pub(crate) fn from_request(method: &Method, path: &str, headers: &HeaderMap) -> Self {
        let is_gemini_version = ["/v1beta/", "/v1alpha/", "/upload/v1beta/"]
            .iter()
            .any(|version| path.starts_with(version));
        if is_gemini_version {
            return Self::Gemini;
        }
        if path.starts_with("/v1/messages") || path == "/v1/complete" {
            return Self::Anthropic;
        }
        let last = path.rsplit('/').next().unwrap_or_default();
        if path.starts_with("/v1/models/") && *method == Method::POST && last.contains(':')
            || headers.contains_key(&X_GOOG_API_KEY)
        {
            return Self::Gemini;
        }
        match headers.contains_key(&ANTHROPIC_VERSION) {
            true => Self::Anthropic,
            false => Self::OpenAi,
        }
    }
}

/// Returns the API in whose format errors are answered. It differs from [`Api::from_request`] below Gemini's
/// paths for OpenAI's clients.
pub(crate) fn error_format(api: Api, path: &str) -> Api {
    match path.starts_with("/v1beta/openai/") {
        true => Api::OpenAi,
        false => api,
    }
}

static X_GOOG_API_KEY: HeaderName = HeaderName::from_static("x-goog-api-key");
static ANTHROPIC_VERSION: HeaderName = HeaderName::from_static("anthropic-version");

impl fmt::Display for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn requests_belong_to_the_api_of_their_path_or_headers() {
        for (method, path, header, expected) in [
            ("POST", "/v1/chat/completions", "", Api::OpenAi),
            ("POST", "/v1/responses", "", Api::OpenAi),
            ("GET", "/v1/models", "", Api::OpenAi),
            ("GET", "/v1/models", "anthropic-version", Api::Anthropic),
            ("GET", "/v1/models", "x-goog-api-key", Api::Gemini),
            ("GET", "/v1/files", "anthropic-version", Api::Anthropic),
            ("POST", "/v1/messages", "", Api::Anthropic),
            ("POST", "/v1/messages/count_tokens", "", Api::Anthropic),
            (
                "POST",
                "/v1beta/models/gemini-2.5-pro:generateContent",
                "",
                Api::Gemini,
            ),
            (
                "POST",
                "/v1/models/gemini-2.5-pro:streamGenerateContent",
                "",
                Api::Gemini,
            ),
            ("GET", "/v1/models/ft:gpt-4o:acme", "", Api::OpenAi),
            ("POST", "/v1beta/openai/chat/completions", "", Api::Gemini),
            ("POST", "/upload/v1beta/files", "", Api::Gemini),
        ] {
            let mut headers = HeaderMap::new();
            if !header.is_empty() {
                headers.insert(header, HeaderValue::from_static("x"));
            }
            let method: Method = method.parse().expect("a method");
            assert_eq!(
                Api::from_request(&method, path, &headers),
                expected,
                "{method} {path} {header}"
            );
        }
    }
}
