//! Probes the listener for Prometheus.

use std::time::Duration;

use super::{ProbeReply, silent};
use crate::sniff::{Sniffed, sniff};

/// Requests the head of the metrics page.
pub(super) fn page(address: &str, timeout: Duration) -> ProbeReply {
    let head = format!("HEAD /metrics HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    match sniff(address, head.as_bytes(), timeout) {
        Sniffed::Http1(status) if status.starts_with('2') => ProbeReply {
            response: Some(status),
            fault: None,
        },
        Sniffed::Http1(status) => ProbeReply {
            fault: Some(format!("it answers {status}")),
            response: Some(status),
        },
        Sniffed::Nothing => ProbeReply::fault(silent(timeout)),
        Sniffed::Http2 | Sniffed::Tls | Sniffed::Other => {
            ProbeReply::fault("the server does not use HTTP/1.1".into())
        }
    }
}
