//! Detects the protocol at an address from the first bytes of a response.

mod connect;

use std::io::{Read, Write};
use std::time::{Duration, Instant};

pub(crate) use self::connect::connect;

/// A protocol, detected from its first bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sniffed {
    /// HTTP/1.x, with the rest of the status line.
    Http1(String),
    Http2,
    Tls,
    /// Bytes of something else.
    Other,
    Nothing,
}

pub(crate) fn sniff(address: &str, opening: &[u8], timeout: Duration) -> Sniffed {
    let begun = Instant::now();
    let Ok(mut connection) = connect(address, timeout) else {
        return Sniffed::Nothing;
    };
    let _ = connection.write_all(opening);
    let mut received = Vec::new();
    let mut part = [0; MAX_SNIFFED_BYTES];
    while !is_decisive(&received) {
        let remaining = timeout.saturating_sub(begun.elapsed());
        if remaining.is_zero() || connection.set_read_timeout(Some(remaining)).is_err() {
            break;
        }
        match connection.read(&mut part) {
            Ok(0) | Err(_) => break,
            Ok(count) => received.extend_from_slice(part.get(..count).unwrap_or_default()),
        }
    }
    protocol(&received)
}

/// Whether the bytes determine the protocol.
fn is_decisive(received: &[u8]) -> bool {
    received.len() >= MAX_SNIFFED_BYTES
        || received.contains(&b'\n')
        || matches!(protocol(received), Sniffed::Http2 | Sniffed::Tls)
}

fn protocol(received: &[u8]) -> Sniffed {
    match received {
        [] => Sniffed::Nothing,
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', _, b' ', rest @ ..] => {
            let line = rest.split(|byte| matches!(byte, b'\r' | b'\n')).next();
            Sniffed::Http1(
                String::from_utf8_lossy(line.unwrap_or_default())
                    .trim()
                    .to_owned(),
            )
        }
        // A TLS 1.x alert, which is TLS's response to anything else, or a ServerHello.
        [0x15, 3, _, 0, 2, ..] | [0x16, 3, _, _, _, 2, ..] => Sniffed::Tls,
        // A SETTINGS or GOAWAY frame on stream 0.
        [_, _, _, 4 | 7, _, 0, 0, 0, 0, ..] => Sniffed::Http2,
        _ => Sniffed::Other,
    }
}

/// A request that every server of HTTP/1.1 answers.
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
pub(crate) const HTTP1: &[u8] = b"OPTIONS * HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

/// The bytes from which a protocol is detected.
const MAX_SNIFFED_BYTES: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages() {
        for (received, expected) in [
            (&b""[..], Sniffed::Nothing),
            (
                b"HTTP/1.1 400 Bad Request\r\nx: y",
                Sniffed::Http1("400 Bad Request".into()),
            ),
            (b"HTTP/1.0 200\n", Sniffed::Http1("200".into())),
            (b"\0\0\x18\x04\0\0\0\0\0\0\x03", Sniffed::Http2),
            (b"\0\0\x08\x07\0\0\0\0\0", Sniffed::Http2),
            (b"\x15\x03\x03\0\x02\x02\x0a", Sniffed::Tls),
            (b"SSH-2.0-x\r\n", Sniffed::Other),
            (b"HTTP", Sniffed::Other),
            (b"\x16\x03\x01 garbage", Sniffed::Other),
        ] {
            assert_eq!(protocol(received), expected, "{received:?}");
        }
    }

    /// An HTTP/2 server sends no line: the probe used to wait for one until its timeout.
    #[test]
    fn decisive_bytes_are_not_waited_for() {
        for (received, expected) in [
            (&b"\0\0\x18\x04\0\0\0\0"[..], false),
            (b"\0\0\x18\x04\0\0\0\0\0\0", true),
            (b"\x15\x03\x03\0\x02\x02\x0a", true),
            (b"HTTP/1.1 200", false),
            (b"HTTP/1.1 200 OK\r\n", true),
            (b"SSH-2.0-x", false),
            (b"", false),
        ] {
            assert_eq!(is_decisive(received), expected, "{received:?}");
        }
    }
}
