//! Requests and responses of reqwest.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Extensions, HeaderMap, Method};
use http_body::Body as _;
use reqwest::{Body, Request, Response, ResponseBuilderExt, Url};

use super::sealed::Sealed;
use super::{Head, HttpRequest, HttpResponse, RequestUrl, WrapBody, correct_length};
use crate::protocol;

impl Sealed for Request {}
impl Sealed for Response {}

impl<W> HttpRequest<W> for Request
where
    W: WrapBody,
    W::Body<Body>: http_body::Body<Data: Into<Bytes>, Error: Into<BoxError>> + Send + Sync + 'static,
{
    type Body = Body;
    type Parts = Self;
    type Output = Self;

    // By default a client follows ten, and a layer cannot see its policy.
    const MAY_BE_REDIRECTED: bool = true;

    fn method(&self) -> &Method {
        self.method()
    }

    fn url(&self) -> RequestUrl<'_> {
        let url = self.url();
        RequestUrl {
            scheme: Some(url.scheme()),
            authority: url.authority(),
            path: url.path(),
            query: url.query(),
        }
    }

    fn headers(&self) -> &HeaderMap {
        self.headers()
    }

    fn headers_mut(&mut self) -> &mut HeaderMap {
        self.headers_mut()
    }

    fn extensions(&self) -> Option<&Extensions> {
        None
    }

    fn body_mut(&mut self) -> Option<&mut Body> {
        self.body_mut().as_mut()
    }

    fn bytes(&self) -> Option<&[u8]> {
        self.body().map_or(Some(&[]), Body::as_bytes)
    }

    /// A body in memory yields all of its bytes in its first frame, and is made again from them.
    fn shared_bytes(&mut self) -> Option<Bytes> {
        let Some(body) = self.body_mut() else {
            return Some(Bytes::new());
        };
        if body.as_bytes()?.is_empty() {
            return Some(Bytes::new());
        }
        let mut cx = Context::from_waker(Waker::noop());
        let Poll::Ready(Some(Ok(frame))) = Pin::new(&mut *body).poll_frame(&mut cx) else {
            return None;
        };
        let bytes = frame.into_data().ok()?;
        *body = Body::from(bytes.clone());
        Some(bytes)
    }

    fn into_parts(mut self) -> (Self, Body) {
        let body = self.body_mut().take().unwrap_or_default();
        (self, body)
    }

    fn from_parts(mut parts: Self, body: W::Body<Body>) -> Self {
        *parts.body_mut() = Some(Body::wrap(body));
        parts
    }

    /// The body is one of reqwest's in memory, so that the request can still be cloned for a retry.
    fn from_bytes(mut parts: Self, bytes: Bytes, _: impl FnOnce(Bytes) -> W::Body<Body>) -> Self {
        correct_length(parts.headers_mut(), bytes.len());
        *parts.body_mut() = Some(Body::from(bytes));
        parts
    }

    fn unchanged(self, _: impl FnOnce(Body) -> W::Body<Body>) -> Self {
        self
    }

    fn response_extensions(&self) -> Extensions {
        url_extensions(self.url())
    }
}

impl<W> HttpResponse<W> for Response
where
    W: WrapBody,
    W::Body<Body>: http_body::Body<Data: Into<Bytes>, Error: Into<BoxError>> + Send + Sync + 'static,
{
    type Body = Body;
    type Output = Self;

    fn head(&self) -> Head<'_> {
        Head {
            status: self.status(),
            version: self.version(),
            headers: self.headers(),
            extensions: self.extensions(),
            peer: self.remote_addr(),
            server: server(self.url()),
        }
    }

    fn headers(&self) -> &HeaderMap {
        self.headers()
    }

    fn headers_mut(&mut self) -> &mut HeaderMap {
        self.headers_mut()
    }

    fn into_body(self) -> Body {
        self.into()
    }

    fn map_body(self, wrap: impl FnOnce(Body) -> W::Body<Body>) -> Self {
        let url = url_extensions(self.url());
        let mut response = http::Response::from(self).map(|body| Body::wrap(wrap(body)));
        response.extensions_mut().extend(url);
        response.into()
    }

    fn unchanged(self, _: impl FnOnce(Body) -> W::Body<Body>) -> Self {
        self
    }

    fn from_bytes(response: http::Response<Bytes>, _: impl FnOnce(Bytes) -> W::Body<Body>) -> Self {
        response.into()
    }
}

/// Returns the extensions from which reqwest takes the URL of a response that is made of an `http::Response`.
fn url_extensions(url: &Url) -> Extensions {
    let response = http::Response::builder().url(url.clone()).body(());
    response
        .map(|response| response.into_parts().0.extensions)
        .unwrap_or_default()
}

/// Returns the host and port of a URL, unless it is the placeholder for none.
fn server(url: &Url) -> Option<(&str, Option<u16>)> {
    let (host, _) = protocol::host_and_port(url.authority())?;
    (host != NO_URL).then(|| (host, url.port_or_known_default()))
}

/// The host of the URL that reqwest gives a response that was made of an `http::Response` without a URL.
const NO_URL: &str = "no.url.provided.local";

type BoxError = Box<dyn Error + Send + Sync>;
