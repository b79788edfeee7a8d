//! A request, as hooks see it.

use std::fmt;

use http::{HeaderMap, Method, Uri, uri};

use crate::message::{HttpRequest, RequestUrl};

/// A request that is about to be sent.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    method: &'a Method,
    headers: &'a HeaderMap,
    url: RequestUrl<'a>,
}

impl<'a> Attempt<'a> {
    /// Describes a request. If its URL names no host, it is for `target`.
    pub(super) fn new<R: HttpRequest>(request: &'a R, target: Option<&'a Uri>) -> Self {
        let mut url = request.url();
        if let Some(target) = target.filter(|_| url.authority.is_empty()) {
            url.scheme = url.scheme.or_else(|| target.scheme_str());
            url.authority = target.authority().map(uri::Authority::as_str).unwrap_or_default();
        }
        Self {
            method: request.method(),
            headers: request.headers(),
            url,
        }
    }

    /// Returns the method.
    #[must_use]
    pub fn method(&self) -> &'a Method {
        self.method
    }

    /// Returns the headers, before the context is injected.
    #[must_use]
    pub fn headers(&self) -> &'a HeaderMap {
        self.headers
    }

    /// Returns the host, if the request names one, or else that of the
    /// [target](super::ClientLayer::with_target).
    #[must_use]
    pub fn host(&self) -> Option<&'a str> {
        self.url.host()
    }

    /// Returns the path of the URL.
    #[must_use]
    pub fn path(&self) -> &'a str {
        self.url.path
    }

    /// Returns the query of the URL. It may have secrets.
    #[must_use]
    pub fn query(&self) -> Option<&'a str> {
        self.url.query
    }

    pub(super) fn url(&self) -> &RequestUrl<'a> {
        &self.url
    }
}

/// Omits user info and the values of headers and of the query, which may be secret.
impl fmt::Debug for Attempt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.keys().collect();
        f.debug_struct("Attempt")
            .field("method", self.method)
            .field("headers", &names)
            .field("url", &self.url)
            .finish()
    }
}
