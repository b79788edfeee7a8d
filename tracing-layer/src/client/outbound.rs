//! Requests that go out, whichever library they are of.

use std::sync::Arc;

use http::header::HOST;
use http::uri::Authority;
use http::{HeaderMap, Method, Request};
use http_body::Body;

use crate::redact::Url;
use crate::request_body::RequestBytes;
use crate::{protocol, recent, semconv};

/// What telemetry needs of a request.
pub(super) trait Outbound {
    fn attempt(&self) -> Attempt<'_>;
    fn headers_mut(&mut self) -> &mut HeaderMap;
    fn body_bytes(&mut self) -> RequestBytes;
    fn extension<T: Clone + Send + Sync + 'static>(&self) -> Option<&T>;
}

/// What is known of a request when it goes out.
#[derive(Debug, Clone, Copy)]
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

/// Whom a request is for.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    pub(super) host: Arc<str>,
    pub(super) port: u16,
}

impl Peer {
    pub(super) fn new((host, port): (&str, Option<u16>), scheme: &str) -> Self {
        let encrypted = protocol::scheme(scheme) == Some(semconv::HTTPS);
        Self {
            host: recent::text(host),
            port: port.unwrap_or(if encrypted { 443 } else { 80 }),
        }
    }
}

impl<B: Body + 'static> Outbound for Request<B> {
    fn attempt(&self) -> Attempt<'_> {
        let uri = self.uri();
        let host = || self.headers().get(HOST)?.to_str().ok();
        let authority = uri.authority().map(Authority::as_str).or_else(host);
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
        RequestBytes::of(self.body_mut())
    }

    fn extension<T: Clone + Send + Sync + 'static>(&self) -> Option<&T> {
        self.extensions().get()
    }
}

#[cfg(feature = "reqwest")]
impl Outbound for reqwest::Request {
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
            .map_or(RequestBytes::Known(0), RequestBytes::of)
    }

    fn extension<T: Clone + Send + Sync + 'static>(&self) -> Option<&T> {
        None
    }
}
