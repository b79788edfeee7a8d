//! The responses of the listener.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ALLOW, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, VARY};
use hyper::{Method, Request, Response, StatusCode};

use super::super::negotiate::{Encoding, Format};
use super::super::scrape::Scrapes;

/// Responds to requests, on every connection.
#[derive(Clone)]
pub(super) struct Handler {
    scrapes: Scrapes,
    read: Arc<Read>,
}

/// A callback for each rendered page, or for the reason why it could not be rendered.
type Read = dyn Fn(Result<(), &str>) + Send + Sync;

impl Handler {
    pub(super) fn new(scrapes: Scrapes, read: impl Fn(Result<(), &str>) + Send + Sync + 'static) -> Self {
        Self {
            scrapes,
            read: Arc::new(read),
        }
    }

    pub(super) async fn answer<B>(&self, request: &Request<B>) -> Response<Full<Bytes>> {
        if request.uri().path() != "/metrics" {
            return text_response(StatusCode::NOT_FOUND, "the metrics are at /metrics\n");
        }
        let is_read = match *request.method() {
            Method::GET => true,
            Method::HEAD => false,
            _ => {
                let mut response = text_response(
                    StatusCode::METHOD_NOT_ALLOWED,
                    "use GET or HEAD
",
                );
                let allowed = HeaderValue::from_static("GET, HEAD");
                response.headers_mut().insert(ALLOW, allowed);
                return response;
            }
        };
        let format = Format::preferred(request.headers());
        let encoding = Encoding::preferred(request.headers());
        let page = self.scrapes.page(format, encoding).await;
        if is_read {
            (self.read)(page.as_ref().map(drop).map_err(String::as_str));
        }
        let body = match page {
            Ok(body) => body,
            Err(why) => return text_response(StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")),
        };
        let mut response = Response::new(Full::new(body));
        let mut set = |name: HeaderName, value| {
            response
                .headers_mut()
                .insert(name, HeaderValue::from_static(value));
        };
        set(CONTENT_TYPE, format.content_type());
        set(VARY, "accept, accept-encoding");
        if encoding == Encoding::Gzip {
            set(CONTENT_ENCODING, "gzip");
        }
        response
    }
}

fn text_response(status: StatusCode, text: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

impl fmt::Debug for Handler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handler")
    }
}
