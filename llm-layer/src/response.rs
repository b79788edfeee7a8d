//! Responses whose body a layer can wrap, for `http` and reqwest.

use http::{HeaderMap, Response, StatusCode};

/// A response whose body can be wrapped in a body of type `W`: `http::Response`, and `reqwest::Response` with
/// the feature `reqwest`.
///
/// The head, the extensions and the URL of a `reqwest::Response` are preserved.
pub trait LlmResponse<W> {
    /// The response with the wrapped body.
    type Output;

    /// Wraps the body, if `wrap` is `Some` and accepts this response. Otherwise the body passes unchanged.
    fn wrapped(self, wrap: Option<W>) -> Self::Output;
}

/// Wraps bodies of type `B`.
#[expect(unnameable_types, reason = "only this crate makes one")]
pub trait Wrap<B>: Sized {
    type Body;

    /// Returns whether to wrap the body of this response. If so, it may also correct the headers.
    fn wants(&self, status: StatusCode, headers: &mut HeaderMap) -> bool;

    /// Returns the wrapped body. If `wrap` is `None`, it behaves like the inner one.
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
