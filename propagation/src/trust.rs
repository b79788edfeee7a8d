//! Which callers are trusted.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use http::{Extensions, HeaderMap, Method, Request, Uri};
use opentelemetry::Context;
use opentelemetry::trace::SpanContext;

/// Selects the callers whose trace context is trusted.
///
/// | | the caller is trusted | it is not |
/// |---|---|---|
/// | parent of the local span | the remote span | none: a new trace |
/// | link of the local span | none | the remote span |
/// | sampled flag | followed by a parent-based sampler | ignored |
/// | baggage | in the context | dropped |
///
/// A service on the public internet should not trust its callers: `sampled=0` would hide a request from it,
/// `sampled=1` would make it record every request, and baggage could be anything.
///
/// ```
/// use throughline_propagation::Trust;
///
/// let internal = Trust::when(|head| head.peer().is_some_and(|peer| peer.ip().is_loopback()));
/// # let _ = internal;
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Trust {
    /// Every caller is trusted. The default.
    #[default]
    Always,
    /// No caller is trusted.
    Never,
    /// A caller is trusted if the predicate returns true for its request.
    When(Arc<dyn Fn(&Head<'_>) -> bool + Send + Sync>),
}

impl Trust {
    /// Trusts the callers for which `predicate` returns true.
    pub fn when(predicate: impl Fn(&Head<'_>) -> bool + Send + Sync + 'static) -> Self {
        Self::When(Arc::new(predicate))
    }

    /// Returns whether the caller of this request is trusted.
    #[must_use]
    pub fn decide(&self, head: &Head<'_>) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::When(predicate) => predicate(head),
        }
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Always => "Always",
            Self::Never => "Never",
            Self::When(_) => "When(..)",
        })
    }
}

/// The head of a request, by which its caller is judged.
#[derive(Clone, Copy)]
pub struct Head<'a> {
    method: &'a Method,
    uri: &'a Uri,
    headers: &'a HeaderMap,
    extensions: &'a Extensions,
    peer: Option<SocketAddr>,
}

impl<'a> Head<'a> {
    /// Creates the head of a request. The peer is the [`PeerAddr`] in its extensions, if there is one.
    #[must_use]
    pub fn new<B>(request: &'a Request<B>) -> Self {
        let extensions = request.extensions();
        Self {
            method: request.method(),
            uri: request.uri(),
            headers: request.headers(),
            extensions,
            peer: extensions
                .get::<PeerAddr>()
                .map(|&PeerAddr(peer)| canonical(peer)),
        }
    }

    /// Sets the address of the peer, if it is known by other means.
    #[must_use]
    pub fn with_peer(mut self, peer: Option<SocketAddr>) -> Self {
        self.peer = peer.map(canonical).or(self.peer);
        self
    }

    /// Returns the method.
    #[must_use]
    pub const fn method(&self) -> &'a Method {
        self.method
    }

    /// Returns the URI.
    #[must_use]
    pub const fn uri(&self) -> &'a Uri {
        self.uri
    }

    /// Returns the headers, which the caller chose.
    #[must_use]
    pub const fn headers(&self) -> &'a HeaderMap {
        self.headers
    }

    /// Returns the extensions, which the server and outer layers set.
    #[must_use]
    pub const fn extensions(&self) -> &'a Extensions {
        self.extensions
    }

    /// Returns the address of the peer, if it is known. Behind a proxy, it is the proxy's.
    ///
    /// An IPv4 address that a dual-stack listener shows as `::ffff:a.b.c.d` is returned as IPv4.
    #[must_use]
    pub const fn peer(&self) -> Option<SocketAddr> {
        self.peer
    }
}

fn canonical(peer: SocketAddr) -> SocketAddr {
    match peer.ip().to_canonical() {
        ip if ip == peer.ip() => peer,
        ip => SocketAddr::new(ip, peer.port()),
    }
}

/// Omits header values, path, query and user info, which may have secrets.
impl fmt::Debug for Head<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.keys().collect();
        f.debug_struct("Head")
            .field("method", self.method)
            .field("host", &self.uri.host())
            .field("headers", &names)
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}

/// The address of the peer, as an extension of a request.
///
/// Insert it where connections are accepted, so that [`Trust::When`] can use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a name for an address, to put in and to take out"
)]
pub struct PeerAddr(pub SocketAddr);

/// The extracted context of a request.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Extracted {
    /// The parent of local spans. It has the remote span and baggage if the caller is trusted.
    pub context: Context,
    /// The remote span to link to, if the caller is not trusted.
    pub link: Option<SpanContext>,
}
