//! Warnings: what is allowed and may be a mistake, and what a reload does not change.

use std::net::SocketAddr;

use super::{Config, Listener, Provider};

impl Config {
    /// Returns what is allowed but may be a mistake, each with its place. Show it at the start.
    ///
    /// A gateway with keys for its providers and without `callers` lets everyone who reaches it use the keys.
    /// That is a warning unless it listens on loopback addresses only.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let lent: Vec<&str> = self
            .providers
            .iter()
            .filter(|provider| provider.has_key())
            .map(|provider| &*provider.name)
            .collect();
        if lent.is_empty() || !self.callers.is_empty() {
            return Vec::new();
        }
        let names = lent.join(", ");
        let listeners = self.listeners.iter().enumerate();
        listeners
            .filter(|(_, listener)| !listener.is_loopback())
            .map(|(index, Listener { address, .. })| {
                format!(
                    "listeners[{index}].address: everyone who reaches {address} can use the keys of {names}; expected callers, or a \
                     loopback address such as 127.0.0.1:12000"
                )
            })
            .collect()
    }

    /// Returns a warning for each section that differs from the configuration that the gateway started with,
    /// and that [`Gateway::reload`](crate::Gateway::reload) does not replace.
    #[must_use]
    pub fn restart_warnings(&self, started_with: &Self) -> Vec<String> {
        let sections = [
            ("listeners", self.listeners != started_with.listeners),
            ("access_log", self.access_log != started_with.access_log),
            (
                "shutdown_timeout",
                self.shutdown_timeout != started_with.shutdown_timeout,
            ),
            ("telemetry", self.telemetry != started_with.telemetry),
        ];
        let changed = sections.into_iter().filter(|(_, has_changed)| *has_changed);
        changed
            .map(|(section, _)| {
                format!("{section}: a reload does not change this section; restart the gateway to apply it")
            })
            .collect()
    }
}

impl Provider {
    /// Whether requests get a key of the gateway: by `key`, or by a header from the environment.
    fn has_key(&self) -> bool {
        let mut headers = self.headers.values();
        self.key.is_some() || headers.any(|value| super::environment::variable(value).is_some())
    }
}

impl Listener {
    /// Whether only programs of this machine reach it.
    fn is_loopback(&self) -> bool {
        let address = self.address.parse::<SocketAddr>();
        address.is_ok_and(|address| address.ip().to_canonical().is_loopback())
    }
}
