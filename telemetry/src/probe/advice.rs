//! Advice about the configuration, from the response to a probe.

use std::time::Duration;

use crate::config::OtlpTarget;
use crate::config::Protocol;

use super::sniff::{Sniffed, sniff};
use super::{ProbeReply, silent};
use crate::otlp::{CollectorReply, USE_HTTP, tls_advice};

pub(super) fn answer(
    reply: CollectorReply,
    target: &OtlpTarget,
    address: &str,
    timeout: Duration,
) -> ProbeReply {
    match reply {
        CollectorReply::Http {
            status,
            reason,
            is_page,
            message,
            ..
        } => {
            let response = format!("{status} {reason}").trim_end().to_owned();
            let advice = match status {
                200..=299 if !is_page => None,
                200..=299 => Some("with an HTML page, so it is not an OTLP receiver".to_owned()),
                _ => Some(status_advice(status, target)),
            };
            let message_text = if message.is_empty() {
                String::new()
            } else {
                format!(" ({message})")
            };
            ProbeReply {
                fault: advice.map(|advice| format!("it answers {response}{message_text}: {advice}")),
                response: Some(response),
            }
        }
        CollectorReply::Grpc { code, .. } => {
            let advice = match code.as_str() {
                // An HTTP port that also accepts HTTP/2 does not have the method.
                "Unimplemented" if speaks_http1(target, address, timeout) => Some(NO_GRPC.to_owned()),
                _ => code_advice(&code, target),
            };
            ProbeReply {
                fault: advice.map(|advice| format!("it answers {code}: {advice}")),
                response: Some(code),
            }
        }
        CollectorReply::None(why) => ProbeReply::fault(connection_advice(why, target, address, timeout)),
    }
}

fn status_advice(status: u16, target: &OtlpTarget) -> String {
    match status {
        401 | 403 => HEADERS.to_owned(),
        404 | 405 => "it does not support OTLP at this path: check the endpoint".to_owned(),
        415 => "it does not accept this encoding: check the protocol and the compression".to_owned(),
        429 => "it limits the rate of requests".to_owned(),
        300..=399 => "exports are not redirected: set the new URL as the endpoint".to_owned(),
        500..=599 => "the error is on the server side".to_owned(),
        _ => format!("it does not accept {}", target.signal),
    }
}

fn code_advice(code: &str, target: &OtlpTarget) -> Option<String> {
    Some(match code {
        "OK" => return None,
        "Unauthenticated" | "PermissionDenied" => HEADERS.to_owned(),
        "Unimplemented" => format!("it supports gRPC, but not OTLP for {}", target.signal),
        "ResourceExhausted" => "it limits the rate of requests".to_owned(),
        "Internal" | "Unavailable" | "Unknown" => "the error is on the server side".to_owned(),
        _ => format!("it does not accept {}", target.signal),
    })
}

/// Returns advice if no response could be read. Detects the protocol of the server, which does not require
/// TLS.
fn connection_advice(why: String, target: &OtlpTarget, address: &str, timeout: Duration) -> String {
    if let Some(advice) = tls_advice(&why, target) {
        return advice;
    }
    if why.contains("timed out") || why.contains("Timeout") {
        return silent(timeout);
    }
    if let Some(variable) = proxy(&why, target) {
        let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
        let host = host.trim_matches(['[', ']']);
        return format!(
            "{why}; the request goes through the proxy of {variable}: set NO_PROXY={host} to bypass it"
        );
    }
    let is_grpc = target.protocol == Protocol::Grpc;
    let timeout = timeout.mul_f32(SNIFF_TIMEOUT_SHARE);
    if target.is_https() {
        return match sniff(address, HTTP1, timeout) {
            // A TLS server may respond 400 to plain HTTP.
            Sniffed::Http1(status) if !status.starts_with("400") => USE_HTTP.to_owned(),
            Sniffed::Http2 => USE_HTTP.to_owned(),
            _ => why,
        };
    }
    match sniff(address, if is_grpc { HTTP1 } else { HTTP2 }, timeout) {
        Sniffed::Http2 if !is_grpc => NO_HTTP1.to_owned(),
        Sniffed::Http1(_) if is_grpc => NO_GRPC.to_owned(),
        Sniffed::Tls => USE_TLS.to_owned(),
        Sniffed::Other => "the server does not use HTTP".to_owned(),
        Sniffed::Nothing if sniff(address, TLS, timeout) == Sniffed::Tls => USE_TLS.to_owned(),
        Sniffed::Nothing => format!("it accepts the connection and closes it without a response ({why})"),
        Sniffed::Http1(_) | Sniffed::Http2 => why,
    }
}

/// Returns the variable of a proxy that cannot be reached, although the collector can.
fn proxy(why: &str, target: &OtlpTarget) -> Option<&'static str> {
    let is_set = |name: &&&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let uses_proxy = target.protocol != Protocol::Grpc && why.contains("(Connect)");
    uses_proxy.then(|| PROXIES.iter().find(is_set).copied()).flatten()
}

fn speaks_http1(target: &OtlpTarget, address: &str, timeout: Duration) -> bool {
    let sniffed = || sniff(address, HTTP1, timeout.mul_f32(SNIFF_TIMEOUT_SHARE));
    !target.is_https() && matches!(sniffed(), Sniffed::Http1(_))
}

/// The start of an HTTP/2 connection.
const HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
const HTTP1: &[u8] = b"OPTIONS * HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

/// A ClientHello of TLS 1.2 whose offers are not sufficient for a session.
const TLS: &[u8] = b"\x16\x03\x01\0\x2f\x01\0\0\x2b\x03\x03\
    0123456789abcdef0123456789abcdef\0\0\x04\xc0\x2f\xc0\x30\x01\0";

const NO_GRPC: &str = "the port uses HTTP/1.1, not gRPC: use the collector's gRPC port, usually 4317, or the \
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
const HEADERS: &str = "it rejects the credentials: check the headers (OTEL_EXPORTER_OTLP_HEADERS)";
/// The share of the timeout for detecting the protocol.
const SNIFF_TIMEOUT_SHARE: f32 = 0.4;

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
            let why = "connection closed before message completed".to_owned();
            let found = connection_advice(why, &target(&url), &address, Duration::from_secs(30));
            assert_eq!(found, USE_TLS, "{url}");
        }
    }
}
