//! Requests and responses of the crate `http`.

use std::fmt;
use std::net::SocketAddr;

use bytes::Bytes;
use http::header::HOST;
use http::{Extensions, HeaderMap, Method, Request, Response, request, uri};
use http_body::Body;

use super::sealed::Sealed;
use super::{HttpRequest, HttpResponse, RequestUrl, ResponseHead, WrapBody, correct_length};

impl<B> Sealed for Request<B> {}
impl<B> Sealed for Response<B> {}

impl<B, W> HttpRequest<W> for Request<B>
where
    B: Body,
    W: WrapBody,
{
    type Body = B;
    type Parts = request::Parts;
    type Output = Request<W::Body<B>>;

    // Clients of `http` follow none. A layer that does is outside of this one, or is a separate client.
    const MAY_BE_REDIRECTED: bool = false;

    fn method(&self) -> &Method {
        self.method()
    }

    fn url(&self) -> RequestUrl<'_> {
        let uri = self.uri();
        let host = || self.headers().get(HOST)?.to_str().ok();
        let authority = uri.authority().map(uri::Authority::as_str).or_else(host);
        RequestUrl {
            scheme: uri.scheme_str(),
            authority: authority.unwrap_or_default(),
            path: uri.path(),
            query: uri.query(),
        }
    }

    fn headers(&self) -> &HeaderMap {
        self.headers()
    }

    fn headers_mut(&mut self) -> &mut HeaderMap {
        self.headers_mut()
    }

    fn extensions(&self) -> Option<&Extensions> {
        Some(self.extensions())
    }

    fn body_mut(&mut self) -> Option<&mut B> {
        Some(self.body_mut())
    }

    fn into_parts(self) -> (request::Parts, B) {
        self.into_parts()
    }

    fn from_parts(parts: request::Parts, body: W::Body<B>) -> Self::Output {
        Request::from_parts(parts, body)
    }

    fn from_bytes(
        mut parts: request::Parts,
        bytes: Bytes,
        wrap: impl FnOnce(Bytes) -> W::Body<B>,
    ) -> Self::Output {
        correct_length(&mut parts.headers, bytes.len());
        Request::from_parts(parts, wrap(bytes))
    }

    fn unchanged(self, wrap: impl FnOnce(B) -> W::Body<B>) -> Self::Output {
        self.map(wrap)
    }
}

impl<B, W> HttpResponse<W> for Response<B>
where
    B: Body<Error: fmt::Display + 'static>,
    W: WrapBody,
{
    type Body = B;
    type Output = Response<W::Body<B>>;

    fn head(&self) -> ResponseHead<'_> {
        ResponseHead {
            status: self.status(),
            version: self.version(),
            headers: self.headers(),
            extensions: self.extensions(),
            peer: peer(self.extensions()),
            server: None,
        }
    }

    fn headers(&self) -> &HeaderMap {
        self.headers()
    }

    fn headers_mut(&mut self) -> &mut HeaderMap {
        self.headers_mut()
    }

    fn into_body(self) -> B {
        self.into_body()
    }

    fn map_body(self, wrap: impl FnOnce(B) -> W::Body<B>) -> Self::Output {
        self.map(wrap)
    }

    fn unchanged(self, wrap: impl FnOnce(B) -> W::Body<B>) -> Self::Output {
        self.map(wrap)
    }

    fn from_bytes(response: Response<Bytes>, wrap: impl FnOnce(Bytes) -> W::Body<B>) -> Self::Output {
        response.map(wrap)
    }
}

/// Returns the address of the peer, if a client of hyper-util recorded it.
fn peer(extensions: &Extensions) -> Option<SocketAddr> {
    #[cfg(feature = "hyper-util")]
    if let Some(info) = extensions.get::<hyper_util::client::legacy::connect::HttpInfo>() {
        return Some(info.remote_addr());
    }
    let _ = extensions;
    None
}
