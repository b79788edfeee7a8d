//! What is spoken at an address, known by the first bytes of an answer.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use super::connect::connect;
use super::{Answer, silent};

/// A language by its first words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Spoken {
    /// HTTP/1.x, with the rest of the status line.
    Http1(String),
    Http2,
    Tls,
    /// Bytes of something else.
    Other,
    Nothing,
}

pub(super) fn spoken(address: &str, opening: &[u8], patience: Duration) -> Spoken {
    let begun = Instant::now();
    let Ok(mut connection) = connect(address, patience) else {
        return Spoken::Nothing;
    };
    let _ = connection.write_all(opening);
    let mut said = Vec::new();
    let mut part = [0; ENOUGH];
    while !tells(&said) {
        let left = patience.saturating_sub(begun.elapsed());
        if left.is_zero() || connection.set_read_timeout(Some(left)).is_err() {
            break;
        }
        match connection.read(&mut part) {
            Ok(0) | Err(_) => break,
            Ok(count) => said.extend_from_slice(part.get(..count).unwrap_or_default()),
        }
    }
    language(&said)
}

/// Asks for the head of a Prometheus page.
pub(super) fn page(address: &str, patience: Duration) -> Answer {
    let head = format!("HEAD /metrics HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    match spoken(address, head.as_bytes(), patience) {
        Spoken::Http1(status) if status.starts_with('2') => Answer {
            said: Some(status),
            fault: None,
        },
        Spoken::Http1(status) => Answer {
            fault: Some(format!("it answers {status}")),
            said: Some(status),
        },
        Spoken::Nothing => Answer::fault(silent(patience)),
        Spoken::Http2 | Spoken::Tls | Spoken::Other => {
            Answer::fault("what answers there is no HTTP/1.1".into())
        }
    }
}

/// Whether nothing that follows would change the language.
fn tells(said: &[u8]) -> bool {
    said.len() >= ENOUGH || said.contains(&b'\n') || matches!(language(said), Spoken::Http2 | Spoken::Tls)
}

fn language(said: &[u8]) -> Spoken {
    match said {
        [] => Spoken::Nothing,
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', _, b' ', rest @ ..] => {
            let line = rest.split(|byte| matches!(byte, b'\r' | b'\n')).next();
            Spoken::Http1(
                String::from_utf8_lossy(line.unwrap_or_default())
                    .trim()
                    .to_owned(),
            )
        }
        // An alert of TLS 1.x, which is what TLS says to anything else, and its own greeting.
        [0x15, 3, _, 0, 2, ..] | [0x16, 3, _, _, _, 2, ..] => Spoken::Tls,
        // A frame of settings or of going away, on stream 0.
        [_, _, _, 4 | 7, _, 0, 0, 0, 0, ..] => Spoken::Http2,
        _ => Spoken::Other,
    }
}

/// Bytes that tell.
const ENOUGH: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages() {
        for (said, expected) in [
            (&b""[..], Spoken::Nothing),
            (
                b"HTTP/1.1 400 Bad Request\r\nx: y",
                Spoken::Http1("400 Bad Request".into()),
            ),
            (b"HTTP/1.0 200\n", Spoken::Http1("200".into())),
            (b"\0\0\x18\x04\0\0\0\0\0\0\x03", Spoken::Http2),
            (b"\0\0\x08\x07\0\0\0\0\0", Spoken::Http2),
            (b"\x15\x03\x03\0\x02\x02\x0a", Spoken::Tls),
            (b"SSH-2.0-x\r\n", Spoken::Other),
            (b"HTTP", Spoken::Other),
            (b"\x16\x03\x01 garbage", Spoken::Other),
        ] {
            assert_eq!(language(said), expected, "{said:?}");
        }
    }

    /// A server of HTTP/2 says no line: it used to be listened to for as long as there was patience.
    #[test]
    fn what_tells_is_not_waited_for() {
        for (said, expected) in [
            (&b"\0\0\x18\x04\0\0\0\0"[..], false),
            (b"\0\0\x18\x04\0\0\0\0\0\0", true),
            (b"\x15\x03\x03\0\x02\x02\x0a", true),
            (b"HTTP/1.1 200", false),
            (b"HTTP/1.1 200 OK\r\n", true),
            (b"SSH-2.0-x", false),
            (b"", false),
        ] {
            assert_eq!(tells(said), expected, "{said:?}");
        }
    }
}
