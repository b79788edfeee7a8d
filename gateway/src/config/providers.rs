//! Providers.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use throughline_forward::{InvalidUpstream, Upstream};

use super::duration::Timeout;
use super::{ConfigError, Environment, SecretSource};
use crate::api::Api;

/// A server of model APIs.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Provider {
    pub(crate) name: String,
    pub(crate) api: Api,
    pub(crate) base_url: String,
    /// The key that is sent in place of the caller's. `None`: the caller's own.
    #[serde(default)]
    pub(crate) key: Option<SecretSource>,
    /// Headers that are set on each request. A value `$NAME` is read from the environment.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// Whether requests that name no configured model go here. Default: the first of its API.
    #[serde(default)]
    pub(crate) default: bool,
    #[serde(default)]
    pub(crate) tls: ProviderTls,
    /// For a connection, with its handshake.
    #[serde(default = "connect_timeout")]
    pub(crate) connect_timeout: Timeout,
}

/// The trust in a provider's certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderTls {
    /// A PEM file of roots, in place of the system's.
    pub(crate) certificate: Option<PathBuf>,
}

impl Provider {
    /// Returns the server of the provider with this index. Its URL may be a variable of the environment.
    pub(crate) fn upstream(&self, index: usize, environment: &Environment) -> Result<Upstream, ConfigError> {
        let place = format!("providers[{index}].base_url");
        let url = environment.expand(&self.base_url, &place)?;
        url.parse()
            .map_err(|error: InvalidUpstream| ConfigError::new(place, error.to_string()))
    }

    /// The hosts of the APIs, with the callers' own keys.
    pub(super) fn defaults() -> Vec<Self> {
        let hosts = [
            (Api::OpenAi, "https://api.openai.com"),
            (Api::Anthropic, "https://api.anthropic.com"),
            (Api::Gemini, "https://generativelanguage.googleapis.com"),
        ];
        let provider = |(api, base_url): (Api, &str)| Self {
            name: api.as_str().to_owned(),
            api,
            base_url: base_url.to_owned(),
            key: None,
            headers: BTreeMap::new(),
            default: false,
            tls: ProviderTls::default(),
            connect_timeout: connect_timeout(),
        };
        hosts.map(provider).into()
    }
}

const fn connect_timeout() -> Timeout {
    Timeout::new(10)
}
