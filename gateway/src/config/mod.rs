//! The configuration: what a file may contain, and its defaults.
//!
//! [`source`] reads a file into these types, by [`document`] and [`plain`], [`arch`] translates Arch's files, [`check`] validates what types
//! cannot express, [`warnings`] lists what is allowed and may be a mistake, and [`summary`] prints the
//! result.

mod arch;
mod budgets;
mod check;
mod document;
mod duration;
mod environment;
mod error;
mod listener;
mod llm;
mod models;
mod number;
mod plain;
mod providers;
mod resilience;
mod secret;
mod source;
mod summary;
mod warnings;

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value};

pub(crate) use self::budgets::{Budget, BudgetBy, Period, Store};
#[cfg(feature = "redis")]
pub(crate) use self::budgets::{Outage, RedisUrl};
pub(crate) use self::environment::Environment;
pub use self::error::ConfigError;
pub(crate) use self::listener::{Listener, Timeouts, Tls};
pub(crate) use self::llm::{Content, LlmSettings, Role};
pub(crate) use self::models::{Model, Target};
pub(crate) use self::providers::Provider;
pub(crate) use self::resilience::{Circuit, Retries};
pub(crate) use self::secret::{Secret, SecretSource};

/// The configuration of a gateway.
///
/// ```
/// use throughline_gateway::Config;
///
/// let config = Config::from_yaml(
///     "
///     listeners:
///       - address: 127.0.0.1:12000
///         tracing: { random_sampling: 100 }
///     providers:
///       - { name: local, api: openai, base_url: http://127.0.0.1:8000/v1 }
///     models:
///       - { name: small, provider: local, model: smollm2 }
///     ",
/// )?;
/// assert_eq!(config.listen_addresses().collect::<Vec<_>>(), ["127.0.0.1:12000"]);
/// # Ok::<(), throughline_gateway::ConfigError>(())
/// ```
///
/// [The crate](crate#configuration) lists the keys.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    pub(crate) listeners: Vec<Listener>,
    pub(crate) providers: Vec<Provider>,
    pub(crate) models: Vec<Model>,
    pub(crate) callers: Vec<Caller>,
    pub(crate) retries: Retries,
    pub(crate) circuit: Circuit,
    pub(crate) budgets: Vec<Budget>,
    pub(crate) store: Store,
    pub(crate) llm: LlmSettings,
    pub(crate) access_log: AccessLog,
    pub(crate) shutdown_timeout: duration::Seconds,
    pub(crate) telemetry: Map<String, Value>,
    /// The text that this was read from. `None`: the defaults.
    #[serde(skip)]
    document: Option<Arc<document::Document>>,
}

/// A program or team that may use the gateway, and its key.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Caller {
    pub(crate) name: String,
    pub(crate) key: SecretSource,
}

/// Where a line of JSON is written for each request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AccessLog {
    #[default]
    Off,
    Stdout,
    Stderr,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listeners: vec![Listener::default()],
            providers: Provider::defaults(),
            models: Vec::new(),
            callers: Vec::new(),
            retries: Retries::default(),
            circuit: Circuit::default(),
            budgets: Vec::new(),
            store: Store::default(),
            llm: LlmSettings::default(),
            access_log: AccessLog::Off,
            shutdown_timeout: duration::Seconds::new(30),
            telemetry: Map::new(),
            document: None,
        }
    }
}

impl Config {
    /// Returns the addresses to listen on.
    pub fn listen_addresses(&self) -> impl Iterator<Item = &str> {
        self.listeners.iter().map(|listener| &*listener.address)
    }

    /// Replaces the address of the only listener, or of the first of several.
    #[must_use]
    pub fn with_address(mut self, address: impl Into<String>) -> Self {
        match self.listeners.first_mut() {
            Some(first) => first.address = address.into(),
            None => self.listeners.push(Listener {
                address: address.into(),
                ..Listener::default()
            }),
        }
        self
    }

    /// Returns the time that requests in progress have to end when the gateway stops. Default: 30 s.
    #[must_use]
    pub fn shutdown_timeout(&self) -> std::time::Duration {
        self.shutdown_timeout.duration()
    }

    /// Adds the file and the line of its place to an error.
    pub(crate) fn locate(&self, error: ConfigError) -> ConfigError {
        match &self.document {
            Some(document) => document.locate(error),
            None => error,
        }
    }

    /// Returns the section `telemetry` as JSON, for `TelemetryConfig::from_json_str`.
    #[must_use]
    pub fn telemetry_json(&self) -> String {
        Value::Object(self.telemetry.clone()).to_string()
    }
}

#[cfg(test)]
mod tests;
