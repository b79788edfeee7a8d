//! Requests that may be model calls, whatever their type.

use std::sync::Arc;

use http::Method;
use http::header::{CONTENT_ENCODING, HOST};
use http_body::Body;
use throughline_tracing_layer::limits::{MAX_ATTRIBUTE_BYTES, truncate};

use super::RequestBody;
use crate::wire::{Known, Recognised, Rule, Target, recognise};

/// A request that a [`Llm`](crate::Llm) service takes: `http::Request<B>`, and `reqwest::Request` with the feature
/// `reqwest`. It cannot be implemented outside this crate.
pub trait LlmRequest: sealed::Parts {}

pub(crate) mod sealed {
    use std::fmt;

    use http::{Extensions, HeaderMap};
    use http_body::Body;

    use super::{Head, RequestBody, Rule};

    #[expect(unnameable_types, reason = "it seals LlmRequest")]
    pub trait Parts: Sized {
        /// What an inner service gets.
        type Sent;
        /// The request without its body.
        type Shell;
        type Body: Body<Error: fmt::Debug>;

        fn head(&self, rules: &[Rule]) -> Option<Head>;
        fn headers(&self) -> &HeaderMap;
        /// What the user left with the request, if it can be seen.
        fn extensions(&self) -> Option<&Extensions>;
        /// The body, if it is in memory and may be read where it is.
        fn bytes(&self) -> Option<&[u8]>;
        fn split(self) -> (Self::Shell, Self::Body);
        fn join(shell: Self::Shell, body: RequestBody<Self::Body>) -> Self::Sent;
        /// The request as it came.
        fn untouched(self) -> Self::Sent;
    }
}

/// What the head of a model call tells.
#[derive(Debug, Clone)]
#[expect(unnameable_types, reason = "only this crate makes one")]
pub struct Head {
    pub(super) recognised: Recognised,
    pub(super) path: String,
    pub(super) address: Option<Arc<str>>,
    pub(super) port: Option<u16>,
    pub(super) encoded: bool,
}

impl Head {
    fn new(target: &Target<'_>, rules: &[Rule], headers: &http::HeaderMap) -> Option<Self> {
        Some(Self {
            recognised: recognise(target, rules, Known::NotYet)?,
            path: target.path.trim_end_matches('/').to_owned(),
            address: target.host.map(|host| truncate(host, MAX_ATTRIBUTE_BYTES).into()),
            port: target.port,
            encoded: is_encoded(headers),
        })
    }

    /// Whether the request is a model call, now that its body is known as far as it ever will be.
    pub(super) fn is_call(&mut self, rules: &[Rule], body: Known<'_>) -> bool {
        let target = Target {
            method: &Method::POST,
            path: &self.path,
            host: self.address.as_deref(),
            port: self.port,
        };
        let recognised = recognise(&target, rules, body);
        let is_call = recognised.is_some();
        if let Some(recognised) = recognised {
            self.recognised = recognised;
        }
        is_call
    }
}

impl<B: Body<Error: std::fmt::Debug>> LlmRequest for http::Request<B> {}

impl<B: Body<Error: std::fmt::Debug>> sealed::Parts for http::Request<B> {
    type Sent = http::Request<RequestBody<B>>;
    type Shell = http::request::Parts;
    type Body = B;

    fn head(&self, rules: &[Rule]) -> Option<Head> {
        let authority = self.headers().get(HOST).and_then(|host| host.to_str().ok());
        Head::new(
            &Target::new(self.method(), self.uri(), authority),
            rules,
            self.headers(),
        )
    }

    fn headers(&self) -> &http::HeaderMap {
        self.headers()
    }

    fn extensions(&self) -> Option<&http::Extensions> {
        Some(self.extensions())
    }

    fn bytes(&self) -> Option<&[u8]> {
        None
    }

    fn split(self) -> (http::request::Parts, B) {
        self.into_parts()
    }

    fn join(shell: http::request::Parts, body: RequestBody<B>) -> Self::Sent {
        http::Request::from_parts(shell, body)
    }

    fn untouched(self) -> Self::Sent {
        self.map(RequestBody::untouched)
    }
}

/// Whether a content encoding stands between us and the body.
pub(crate) fn is_encoded(headers: &http::HeaderMap) -> bool {
    headers
        .get(CONTENT_ENCODING)
        .is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

#[cfg(feature = "reqwest")]
mod of_reqwest {
    use reqwest::{Body, Request};

    use super::sealed::Parts;
    use super::{Head, LlmRequest, RequestBody, Rule, Target};

    impl LlmRequest for Request {}

    impl Parts for Request {
        type Sent = Request;
        type Shell = Request;
        type Body = Body;

        fn head(&self, rules: &[Rule]) -> Option<Head> {
            let url = self.url();
            let target = Target {
                method: self.method(),
                path: url.path(),
                host: url.host_str(),
                port: url.port_or_known_default(),
            };
            Head::new(&target, rules, self.headers())
        }

        fn headers(&self) -> &http::HeaderMap {
            self.headers()
        }

        fn extensions(&self) -> Option<&http::Extensions> {
            None
        }

        fn bytes(&self) -> Option<&[u8]> {
            match self.body() {
                Some(body) => body.as_bytes(),
                None => Some(&[]),
            }
        }

        fn split(mut self) -> (Request, Body) {
            let body = self.body_mut().take().unwrap_or_default();
            (self, body)
        }

        fn join(mut shell: Request, body: RequestBody<Body>) -> Request {
            *shell.body_mut() = Some(Body::wrap(body));
            shell
        }

        fn untouched(self) -> Request {
            self
        }
    }
}
