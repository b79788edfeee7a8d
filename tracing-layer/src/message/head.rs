//! The head of a response.

use std::fmt;
use std::net::SocketAddr;

use http::{Extensions, HeaderMap, StatusCode, Version};

/// The head of a response.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Head<'a> {
    /// The status code.
    pub status: StatusCode,
    /// The version of the protocol.
    pub version: Version,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The extensions.
    pub extensions: &'a Extensions,
    /// The address of the peer, if the client library reports it.
    pub peer: Option<SocketAddr>,
    /// The host and the port of the URL that answered, if the client library reports it. If the library
    /// followed redirects, it is the last URL.
    pub server: Option<(&'a str, Option<u16>)>,
}

/// Omits the values of headers, which may be secret.
impl fmt::Debug for Head<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.keys().collect();
        f.debug_struct("Head")
            .field("status", &self.status)
            .field("version", &self.version)
            .field("headers", &names)
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}
