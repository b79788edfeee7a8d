//! Responses whose body a layer of ours may put into one of its own.

use http::{HeaderMap, Response, StatusCode};

/// A response whose body can be wrapped: `http::Response`, and `reqwest::Response` with the feature
/// `reqwest`.
///
/// All else of it stays: its head, its extensions and, of reqwest's, its URL.
pub trait LlmResponse<W> {
    /// The response with the wrapped body.
    type Output;

    /// Puts the body into what `wrap` makes, if it is there and wants this response.
    fn wrapped(self, wrap: Option<W>) -> Self::Output;
}

/// What makes one body of another.
#[expect(unnameable_types, reason = "only this crate makes one")]
pub trait Wrap<B>: Sized {
    type Body;

    /// Whether this is a response to wrap; then its headers can be mended.
    fn wants(&self, status: StatusCode, headers: &mut HeaderMap) -> bool;

    /// The wrapped body; without a `wrap`, one that passes as it is.
    fn wrap(wrap: Option<Self>, body: B) -> Self::Body;
}

impl<B, W: Wrap<B>> LlmResponse<W> for Response<B> {
    type Output = Response<W::Body>;

    fn wrapped(self, wrap: Option<W>) -> Response<W::Body> {
        let (mut parts, body) = self.into_parts();
        let wrap = wrap.filter(|wrap| wrap.wants(parts.status, &mut parts.headers));
        Response::from_parts(parts, W::wrap(wrap, body))
    }
}

#[cfg(feature = "reqwest")]
mod of_reqwest {
    use std::error::Error;

    use bytes::Bytes;
    use reqwest::{Body, Response, ResponseBuilderExt};

    use super::{LlmResponse, Wrap};

    impl<W> LlmResponse<W> for Response
    where
        W: Wrap<Body>,
        W::Body: http_body::Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>>,
        W::Body: Send + Sync + 'static,
    {
        type Output = Response;

        fn wrapped(mut self, wrap: Option<W>) -> Response {
            let status = self.status();
            let Some(wrap) = wrap.filter(|wrap| wrap.wants(status, self.headers_mut())) else {
                return self;
            };
            let url = http::Response::builder().url(self.url().clone()).body(());
            let (mut parts, body) = http::Response::<Body>::from(self).into_parts();
            if let Ok(url) = url {
                parts.extensions.extend(url.into_parts().0.extensions);
            }
            http::Response::from_parts(parts, Body::wrap(W::wrap(Some(wrap), body))).into()
        }
    }
}
