//! Requests and responses, whichever client library they belong to.
//!
//! Layers that look at requests or responses are written once, over [`HttpRequest`] and [`HttpResponse`].
//! Both traits are sealed. They are implemented for the types of the crate `http` and, with the feature
//! `reqwest`, for those of reqwest. [`HttpClient`] is the bound on the client inside a layer.
//!
//! A layer that puts its own body around the body of a message implements [`WrapBody`]. Over `http`, the
//! type of the message then has the layer's body. Over reqwest, all bodies are a `reqwest::Body`, and no type
//! changes.
//!
//! ```
//! # use throughline_tracing_layer as throughline;
//! use http_body::Body;
//! use http_body_util::Limited;
//! use throughline::message::{HttpResponse, WrapBody};
//!
//! struct LimitLayer;
//!
//! impl WrapBody for LimitLayer {
//!     type Body<B: Body> = Limited<B>;
//! }
//!
//! fn limited<R: HttpResponse<LimitLayer>>(response: R) -> R::Output {
//!     response.map_body(|body| Limited::new(body, 1024 * 1024))
//! }
//!
//! # type Text = http_body_util::Full<bytes::Bytes>;
//! let response: http::Response<Limited<Text>> = limited(http::Response::new(Text::from("text")));
//! ```

mod head;
mod http_client;
mod http_types;
#[cfg(feature = "reqwest")]
mod reqwest_types;

use std::fmt;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{Extensions, HeaderMap, HeaderValue, Method};
use http_body::Body;

pub use self::head::ResponseHead;
pub use self::http_client::HttpClient;
pub use crate::url::RequestUrl;

/// Names the body that a layer puts around other bodies.
///
/// It is implemented by the layer, or by another type of its crate, and by every
/// [observer](crate::observe::Observe). `()` stands for layers that leave the body unchanged.
pub trait WrapBody {
    /// The type of the body around a body of type `B`.
    type Body<B: Body>;
}

impl WrapBody for () {
    type Body<B: Body> = B;
}

/// A request that a client sends: `http::Request`, and `reqwest::Request` with the feature `reqwest`.
///
/// `W` names the layer that may wrap its body.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a request that this layer supports",
    label = "not a supported request",
    note = "`http::Request<B>` is supported if `B` implements `http_body::Body`. Inside of `LlmLayer`, the request has \
            another body: write `type Body = RequestBody<…>` for the client inside",
    note = "`reqwest::Request` is supported with the feature `reqwest`, if the body of the layer is `Send + Sync + 'static`"
)]
pub trait HttpRequest<W: WrapBody = ()>: sealed::Sealed + Sized {
    /// The type of its body.
    type Body: Body;
    /// The request without its body.
    type Parts;
    /// The request with the wrapped body.
    type Output;

    /// Whether the client may follow redirects by itself, and take the headers to other hosts.
    const MAY_BE_REDIRECTED: bool;

    /// Returns the method.
    fn method(&self) -> &Method;

    /// Returns the URL, with the authority of the `host` header if the URL has none.
    fn url(&self) -> RequestUrl<'_>;

    /// Returns the headers.
    fn headers(&self) -> &HeaderMap;

    /// Returns the headers.
    fn headers_mut(&mut self) -> &mut HeaderMap;

    /// Returns the extensions, or `None` if the library gives no access to them.
    fn extensions(&self) -> Option<&Extensions>;

    /// Returns the body, if there is one.
    fn body_mut(&mut self) -> Option<&mut Self::Body>;

    /// Returns the bytes of a body that is in memory and can be read in place.
    fn bytes(&self) -> Option<&[u8]> {
        None
    }

    /// Returns the bytes of a body that is in memory, without a copy. The body stays in place.
    fn shared_bytes(&mut self) -> Option<Bytes> {
        None
    }

    /// Takes the request apart.
    fn into_parts(self) -> (Self::Parts, Self::Body);

    /// Joins the parts and a wrapped body.
    fn from_parts(parts: Self::Parts, body: W::Body<Self::Body>) -> Self::Output;

    /// Joins the parts and a body in memory. If the head has a `content-length`, it is corrected.
    ///
    /// `wrap` is called only if the body has to be of the type that `W` names.
    fn from_bytes(
        parts: Self::Parts,
        bytes: Bytes,
        wrap: impl FnOnce(Bytes) -> W::Body<Self::Body>,
    ) -> Self::Output;

    /// Returns the request with the same content.
    ///
    /// `wrap` is called only if the body has to be of the type that `W` names.
    fn unchanged(self, wrap: impl FnOnce(Self::Body) -> W::Body<Self::Body>) -> Self::Output;

    /// Returns the extensions that a response to this request needs, for [`HttpResponse::from_bytes`]. With
    /// reqwest, this is the URL.
    fn response_extensions(&self) -> Extensions {
        Extensions::new()
    }
}

/// A response of a client or service: `http::Response`, and `reqwest::Response` with the feature `reqwest`.
///
/// `W` names the layer that may wrap its body. Head and extensions are preserved, and so is the URL of a
/// `reqwest::Response`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a response that this layer supports",
    label = "not a supported response",
    note = "`http::Response<B>` is supported if `B` implements `http_body::Body` with an error that is `Display + 'static`",
    note = "`reqwest::Response` is supported with the feature `reqwest`, if the body of the layer is `Send + Sync + 'static`"
)]
pub trait HttpResponse<W: WrapBody = ()>: sealed::Sealed + Sized {
    /// The type of its body.
    type Body: Body<Error: fmt::Display + 'static>;
    /// The response with the wrapped body.
    type Output;

    /// Returns the head.
    fn head(&self) -> ResponseHead<'_>;

    /// Returns the headers.
    fn headers(&self) -> &HeaderMap;

    /// Returns the headers.
    fn headers_mut(&mut self) -> &mut HeaderMap;

    /// Returns the body.
    fn into_body(self) -> Self::Body;

    /// Wraps the body.
    fn map_body(self, wrap: impl FnOnce(Self::Body) -> W::Body<Self::Body>) -> Self::Output;

    /// Returns the response with the same content.
    ///
    /// `wrap` is called only if the body has to be of the type that `W` names.
    fn unchanged(self, wrap: impl FnOnce(Self::Body) -> W::Body<Self::Body>) -> Self::Output;

    /// Returns a response with a body in memory, for layers that answer in place of the inner service.
    ///
    /// `wrap` is called only if the body has to be of the type that `W` names.
    fn from_bytes(
        response: http::Response<Bytes>,
        wrap: impl FnOnce(Bytes) -> W::Body<Self::Body>,
    ) -> Self::Output;
}

/// Corrects the length in a request's head, if there is one.
fn correct_length(headers: &mut HeaderMap, length: usize) {
    if let Some(value) = headers.get_mut(CONTENT_LENGTH) {
        *value = HeaderValue::from(length);
    }
}

mod sealed {
    #[expect(unnameable_types, reason = "it seals the traits")]
    pub trait Sealed {}
}

#[cfg(test)]
mod tests;
