//! Whom to believe.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use http::{Extensions, HeaderMap, Method, Request, Uri};
use opentelemetry::Context;
use opentelemetry::trace::SpanContext;

/// Whether what a caller says about its trace is to be believed.
///
/// | | the caller is believed | it is not |
/// |---|---|---|
/// | parent of the local span | the remote span | none: a new trace |
/// | link of the local span | none | the remote span |
/// | sampled flag | heeded by a parent-based sampler | ignored |
/// | baggage | in the context | dropped |
///
/// A service at the edge of the public internet should not believe its callers: `sampled=0` would hide a request
/// from it, `sampled=1` would make it record every request, and baggage would be whatever the caller likes.
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
    /// Every caller is believed. The default.
    #[default]
    Always,
    /// No caller is believed.
    Never,
    /// The caller of a request is believed if the predicate says so.
    When(Arc<dyn Fn(&Head<'_>) -> bool + Send + Sync>),
}

impl Trust {
    /// Believes the callers for which `predicate` is true.
    pub fn when(predicate: impl Fn(&Head<'_>) -> bool + Send + Sync + 'static) -> Self {
        Self::When(Arc::new(predicate))
    }

    /// Whether the caller of this request is believed.
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

/// What is known of a request when its caller is to be judged.
#[derive(Clone, Copy)]
pub struct Head<'a> {
    method: &'a Method,
    uri: &'a Uri,
    headers: &'a HeaderMap,
    extensions: &'a Extensions,
    peer: Option<SocketAddr>,
}

impl<'a> Head<'a> {
    /// The head of a request. The peer is the [`PeerAddr`] among its extensions, if there is one.
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

    /// Sets the address at the other end of the connection, where it is known from elsewhere.
    #[must_use]
    pub fn with_peer(mut self, peer: Option<SocketAddr>) -> Self {
        self.peer = peer.map(canonical).or(self.peer);
        self
    }

    /// The request's method.
    #[must_use]
    pub const fn method(&self) -> &'a Method {
        self.method
    }

    /// The request's target.
    #[must_use]
    pub const fn uri(&self) -> &'a Uri {
        self.uri
    }

    /// The request's headers. Its caller wrote them.
    #[must_use]
    pub const fn headers(&self) -> &'a HeaderMap {
        self.headers
    }

    /// What the server and the layers outside this one left with the request.
    #[must_use]
    pub const fn extensions(&self) -> &'a Extensions {
        self.extensions
    }

    /// The address at the other end of the connection, if known. Behind a proxy it is the proxy's.
    ///
    /// One of version 4 that a listener for both versions shows as `::ffff:a.b.c.d` is of version 4 here.
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

/// Omits header values, path, query and user info, because they may have secrets.
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

/// The address at the other end of the connection, as an extension of the request.
///
/// Whoever accepts connections puts it there, so that [`Trust::When`] can ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a name for an address, to put in and to take out"
)]
pub struct PeerAddr(pub SocketAddr);

/// What a request said of its trace, judged.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Extracted {
    /// The parent of what happens locally: with the remote span and baggage if the caller is believed.
    pub context: Context,
    /// The remote span to link to, of a caller that is not believed.
    pub link: Option<SpanContext>,
}
