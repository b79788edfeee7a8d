//! The collector of a signal: protocol, URL, certificates and headers, resolved from the configuration.

use std::fmt;
use std::time::Duration;

use throughline_tracing_layer::redaction::redact_url;

use crate::config::endpoint::Endpoint;
use crate::config::{Compression, Headers, Protocol, TelemetryConfig, TlsConfig};
use crate::error::{ConfigSource, InitError};
use crate::signal::Signal;

/// The collector of one signal.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct OtlpTarget {
    pub(crate) signal: Signal,
    pub(crate) protocol: Protocol,
    pub(crate) url: String,
    pub(crate) compression: Compression,
    pub(crate) tls: TlsConfig,
    pub(crate) headers: Headers,
    /// The maximum bytes of a request, before compression.
    pub(crate) max_request_bytes: usize,
    timeout: Duration,
    /// The other protocol and its URL, if only the port suggests the protocol.
    alternative: Option<(Protocol, String)>,
}

impl OtlpTarget {
    /// Resolves the collector of a signal by the rules of the specification
    /// (<https://opentelemetry.io/docs/specs/otel/protocol/exporter/>). The endpoint of a signal is used
    /// unchanged. For HTTP, the path of the signal is appended to the common endpoint.
    pub(crate) fn new(config: &TelemetryConfig, signal: Signal) -> Result<Self, InitError> {
        let own = config.signals.get(signal);
        let set = own.endpoint.as_deref().or(config.endpoint.as_deref());
        let endpoint = set.map(|url| {
            Endpoint::parse(url)
                .map_err(|accepted| InitError::not_accepted(ConfigSource::Code, "endpoint", url, accepted))
        });
        let endpoint = endpoint.transpose()?;
        let implied = || {
            endpoint
                .as_ref()
                .map_or(Protocol::HttpProtobuf, Endpoint::protocol)
        };
        let configured = own.protocol.or(config.protocol);
        let protocol = configured.unwrap_or_else(implied);
        let alternative = match &endpoint {
            Some(endpoint) if configured.is_none() => endpoint.alternative(protocol, signal),
            _ => None,
        };
        let url = match (&own.endpoint, endpoint, protocol) {
            (Some(url), _, _) => url.clone(),
            (None, Some(endpoint), Protocol::Grpc) => endpoint.origin,
            (None, Some(endpoint), Protocol::HttpProtobuf | Protocol::HttpJson) => endpoint.with_path(signal),
            (None, None, Protocol::Grpc) => DEFAULT_GRPC_URL.to_owned(),
            (None, None, Protocol::HttpProtobuf | Protocol::HttpJson) => {
                format!("{DEFAULT_HTTP_URL}{}", signal.path())
            }
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
            alternative,
        })
    }

    /// Returns the same collector with the other protocol, if only the port suggests the protocol and the other
    /// one is compiled in.
    pub(crate) fn alternative(&self) -> Option<Self> {
        let (protocol, url) = self.alternative.clone()?;
        let is_possible = protocol.feature().missing(self).is_none();
        is_possible.then(|| Self {
            protocol,
            url,
            alternative: None,
            ..self.clone()
        })
    }

    pub(crate) fn is_https(&self) -> bool {
        self.url.starts_with("https:")
    }

    /// The time limit of one delivery.
    #[cfg_attr(
        not(any(feature = "otlp-grpc", feature = "otlp-http")),
        expect(dead_code, reason = "nothing is delivered over a network")
    )]
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }
}

impl fmt::Display for OtlpTarget {
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

impl fmt::Debug for OtlpTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OtlpTarget({self})")
    }
}

const DEFAULT_GRPC_URL: &str = "http://127.0.0.1:4317";
const DEFAULT_HTTP_URL: &str = "http://127.0.0.1:4318";
