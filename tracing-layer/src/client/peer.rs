//! The server that a request is for.

use std::sync::Arc;

use crate::authority::Authority;
use crate::{protocol, semconv};

/// The server that a request is for.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    pub(super) host: Arc<str>,
    /// The port. A Unix domain socket has none.
    pub(super) port: Option<u16>,
    /// The path of the Unix domain socket, if it is one.
    pub(super) socket: Option<Arc<str>>,
}

impl Peer {
    /// Returns the server of a URL with this scheme and authority. `socket` is the path that the transport
    /// connects to, if set.
    pub(super) fn new(scheme: &str, authority: Authority<'_>, socket: Option<&Arc<str>>) -> Self {
        let socket = match socket {
            Some(socket) => Some(Arc::clone(socket)),
            None => unix_socket(scheme, authority.host),
        };
        let is_ip = socket.is_none();
        Self {
            host: match &socket {
                // The host of such a URL is the encoded path.
                Some(path) if protocol::scheme(scheme).is_none() => Arc::clone(path),
                _ => authority.label,
            },
            port: authority
                .port
                .or_else(|| protocol::default_port(scheme))
                .filter(|_| is_ip),
            socket,
        }
    }

    /// Returns whether a response from this host and port is from the server that the request was sent to.
    pub(super) fn is_at(&self, (host, port): (&str, Option<u16>)) -> bool {
        self.port.is_none() || (self.port == port && *self.host == *protocol::host_label(host))
    }
}

/// Returns the path of the Unix domain socket that a URL names. The URLs of connectors for hyper have the
/// scheme `unix` and the path as the host, in hexadecimal digits.
fn unix_socket(scheme: &str, host: &str) -> Option<Arc<str>> {
    if !scheme.eq_ignore_ascii_case(semconv::UNIX) {
        return None;
    }
    let digit = |digit: u8| char::from(digit).to_digit(16);
    let byte = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(*high)? * 16 + digit(*low)?).ok(),
        _ => None,
    };
    let bytes: Option<Vec<u8>> = host.as_bytes().chunks(2).map(byte).collect();
    let path = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    Some(path.map_or_else(|| Arc::from(host), Arc::from))
}
