//! Requests that may be model calls, whatever their type.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, HOST};
use http_body::Body;
use throughline_tracing_layer::limits::{MAX_ATTRIBUTE_BYTES, truncate};

use throughline_llm_wire::{RequestReader, Rule, Target};

use super::RequestBody;

/// A request that a [`Llm`](crate::Llm) service takes: `http::Request<B>`, and `reqwest::Request` with the
/// feature `reqwest`. It cannot be implemented outside this crate.
pub trait LlmRequest: sealed::Parts {}

pub(crate) mod sealed {
    use std::fmt;

    use bytes::Bytes;
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
        /// The bytes of such a body, shared.
        fn shared_bytes(&mut self) -> Option<Bytes>;
        /// What was read ahead of a body that is not in memory, shared or copied; `None` if it cannot all be
        /// seen.
        fn shared(body: &RequestBody<Self::Body>) -> Option<Bytes>;
        fn split(self) -> (Self::Shell, Self::Body);
        fn join(shell: Self::Shell, body: RequestBody<Self::Body>) -> Self::Sent;
        /// The request as it came.
        fn untouched(self) -> Self::Sent;
    }
}

/// What the head of a request that may be a model call says.
#[derive(Debug)]
#[expect(unnameable_types, reason = "only this crate makes one")]
pub struct Head {
    pub(super) reader: RequestReader,
    pub(super) address: Option<Arc<str>>,
    pub(super) port: Option<u16>,
}

impl Head {
    fn new(target: &Target<'_>, rules: &[Rule], headers: &http::HeaderMap) -> Option<Self> {
        Some(Self {
            reader: RequestReader::new(target, headers, rules)?,
            address: target.host.map(|host| truncate(host, MAX_ATTRIBUTE_BYTES).into()),
            port: target.port,
        })
    }
}

impl<B: Body<Data: 'static, Error: std::fmt::Debug>> LlmRequest for http::Request<B> {}

impl<B: Body<Data: 'static, Error: std::fmt::Debug>> sealed::Parts for http::Request<B> {
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

    fn shared_bytes(&mut self) -> Option<Bytes> {
        None
    }

    fn shared(body: &RequestBody<B>) -> Option<Bytes> {
        body.shared()
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
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    use bytes::Bytes;
    use http_body::Body as _;
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

        /// A body in memory gives all of its bytes in its first frame, and is made again of the same bytes.
        fn shared_bytes(&mut self) -> Option<Bytes> {
            let Some(mut body) = self.body_mut().take() else {
                return Some(Bytes::new());
            };
            let mut cx = Context::from_waker(Waker::noop());
            let frame = match body.as_bytes().filter(|bytes| !bytes.is_empty()) {
                Some(_) => match Pin::new(&mut body).poll_frame(&mut cx) {
                    Poll::Ready(Some(Ok(frame))) => frame.into_data().ok(),
                    _ => None,
                },
                None => None,
            };
            *self.body_mut() = Some(frame.clone().map_or(body, Body::from));
            Some(frame.unwrap_or_default())
        }

        fn shared(body: &RequestBody<Body>) -> Option<Bytes> {
            body.shared()
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
