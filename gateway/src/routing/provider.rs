//! A provider, ready to be sent requests.

use std::fmt;
use std::time::Instant;

use http::Uri;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use throughline_forward::{InvalidTarget, Upstream};

use super::circuit::{Circuit, CircuitSettings};
use super::credentials::{Credential, without_key_parameter};
use crate::api::Api;
use crate::config::{self, ConfigError, Environment};

/// A provider, ready to be sent requests.
pub(crate) struct Provider {
    /// Its place in the configuration's list of providers.
    pub(crate) index: usize,
    pub(crate) name: String,
    pub(crate) api: Api,
    upstream: Upstream,
    credential: Option<Credential>,
    headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) circuit: Circuit,
}

impl Provider {
    /// Reads what the configuration refers to: the key, and headers and URLs from the environment.
    pub(crate) fn new(
        provider: &config::Provider,
        index: usize,
        circuit: CircuitSettings,
        environment: &Environment,
    ) -> Result<Self, ConfigError> {
        let place = format!("providers[{index}]");
        let upstream = provider.upstream(index, environment)?;
        let credential = match &provider.key {
            None => None,
            Some(source) => {
                let place = format!("{place}.key");
                let key = source.read(&place, environment)?;
                let credential = Credential::new(provider.api, upstream.host(), &key);
                Some(credential.ok_or_else(|| {
                    ConfigError::new(place, "the key has characters that no header may have")
                })?)
            }
        };
        let mut headers = Vec::with_capacity(provider.headers.len());
        for (name, value) in &provider.headers {
            let place = format!("{place}.headers.{name}");
            let value = environment.expand(value, &place)?;
            let (Ok(name), Ok(mut value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&value))
            else {
                return Err(ConfigError::new(
                    place,
                    "the value has characters that no header may have",
                ));
            };
            value.set_sensitive(true);
            headers.push((name, value));
        }
        Ok(Self {
            index,
            name: provider.name.clone(),
            api: provider.api,
            upstream,
            credential,
            headers,
            circuit: Circuit::new(circuit),
        })
    }

    /// Returns the URI of a path and query at this provider.
    ///
    /// A base URL is that of the provider's SDKs. For OpenAI's API it has the version, so a base path
    /// replaces the `/v1` of the request. For the others it has none, unless its last segment is one.
    pub(crate) fn uri(&self, path: &PathAndQuery) -> Result<Uri, InvalidTarget> {
        let owned;
        let sent = match &self.credential {
            Some(_) if path.query().is_some() => {
                owned = without_key_parameter(path.as_str());
                &owned
            }
            _ => path.as_str(),
        };
        let base = self.upstream.base_path();
        let has_version = match self.api {
            Api::OpenAi => !base.is_empty(),
            Api::Anthropic | Api::Gemini => base.rsplit('/').next().is_some_and(is_version),
        };
        let rest = has_version
            .then(|| without_version(sent))
            .flatten()
            .unwrap_or(sent);
        match std::ptr::eq(rest, path.as_str()) {
            // It is shared, not copied.
            true => self.upstream.join(&Uri::from(path.clone())),
            false => self.upstream.join_path(rest),
        }
    }

    /// Sets the headers of this provider on a request, and replaces the caller's credentials if the provider
    /// has its own.
    pub(crate) fn set_headers(&self, headers: &mut HeaderMap) {
        if let Some(credential) = &self.credential {
            credential.replace(headers);
        }
        for (name, value) in &self.headers {
            headers.insert(name.clone(), value.clone());
        }
    }

    pub(crate) fn is_available(&self) -> bool {
        !self.circuit.is_open(Instant::now())
    }
}

/// Omits headers and URL, which may have secrets.
impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Whether a segment of a path is a version, such as `v1` or `v1beta`.
fn is_version(segment: &str) -> bool {
    let mut letters = segment.chars();
    letters.next() == Some('v') && letters.next().is_some_and(|digit| digit.is_ascii_digit())
}

/// Returns what follows the version at the start of a path, if it has one.
fn without_version(path: &str) -> Option<&str> {
    let segment = path.strip_prefix('/')?.split(['/', '?']).next()?;
    is_version(segment).then(|| path.get(segment.len() + 1..))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_urls_are_those_of_the_sdks() {
        for (api, base, path, expected) in [
            (
                "openai",
                "https://api.openai.com",
                "/v1/chat/completions",
                "https://api.openai.com/v1/chat/completions",
            ),
            (
                "openai",
                "https://api.openai.com/v1",
                "/v1/models?x=1",
                "https://api.openai.com/v1/models?x=1",
            ),
            (
                "openai",
                "https://api.groq.com/openai/v1/",
                "/v1/chat/completions",
                "https://api.groq.com/openai/v1/chat/completions",
            ),
            ("openai", "http://h/base", "/other", "http://h/base/other"),
            (
                "openai",
                "http://h/v1beta/openai",
                "/v1/chat/completions",
                "http://h/v1beta/openai/chat/completions",
            ),
            (
                "anthropic",
                "https://api.anthropic.com",
                "/v1/messages",
                "https://api.anthropic.com/v1/messages",
            ),
            (
                "anthropic",
                "https://h/anthropic",
                "/v1/messages",
                "https://h/anthropic/v1/messages",
            ),
            (
                "anthropic",
                "https://h/v1",
                "/v1/messages",
                "https://h/v1/messages",
            ),
            (
                "gemini",
                "https://g",
                "/v1beta/models/m:generateContent",
                "https://g/v1beta/models/m:generateContent",
            ),
            (
                "gemini",
                "https://g/v1beta",
                "/v1/models/m:generateContent?alt=sse",
                "https://g/v1beta/models/m:generateContent?alt=sse",
            ),
        ] {
            let text = format!(r#"{{"name":"p","api":"{api}","base_url":"{base}"}}"#);
            let config = serde_json::from_str(&text).expect(&text);
            let settings = CircuitSettings {
                failures: 0,
                open_for: std::time::Duration::ZERO,
            };
            let provider = Provider::new(&config, 0, settings, &Environment::process()).expect(&text);
            assert_eq!(
                provider
                    .uri(&PathAndQuery::from_static(path))
                    .map(|uri| uri.to_string()),
                Ok(expected.to_owned()),
                "{base} {path}"
            );
        }
    }
}
