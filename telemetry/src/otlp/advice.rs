//! Advice about the configuration, if a collector cannot be reached or rejects the credentials.

use std::time::Duration;

use super::tls_advice::{USE_HTTP, tls_advice};
use crate::config::{Endpoint, OtlpTarget, Protocol};
use crate::sniff::{HTTP1, Sniffed, sniff};

/// Returns advice if no response could be read, or `None` if there is nothing to add to the cause. Detects the
/// protocol of the server, which does not require TLS.
pub(crate) fn connection_advice(
    why: &str,
    target: &OtlpTarget,
    address: &str,
    timeout: Duration,
) -> Option<String> {
    if let Some(advice) = tls_advice(why, target) {
        return Some(advice);
    }
    if is_late(why) {
        return None;
    }
    if let Some(variable) = proxy(why, target) {
        let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
        let host = host.trim_matches(['[', ']']);
        return Some(format!(
            "{why}; the request goes through the proxy of {variable}: set NO_PROXY={host} to bypass it"
        ));
    }
    let is_grpc = target.protocol == Protocol::Grpc;
    let timeout = timeout.mul_f32(SNIFF_TIMEOUT_SHARE);
    if target.is_https() {
        return match sniff(address, HTTP1, timeout) {
            // A TLS server may respond 400 to plain HTTP.
            Sniffed::Http1(status) if !status.starts_with("400") => Some(USE_HTTP.to_owned()),
            Sniffed::Http2 => Some(USE_HTTP.to_owned()),
            _ => None,
        };
    }
    Some(
        match sniff(address, if is_grpc { HTTP1 } else { HTTP2 }, timeout) {
            Sniffed::Http2 if !is_grpc => NO_HTTP1.to_owned(),
            Sniffed::Http1(_) if is_grpc => NO_GRPC.to_owned(),
            Sniffed::Tls => USE_TLS.to_owned(),
            Sniffed::Other => "the server does not use HTTP".to_owned(),
            Sniffed::Nothing if sniff(address, TLS, timeout) == Sniffed::Tls => USE_TLS.to_owned(),
            Sniffed::Nothing => format!("it accepts the connection and closes it without a response ({why})"),
            Sniffed::Http1(_) | Sniffed::Http2 => return None,
        },
    )
}

/// Returns the variable of a proxy that cannot be reached, although the collector can.
fn proxy(why: &str, target: &OtlpTarget) -> Option<&'static str> {
    let is_set = |name: &&&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let uses_proxy = target.protocol != Protocol::Grpc && why.contains("(Connect)");
    uses_proxy.then(|| PROXIES.iter().find(is_set).copied()).flatten()
}

/// Whether the cause is a timeout, about which nothing more can be found out.
pub(crate) fn is_late(why: &str) -> bool {
    why.contains("timed out") || why.contains("Timeout")
}

/// Returns whether a port that is not encrypted answers HTTP/1.1.
pub(crate) fn speaks_http1(target: &OtlpTarget, address: &str, timeout: Duration) -> bool {
    let sniffed = || sniff(address, HTTP1, timeout.mul_f32(SNIFF_TIMEOUT_SHARE));
    !target.is_https() && matches!(sniffed(), Sniffed::Http1(_))
}

/// Returns whether a port that is not encrypted answers in the protocol of a collector.
pub(super) fn speaks(target: &OtlpTarget, timeout: Duration) -> bool {
    let Ok(endpoint) = Endpoint::parse(&target.url) else {
        return false;
    };
    let is_grpc = target.protocol == Protocol::Grpc;
    let answer = sniff(&endpoint.address(), if is_grpc { HTTP2 } else { HTTP1 }, timeout);
    match answer {
        Sniffed::Http1(_) => !is_grpc,
        Sniffed::Http2 => is_grpc,
        Sniffed::Tls | Sniffed::Other | Sniffed::Nothing => false,
    }
}

/// The start of an HTTP/2 connection.
const HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// A ClientHello of TLS 1.2 whose offers are not sufficient for a session.
const TLS: &[u8] = b"\x16\x03\x01\0\x2f\x01\0\0\x2b\x03\x03\
    0123456789abcdef0123456789abcdef\0\0\x04\xc0\x2f\xc0\x30\x01\0";

pub(crate) const NO_GRPC: &str = "the port uses HTTP/1.1, not gRPC: use the collector's gRPC port, usually 4317, or the \
                       protocol http/protobuf (OTEL_EXPORTER_OTLP_PROTOCOL)";
const NO_HTTP1: &str = "the port uses HTTP/2, like gRPC, not HTTP/1.1: use the collector's HTTP port, \
                        usually 4318, or the protocol grpc (OTEL_EXPORTER_OTLP_PROTOCOL)";
const PROXIES: &[&str] = &[
    "http_proxy",
    "HTTP_PROXY",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
];
const USE_TLS: &str = "the port uses TLS: use https";
/// The share of the timeout for detecting the protocol.
const SNIFF_TIMEOUT_SHARE: f32 = 0.4;

/// The advice if a collector rejects the credentials.
pub(crate) const HEADERS: &str = "it rejects the credentials: check the headers (OTEL_EXPORTER_OTLP_HEADERS)";

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use super::*;
    use crate::config::TelemetryConfig;
    use crate::signal::Signal;

    fn target(url: &str) -> OtlpTarget {
        let config = TelemetryConfig::default().with_endpoint(url);
        OtlpTarget::new(&config, Signal::Traces).expect("a URL")
    }

    /// OpenSSL servers close a connection that starts with HTTP, without a response.
    #[test]
    fn tls_server_that_does_not_respond_to_http_is_detected() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        thread::spawn(move || {
            for mut connection in listener.incoming().flatten() {
                let mut first = [0; 6];
                if connection.read_exact(&mut first).is_ok() && first[0] == 0x16 && first[5] == 1 {
                    let _ = connection.write_all(&[0x15, 3, 3, 0, 2, 2, 40]);
                }
            }
        });
        for url in [format!("http://{address}"), format!("http://{address}/v1/traces")] {
            let why = "connection closed before message completed";
            let found = connection_advice(why, &target(&url), &address, Duration::from_secs(30));
            assert_eq!(found.as_deref(), Some(USE_TLS), "{url}");
        }
    }
}
