//! Requests that a client sends, whichever library they belong to.

use http::header::HOST;
use http::{HeaderMap, Request};

/// A request that [`InjectLayer`](crate::InjectLayer) can write headers to: `http::Request`, and
/// `reqwest::Request` with the feature `reqwest`. The trait is sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a request that `InjectLayer` supports",
    label = "not a supported request",
    note = "`http::Request<B>` is supported with any body",
    note = "`reqwest::Request` is supported with the feature `reqwest` of `throughline` or `throughline-propagation`"
)]
pub trait OutgoingRequest: sealed::Sealed {
    /// Whether the client may follow redirects by itself, and take the headers to other hosts.
    const MAY_BE_REDIRECTED: bool;

    /// Returns the host without its port: that of the URL, or else of the `host` header.
    fn host(&self) -> Option<&str>;

    /// Returns the headers.
    fn headers_mut(&mut self) -> &mut HeaderMap;
}

impl<B> sealed::Sealed for Request<B> {}

impl<B> OutgoingRequest for Request<B> {
    // Clients of `http` follow none. A layer that does is outside of this one, or is a separate client.
    const MAY_BE_REDIRECTED: bool = false;

    fn host(&self) -> Option<&str> {
        let header = || host_of(self.headers().get(HOST)?.to_str().ok()?);
        self.uri().host().or_else(header)
    }

    fn headers_mut(&mut self) -> &mut HeaderMap {
        self.headers_mut()
    }
}

#[cfg(feature = "reqwest")]
impl sealed::Sealed for reqwest::Request {}

#[cfg(feature = "reqwest")]
impl OutgoingRequest for reqwest::Request {
    // By default a client follows ten, and a layer cannot see its policy.
    const MAY_BE_REDIRECTED: bool = true;

    fn host(&self) -> Option<&str> {
        self.url().host_str()
    }

    fn headers_mut(&mut self) -> &mut HeaderMap {
        self.headers_mut()
    }
}

/// Returns the host of `host:port`, or `None` if it is malformed.
fn host_of(header: &str) -> Option<&str> {
    let end = match header.strip_prefix('[') {
        Some(_) => header.find(']')? + 1,
        None => header.find(':').unwrap_or(header.len()),
    };
    header
        .get(..end)
        .filter(|host| !host.contains(['@', '/', ' ', ',']))
}

mod sealed {
    #[expect(unnameable_types, reason = "it seals the trait")]
    pub trait Sealed {}
}
