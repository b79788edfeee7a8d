//! Requests that go out, whichever library they are of.

use std::fmt;
use std::sync::Arc;

use http::header::HOST;
use http::{HeaderMap, Method, Request, uri};
use http_body::Body;

use crate::authority::Authority;
use crate::query::Query;
use crate::request_body::RequestBytes;
use crate::url::Url;
use crate::{protocol, semconv};

/// What telemetry needs of a request.
pub(super) trait Outbound {
    /// Whether the client may follow redirects by itself, and take the headers to other hosts.
    const MAY_BE_REDIRECTED: bool;

    fn attempt(&self) -> Attempt<'_>;
    fn headers_mut(&mut self) -> &mut HeaderMap;
    fn body_bytes(&mut self) -> RequestBytes;
    fn extension<T: Clone + Send + Sync + 'static>(&self) -> Option<&T>;
}

/// What is known of a request when it goes out.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    method: &'a Method,
    headers: &'a HeaderMap,
    url: Url<'a>,
}

impl<'a> Attempt<'a> {
    /// The request's method.
    #[must_use]
    pub fn method(&self) -> &'a Method {
        self.method
    }

    /// The request's headers, before the context is injected.
    #[must_use]
    pub fn headers(&self) -> &'a HeaderMap {
        self.headers
    }

    /// The host that the request is for, if it says so.
    #[must_use]
    pub fn host(&self) -> Option<&'a str> {
        protocol::host_and_port(self.url.authority).map(|(host, _)| host)
    }

    /// The path of its URL.
    #[must_use]
    pub fn path(&self) -> &'a str {
        self.url.path
    }

    /// The query of its URL, secrets and all.
    #[must_use]
    pub fn query(&self) -> Option<&'a str> {
        self.url.query
    }

    pub(super) fn url(&self) -> &Url<'a> {
        &self.url
    }
}

/// Without the values of headers and of the query, and without user info: they may be secret.
impl fmt::Debug for Attempt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.keys().collect();
        f.debug_struct("Attempt")
            .field("method", self.method)
            .field("headers", &names)
            .field("url", &self.url.redacted(&Query::Redacted, false))
            .finish()
    }
}

/// Whom a request is for.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    pub(super) host: Arc<str>,
    /// The port, if there is one: a Unix domain socket has none.
    pub(super) port: Option<u16>,
    /// The path of the Unix domain socket, if it is one.
    pub(super) socket: Option<Arc<str>>,
}

impl Peer {
    /// Whom a URL of this scheme and authority is of, where the transport connects to `socket`, if that is set.
    pub(super) fn new(scheme: &str, authority: Authority<'_>, socket: Option<&Arc<str>>) -> Self {
        let socket = match socket {
            Some(socket) => Some(Arc::clone(socket)),
            None => unix_socket(scheme, authority.host),
        };
        let is_ip = socket.is_none();
        Self {
            host: match &socket {
                // The host of such a URL is only how the path is spelled.
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

    /// Whether a response from this host and port is of the hop that the request was sent on.
    pub(super) fn is_at(&self, (host, port): (&str, Option<u16>)) -> bool {
        self.port.is_none() || (self.port == port && *self.host == *protocol::host_label(host))
    }
}

/// The path of the Unix domain socket that a URL names: those of the connectors for hyper have the scheme `unix`, and
/// the path as the host, in hexadecimal digits.
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

impl<B: Body + 'static> Outbound for Request<B> {
    // Clients of `http` follow none. A layer that does is outside of this one, or is a client of its own.
    const MAY_BE_REDIRECTED: bool = false;

    fn attempt(&self) -> Attempt<'_> {
        let uri = self.uri();
        let host = || self.headers().get(HOST)?.to_str().ok();
        let authority = uri.authority().map(uri::Authority::as_str).or_else(host);
        Attempt {
            method: self.method(),
            headers: self.headers(),
            url: Url {
                scheme: uri.scheme_str().unwrap_or(semconv::HTTP),
                authority: authority.unwrap_or_default(),
                path: uri.path(),
                query: uri.query(),
            },
        }
    }

    fn headers_mut(&mut self) -> &mut HeaderMap {
        self.headers_mut()
    }

    fn body_bytes(&mut self) -> RequestBytes {
        RequestBytes::from_body(self.body_mut())
    }

    fn extension<T: Clone + Send + Sync + 'static>(&self) -> Option<&T> {
        self.extensions().get()
    }
}

#[cfg(feature = "reqwest")]
impl Outbound for reqwest::Request {
    // By default a client follows ten, and nobody can see how it is set.
    const MAY_BE_REDIRECTED: bool = true;

    fn attempt(&self) -> Attempt<'_> {
        let url = self.url();
        Attempt {
            method: self.method(),
            headers: self.headers(),
            url: Url {
                scheme: url.scheme(),
                authority: url.authority(),
                path: url.path(),
                query: url.query(),
            },
        }
    }

    fn headers_mut(&mut self) -> &mut HeaderMap {
        self.headers_mut()
    }

    fn body_bytes(&mut self) -> RequestBytes {
        self.body_mut()
            .as_mut()
            .map_or(RequestBytes::Known(0), RequestBytes::from_body)
    }

    fn extension<T: Clone + Send + Sync + 'static>(&self) -> Option<&T> {
        None
    }
}
