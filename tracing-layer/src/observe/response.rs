//! Responses that can be observed.

use std::fmt;
use std::net::SocketAddr;

use http::header::CONTENT_LENGTH;
use http::{Extensions, HeaderMap, Response, StatusCode, Version};
use http_body::Body;

use super::{Armed, End, Observe, ResponseBody};

/// The head of a response.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Head<'a> {
    /// The status code.
    pub status: StatusCode,
    /// The version of the protocol.
    pub version: Version,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The extensions.
    pub extensions: &'a Extensions,
    /// The other end of the connection, if the client's library tells it.
    pub peer: Option<SocketAddr>,
    /// The host and the port of the URL that answered, if the client's library tells: after a redirect that the library
    /// followed, those of the last.
    pub server: Option<(&'a str, Option<u16>)>,
}

/// Without the values of headers: they may be secret.
impl fmt::Debug for Head<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.keys().collect();
        f.debug_struct("Head")
            .field("status", &self.status)
            .field("version", &self.version)
            .field("headers", &names)
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}

/// Where an exchange ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum EndAt {
    /// When the response's head has come.
    Headers,
    /// When the response's body has ended.
    #[default]
    Body,
}

/// A response that an observer can be put on: `http::Response`, and `reqwest::Response` with the feature `reqwest`.
pub trait Observed<O: Observe> {
    /// The response with the observer in its body.
    type Output;

    /// Shows the head to the observer and leaves it in the body, or ends it there.
    fn observed(self, armed: Armed<O>) -> Self::Output;

    /// The same type of response with nobody watching.
    fn unobserved(self) -> Self::Output;
}

impl<B, O> Observed<O> for Response<B>
where
    B: Body<Error: fmt::Display + 'static>,
    O: Observe,
{
    type Output = Response<ResponseBody<B, O>>;

    fn observed(self, mut armed: Armed<O>) -> Self::Output {
        let (parts, body) = self.into_parts();
        let head = Head {
            status: parts.status,
            version: parts.version,
            headers: &parts.headers,
            extensions: &parts.extensions,
            peer: peer(&parts.extensions),
            server: None,
        };
        let armed = match armed.observer().map(|observer| observer.on_response(head)) {
            Some(EndAt::Body) if !body.is_end_stream() => Some(armed),
            _ => {
                armed.end(End::Complete);
                None
            }
        };
        let length = content_length(&parts.headers);
        Response::from_parts(parts, ResponseBody::new(body, length, armed))
    }

    fn unobserved(self) -> Self::Output {
        self.map(|body| ResponseBody::new(body, None, None))
    }
}

/// The address that a client of hyper-util's left.
fn peer(extensions: &Extensions) -> Option<SocketAddr> {
    #[cfg(feature = "hyper-util")]
    if let Some(info) = extensions.get::<hyper_util::client::legacy::connect::HttpInfo>() {
        return Some(info.remote_addr());
    }
    let _ = extensions;
    None
}

/// The length that the head promises, in bytes.
fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

#[cfg(feature = "reqwest")]
mod of_reqwest {
    use reqwest::{Body, ResponseBuilderExt};

    use super::{Armed, End, EndAt, Head, Observe, Observed, ResponseBody, content_length};
    use crate::protocol;

    impl<O: Observe + Send + Sync + 'static> Observed<O> for reqwest::Response {
        type Output = reqwest::Response;

        fn observed(self, mut armed: Armed<O>) -> reqwest::Response {
            let head = Head {
                status: self.status(),
                version: self.version(),
                headers: self.headers(),
                extensions: self.extensions(),
                peer: self.remote_addr(),
                server: server(self.url()),
            };
            match armed.observer().map(|observer| observer.on_response(head)) {
                Some(EndAt::Body) => with_body(self, armed),
                _ => {
                    armed.end(End::Complete);
                    self
                }
            }
        }

        fn unobserved(self) -> reqwest::Response {
            self
        }
    }

    /// The host and port of a URL, unless it is the one that stands for none.
    fn server(url: &reqwest::Url) -> Option<(&str, Option<u16>)> {
        let (host, _) = protocol::host_and_port(url.authority())?;
        (host != NO_URL).then(|| (host, url.port_or_known_default()))
    }

    /// What reqwest gives a response that was made of an `http::Response` without a URL.
    const NO_URL: &str = "no.url.provided.local";

    /// Takes a response apart and puts it together again with the observer in its body, keeping its URL.
    fn with_body<O>(response: reqwest::Response, armed: Armed<O>) -> reqwest::Response
    where
        O: Observe + Send + Sync + 'static,
    {
        let url = http::Response::builder().url(response.url().clone()).body(());
        let (mut parts, body) = http::Response::<Body>::from(response).into_parts();
        if let Ok(url) = url {
            parts.extensions.extend(url.into_parts().0.extensions);
        }
        let armed = if http_body::Body::is_end_stream(&body) {
            armed.end(End::Complete);
            None
        } else {
            Some(armed)
        };
        let body = Body::wrap(ResponseBody::new(body, content_length(&parts.headers), armed));
        http::Response::from_parts(parts, body).into()
    }
}
