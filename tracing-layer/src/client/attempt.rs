//! An attempt, as hooks see it.

use std::fmt;

use http::{HeaderMap, Method};

use crate::message::{HttpRequest, RequestUrl};

/// What is known of a request when it goes out.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    method: &'a Method,
    headers: &'a HeaderMap,
    url: RequestUrl<'a>,
}

impl<'a> Attempt<'a> {
    pub(super) fn new<R: HttpRequest>(request: &'a R) -> Self {
        Self {
            method: request.method(),
            headers: request.headers(),
            url: request.url(),
        }
    }

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
        self.url.host()
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

    pub(super) fn url(&self) -> &RequestUrl<'a> {
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
            .field("url", &self.url)
            .finish()
    }
}
