//! Requests whose body can be edited, for `http` and reqwest.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST};
use http::{HeaderMap, HeaderValue};
use http_body::Body;

use super::accepts::accepts;
use crate::call::{LlmRequest, Parts, RequestBody};
use throughline_llm_wire::Target;

/// A request that an [`IncludeUsage`](super::IncludeUsage) service takes: `http::Request<B>` with bodies of
/// [`Bytes`], and `reqwest::Request` with the feature `reqwest`. It cannot be implemented outside this crate.
pub trait UsageRequest: LlmRequest + Editable {}

#[expect(unnameable_types, reason = "it seals UsageRequest")]
pub trait Editable: Parts<Body: Body<Data = Bytes>> {
    /// Returns whether the body may be edited, by the head.
    fn accepts(&self, hosts: &[String]) -> bool;

    fn headers_mut(shell: &mut Self::Shell) -> &mut HeaderMap;

    /// Returns the request with another body.
    fn with_body(shell: Self::Shell, bytes: Bytes) -> Self::Sent;

    /// Returns the request with another body. If the head has a length, it is corrected.
    fn edited(mut shell: Self::Shell, bytes: Bytes) -> Self::Sent {
        if let Some(length) = Self::headers_mut(&mut shell).get_mut(CONTENT_LENGTH) {
            *length = HeaderValue::from(bytes.len());
        }
        Self::with_body(shell, bytes)
    }
}

impl<B: Body<Data = Bytes, Error: std::fmt::Debug>> UsageRequest for http::Request<B> {}

impl<B: Body<Data = Bytes, Error: std::fmt::Debug>> Editable for http::Request<B> {
    fn accepts(&self, hosts: &[String]) -> bool {
        let authority = self.headers().get(HOST).and_then(|host| host.to_str().ok());
        let target = Target::new(self.method(), self.uri(), authority);
        accepts(&target, self.uri().query(), self.headers(), hosts)
    }

    fn headers_mut(shell: &mut http::request::Parts) -> &mut HeaderMap {
        &mut shell.headers
    }

    fn with_body(shell: http::request::Parts, bytes: Bytes) -> Self::Sent {
        http::Request::from_parts(shell, RequestBody::of(bytes))
    }
}

#[cfg(feature = "reqwest")]
mod of_reqwest {
    use bytes::Bytes;
    use http::HeaderMap;
    use reqwest::{Body, Request};

    use super::{Editable, UsageRequest, accepts};
    use throughline_llm_wire::Target;

    impl UsageRequest for Request {}

    impl Editable for Request {
        fn accepts(&self, hosts: &[String]) -> bool {
            let url = self.url();
            let target = Target {
                method: self.method(),
                path: url.path(),
                host: url.host_str(),
                port: url.port(),
            };
            accepts(&target, url.query(), self.headers(), hosts)
        }

        fn headers_mut(shell: &mut Request) -> &mut HeaderMap {
            shell.headers_mut()
        }

        /// The new body is in memory, so that the request can still be cloned for a retry.
        fn with_body(mut shell: Request, bytes: Bytes) -> Request {
            *shell.body_mut() = Some(Body::from(bytes));
            shell
        }
    }
}
