//! Where a signal goes over OTLP: protocol and URL, from what was configured.

use std::fmt;
use std::time::Duration;

use throughline_propagation::redaction::redact_url;

use crate::config::{Compression, Headers, Protocol, TelemetryConfig, TlsConfig};
use crate::error::{InitError, Place};
use crate::signal::Signal;

/// The collector as one signal sees it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) signal: Signal,
    pub(crate) protocol: Protocol,
    pub(crate) url: String,
    pub(crate) compression: Compression,
    pub(crate) tls: TlsConfig,
    pub(crate) headers: Headers,
    /// The most bytes of a request, before compression.
    pub(crate) max_request_bytes: usize,
    timeout: Duration,
}

impl Target {
    /// The rules of the specification (<https://opentelemetry.io/docs/specs/otel/protocol/exporter/>): what is set for the
    /// signal is taken as it is; of what is set for all signals, HTTP gets the signal's path appended.
    pub(crate) fn new(config: &TelemetryConfig, signal: Signal) -> Result<Self, InitError> {
        let own = config.signals.of(signal);
        let set = own.endpoint.as_deref().or(config.endpoint.as_deref());
        let parts = set.map(|url| {
            parse(url).map_err(|accepted| InitError::value(Place::Code, "endpoint", url, accepted))
        });
        let parts = parts.transpose()?;
        let looks = || parts.as_ref().map_or(Protocol::Grpc, Parts::protocol);
        let protocol = own.protocol.or(config.protocol).unwrap_or_else(looks);
        let url = match (&own.endpoint, parts, protocol) {
            (Some(url), _, _) => url.clone(),
            (None, Some(parts), Protocol::Grpc) => parts.origin,
            (None, Some(parts), Protocol::HttpProtobuf | Protocol::HttpJson) => parts.with_path(signal),
            (None, None, Protocol::Grpc) => GRPC.to_owned(),
            (None, None, Protocol::HttpProtobuf | Protocol::HttpJson) => format!("{HTTP}{}", signal.path()),
        };
        Ok(Self {
            signal,
            protocol,
            url,
            compression: own.compression.unwrap_or(config.compression),
            tls: own.tls.or(&config.tls),
            headers: config.headers(signal),
            max_request_bytes: config.max_request_bytes,
            timeout: config.timeout(signal),
        })
    }

    pub(crate) fn is_https(&self) -> bool {
        self.url.starts_with("https:")
    }

    /// How long one delivery may take.
    #[cfg_attr(
        not(any(feature = "otlp-grpc", feature = "otlp-http")),
        expect(dead_code, reason = "nothing is delivered over a network")
    )]
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = match self.protocol {
            Protocol::Grpc => "gRPC",
            Protocol::HttpProtobuf | Protocol::HttpJson => "HTTP",
        };
        write!(
            f,
            "{} over OTLP by {by} to {}",
            self.signal,
            redact_url(&self.url)
        )
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({self})")
    }
}

/// A URL taken apart.
#[derive(Debug)]
pub(crate) struct Parts {
    origin: String,
    path: String,
    port: Option<u16>,
}

impl Parts {
    /// Host and port.
    pub(crate) fn address(&self) -> String {
        let authority = self
            .origin
            .split_once("://")
            .map_or("", |(_, authority)| authority);
        let default = if self.origin.starts_with("https") { 443 } else { 80 };
        if self.port.is_some() {
            authority.to_owned()
        } else {
            format!("{authority}:{default}")
        }
    }

    fn protocol(&self) -> Protocol {
        if self.port == Some(4318) || !self.path.is_empty() {
            Protocol::HttpProtobuf
        } else {
            Protocol::Grpc
        }
    }

    fn with_path(self, signal: Signal) -> String {
        let Self { origin, path, .. } = self;
        let base = Signal::ALL
            .iter()
            .find_map(|other| path.strip_suffix(other.path()))
            .unwrap_or(&path);
        format!("{origin}{base}{}", signal.path())
    }
}

/// Takes a URL apart, or says what is accepted. A trailing slash is no path.
pub(crate) fn parse(url: &str) -> Result<Parts, &'static str> {
    const ACCEPTED: &str = "a URL such as http://127.0.0.1:4317 (gRPC) or http://127.0.0.1:4318 (HTTP)";
    let (scheme, rest) = url.split_once("://").ok_or(ACCEPTED)?;
    let slash = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(slash);
    let well_formed = url.bytes().all(|byte| byte.is_ascii_graphic()) && !url.contains(['?', '#', '@', '\\']);
    if !matches!(scheme, "http" | "https") || !well_formed {
        return Err(ACCEPTED);
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse().map_err(|_| ACCEPTED)?)),
        _ => (authority, None),
    };
    if host.is_empty() || port == Some(0) {
        return Err(ACCEPTED);
    }
    Ok(Parts {
        origin: format!("{scheme}://{authority}"),
        path: path.trim_end_matches('/').to_owned(),
        port,
    })
}

const GRPC: &str = "http://127.0.0.1:4317";
const HTTP: &str = "http://127.0.0.1:4318";
