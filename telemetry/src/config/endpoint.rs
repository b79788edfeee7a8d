//! Parses the URL of a collector.

use crate::config::Protocol;
use crate::config::expected::Expected;
use crate::signal::Signal;

/// A URL without query, user and trailing slash.
#[derive(Debug)]
pub(crate) struct Endpoint {
    /// Scheme, host and port.
    pub(super) origin: String,
    path: String,
    port: Option<u16>,
}

impl Endpoint {
    /// Parses a URL, or returns what is accepted.
    pub(crate) fn parse(url: &str) -> Result<Self, Expected> {
        let (scheme, rest) = url.split_once("://").ok_or(Expected::Url)?;
        let slash = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at(slash);
        let is_well_formed =
            url.bytes().all(|byte| byte.is_ascii_graphic()) && !url.contains(['?', '#', '@', '\\']);
        if !matches!(scheme, "http" | "https") || !is_well_formed {
            return Err(Expected::Url);
        }
        // In an IPv6 address without a port, the last colon is inside the brackets.
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => {
                (host, Some(port.parse().map_err(|_| Expected::Url)?))
            }
            _ => (authority, None),
        };
        if host.is_empty() || port == Some(0) {
            return Err(Expected::Url);
        }
        Ok(Self {
            origin: format!("{scheme}://{authority}"),
            path: path.trim_end_matches('/').to_owned(),
            port,
        })
    }

    /// Host and port.
    pub(crate) fn address(&self) -> String {
        let (scheme, authority) = self.origin.split_once("://").unwrap_or_default();
        match self.port {
            Some(_) => authority.to_owned(),
            None => format!("{authority}:{}", if scheme == "https" { 443 } else { 80 }),
        }
    }

    /// The protocol that the port and the path imply. Without either, it is that of the specification.
    pub(super) fn protocol(&self) -> Protocol {
        if self.port == Some(4317) && self.path.is_empty() {
            Protocol::Grpc
        } else {
            Protocol::HttpProtobuf
        }
    }

    /// Returns the other protocol and its URL, if nothing but the port suggests `protocol`. A path is one of HTTP,
    /// and the server behind TLS cannot be asked without its certificate.
    pub(super) fn alternative(&self, protocol: Protocol, signal: Signal) -> Option<(Protocol, String)> {
        if !self.path.is_empty() || self.origin.starts_with("https:") {
            return None;
        }
        Some(match protocol {
            Protocol::Grpc => (Protocol::HttpProtobuf, self.with_path(signal)),
            Protocol::HttpProtobuf | Protocol::HttpJson => (Protocol::Grpc, self.origin.clone()),
        })
    }

    /// The URL of a signal's OTLP/HTTP endpoint. The path of another signal is replaced.
    pub(super) fn with_path(&self, signal: Signal) -> String {
        let Self { origin, path, .. } = self;
        let base = Signal::ALL
            .iter()
            .find_map(|other| path.strip_suffix(other.path()))
            .unwrap_or(path);
        format!("{origin}{base}{}", signal.path())
    }
}
