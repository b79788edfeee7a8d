//! Requests that go out, whichever library they are of.

use std::sync::Arc;

use http::header::HOST;
use http::{HeaderMap, Method, Request};

use crate::protocol;
use crate::redact::Url;
use crate::semconv;

/// What telemetry needs of a request.
pub(crate) trait Outbound {
    fn method(&self) -> &Method;
    fn headers_mut(&mut self) -> &mut HeaderMap;
    /// The URL; of an unknown host the authority is empty.
    fn url(&self) -> Url<'_>;
}

/// Whom a request is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Peer {
    pub(crate) scheme: &'static str,
    pub(crate) host: Arc<str>,
    pub(crate) port: u16,
}

impl Peer {
    pub(crate) fn of(url: &Url<'_>) -> Option<Self> {
        let (host, port) = protocol::host_and_port(url.authority)?;
        let scheme = protocol::scheme(url.scheme).unwrap_or(semconv::HTTP);
        let default = if scheme == semconv::HTTPS { 443 } else { 80 };
        Some(Self {
            scheme,
            host: host.into(),
            port: port.unwrap_or(default),
        })
    }
}

impl<B> Outbound for Request<B> {
    fn method(&self) -> &Method {
        self.method()
    }

    fn headers_mut(&mut self) -> &mut HeaderMap {
        self.headers_mut()
    }

    fn url(&self) -> Url<'_> {
        let uri = self.uri();
        let host = || self.headers().get(HOST)?.to_str().ok();
        let authority = uri.authority().map(http::uri::Authority::as_str).or_else(host);
        Url {
            scheme: uri.scheme_str().unwrap_or(semconv::HTTP),
            authority: authority.unwrap_or_default(),
            path: uri.path(),
            query: uri.query(),
        }
    }
}

#[cfg(feature = "reqwest")]
impl Outbound for reqwest::Request {
    fn method(&self) -> &Method {
        self.method()
    }

    fn headers_mut(&mut self) -> &mut HeaderMap {
        self.headers_mut()
    }

    fn url(&self) -> Url<'_> {
        let url = self.url();
        let authority = url.authority();
        Url {
            scheme: url.scheme(),
            authority,
            path: url.path(),
            query: url.query(),
        }
    }
}
