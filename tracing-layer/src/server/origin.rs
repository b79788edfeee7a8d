//! The client and the server of a request, as far as its caller is trusted.

use std::net::IpAddr;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Request, Uri, uri};
use throughline_propagation::RequestHead;

use super::forwarded::{Forwarded, first};
use super::noted::NotedHeaders;
use crate::authority::{Authority, label_and_port};
use crate::protocol;

/// What a request and its proxies report. It is read on demand.
#[derive(Debug, Clone)]
pub(super) struct Origin<'a> {
    uri: &'a Uri,
    headers: Option<&'a HeaderMap>,
    host: Option<&'a HeaderValue>,
    /// Whether any header is from a proxy. If not, none of them is looked up.
    is_forwarded: bool,
    forwarded: Forwarded<'a>,
}

impl<'a> Origin<'a> {
    /// Reads what a caller reports. For an untrusted caller, this is only the URI that the server itself
    /// determined.
    pub(super) fn from_request<B>(request: &'a Request<B>, noted: &NotedHeaders<'a>, believed: bool) -> Self {
        let headers = believed.then(|| request.headers());
        let forwarded = headers.filter(|_| noted.is_forwarded);
        Self {
            uri: original_uri(request),
            headers,
            host: noted.host,
            is_forwarded: forwarded.is_some(),
            forwarded: forwarded.map(Forwarded::first).unwrap_or_default(),
        }
    }

    /// Returns the URI as the client sent it.
    pub(super) fn uri(&self) -> &'a Uri {
        self.uri
    }

    pub(super) fn scheme(&self) -> Option<&'static str> {
        let said = [
            self.forwarded.proto.as_deref(),
            self.first(&X_FORWARDED_PROTO),
            self.uri.scheme_str(),
        ];
        said.into_iter().flatten().find_map(protocol::scheme)
    }

    /// Returns the requested host and its port.
    ///
    /// The port of a forwarded host is the one that the client used, and has precedence. Next is
    /// `X-Forwarded-Port`, the port of the proxy. The port in `Host` may be set by the proxy itself.
    pub(super) fn host_and_port(&self) -> Option<(Arc<str>, Option<u16>)> {
        self.headers?;
        if !self.is_forwarded {
            return self.direct_host();
        }
        let forwarded = [self.forwarded.host.as_deref(), self.first(&X_FORWARDED_HOST)];
        let (host, port) = match forwarded.into_iter().flatten().find_map(host_and_port) {
            Some((host, Some(port))) => return Some((host, Some(port))),
            Some((host, None)) => (host, None),
            None => self.direct_host()?,
        };
        let forwarded = self.first(&X_FORWARDED_PORT).and_then(protocol::port);
        Some((host, forwarded.or(port)))
    }

    /// Returns the host and port of the request itself.
    fn direct_host(&self) -> Option<(Arc<str>, Option<u16>)> {
        let authority = self.uri.authority().map(uri::Authority::as_str);
        authority
            .and_then(host_and_port)
            .or_else(|| label_and_port(self.host?))
    }

    pub(super) fn client(&self) -> Option<IpAddr> {
        let said = [self.forwarded.client.as_deref(), self.first(&X_FORWARDED_FOR)];
        said.into_iter().flatten().find_map(address)
    }

    fn first(&self, name: &HeaderName) -> Option<&'a str> {
        first(self.headers.filter(|_| self.is_forwarded)?, name)
    }
}

/// Returns the URI as the client sent it. In a nested router of axum, the URI of the request lacks the
/// prefix.
fn original_uri<B>(request: &Request<B>) -> &Uri {
    #[cfg(feature = "axum")]
    if let Some(axum::extract::OriginalUri(uri)) = request.extensions().get() {
        return uri;
    }
    request.uri()
}

/// Returns the head of a request. The peer is [`PeerAddr`], axum's `ConnectInfo` with the feature `axum`, or
/// tonic's `TcpConnectInfo` with the feature `tonic`.
pub(super) fn head<B>(request: &Request<B>) -> RequestHead<'_> {
    let head = RequestHead::new(request);
    #[cfg(feature = "tonic")]
    if head.peer().is_none() {
        let info: Option<&tonic::transport::server::TcpConnectInfo> = request.extensions().get();
        if let Some(peer) = info.and_then(|info| info.remote_addr) {
            return head.with_peer(Some(peer));
        }
    }
    #[cfg(feature = "axum")]
    if head.peer().is_none() {
        let info: Option<&axum::extract::ConnectInfo<std::net::SocketAddr>> = request.extensions().get();
        return head.with_peer(info.map(|info| info.0));
    }
    head
}

/// Returns the host of a header, as recorded in telemetry, and its port, if they are valid.
fn host_and_port(authority: &str) -> Option<(Arc<str>, Option<u16>)> {
    let authority = Authority::new(authority).filter(|authority| authority.is_clean)?;
    Some((authority.label, authority.port))
}

/// Parses an address with or without a port. Names and `unknown` are not addresses.
fn address(client: &str) -> Option<IpAddr> {
    let bare = client.parse().ok();
    bare.or_else(|| protocol::host_and_port(client)?.0.parse().ok())
}

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
static X_FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
static X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(
        headers: &[(&str, &str)],
    ) -> (Option<&'static str>, Option<String>, Option<u16>, Option<String>) {
        let mut request = Request::builder().uri("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(()).expect("a request");
        let origin = Origin::from_request(&request, &NotedHeaders::new(request.headers()), true);
        let (host, port) = origin.host_and_port().unzip();
        (
            origin.scheme(),
            host.map(|host| host.to_string()),
            port.flatten(),
            origin.client().map(|client| client.to_string()),
        )
    }

    #[test]
    fn believed() {
        let cases: [(&[(&str, &str)], _); 25] = [
            (
                &[("forwarded", "host=\"a,b\";for=192.0.2.60"), ("host", "c")],
                (None, Some("c"), None, Some("192.0.2.60")),
            ),
            (
                &[("forwarded", "for=192.0.2.60;host=\"a:1\";proto=\"https\"")],
                (Some("https"), Some("a"), Some(1), Some("192.0.2.60")),
            ),
            (
                &[("forwarded", "for=\"[::ffff:192.0.2.60]:47\"")],
                (None, None, None, Some("::ffff:192.0.2.60")),
            ),
            (
                &[("x-forwarded-for", "::ffff:192.0.2.60")],
                (None, None, None, Some("::ffff:192.0.2.60")),
            ),
            (
                &[("x-forwarded-for", ", ,203.0.113.7")],
                (None, None, None, Some("203.0.113.7")),
            ),
            (
                &[("x-forwarded-proto", "https, http")],
                (Some("https"), None, None, None),
            ),
            (
                &[("host", "a"), ("x-forwarded-port", "8443")],
                (None, Some("a"), Some(8443), None),
            ),
            (
                &[("host", "inside:8080"), ("x-forwarded-port", "443, 8080")],
                (None, Some("inside"), Some(443), None),
            ),
            (
                &[
                    ("host", "inside:8080"),
                    ("x-forwarded-host", "a"),
                    ("x-forwarded-port", "443"),
                ],
                (None, Some("a"), Some(443), None),
            ),
            (
                &[
                    ("host", "inside:8080"),
                    ("x-forwarded-host", "a:444"),
                    ("x-forwarded-port", "443"),
                ],
                (None, Some("a"), Some(444), None),
            ),
            (
                &[("forwarded", "host=a"), ("x-forwarded-port", "443")],
                (None, Some("a"), Some(443), None),
            ),
            (
                &[("host", "inside:8080"), ("x-forwarded-host", "a")],
                (None, Some("a"), None, None),
            ),
            (
                &[("host", "a:81"), ("x-forwarded-port", "99999")],
                (None, Some("a"), Some(81), None),
            ),
            (
                &[("host", "a:81"), ("x-forwarded-port", "+80")],
                (None, Some("a"), Some(81), None),
            ),
            (
                &[("host", "a:0"), ("x-forwarded-port", "0")],
                (None, Some("a"), None, None),
            ),
            (&[("x-forwarded-port", "443")], (None, None, None, None)),
            (
                &[("host", "a.example:81")],
                (None, Some("a.example"), Some(81), None),
            ),
            (
                &[
                    ("host", "b"),
                    ("x-forwarded-host", "a:1, b"),
                    ("x-forwarded-proto", "HTTPS"),
                ],
                (Some("https"), Some("a"), Some(1), None),
            ),
            (
                &[("x-forwarded-for", "203.0.113.7, 10.0.0.1")],
                (None, None, None, Some("203.0.113.7")),
            ),
            (
                &[(
                    "forwarded",
                    "For=\"[2001:db8::1]:4711\";host=a;proto=https, for=10.0.0.1",
                )],
                (Some("https"), Some("a"), None, Some("2001:db8::1")),
            ),
            (
                &[
                    ("forwarded", "for=192.0.2.60:80"),
                    ("x-forwarded-for", "198.51.100.1"),
                ],
                (None, None, None, Some("192.0.2.60")),
            ),
            (
                &[
                    ("host", "b"),
                    ("forwarded", "for=_hidden;host=;proto=gopher"),
                    ("x-forwarded-proto", "https"),
                    ("x-forwarded-for", "198.51.100.1"),
                ],
                (Some("https"), Some("b"), None, Some("198.51.100.1")),
            ),
            (&[("forwarded", "for=unknown;;proto;=")], (None, None, None, None)),
            (&[("x-forwarded-for", "_hidden")], (None, None, None, None)),
            (&[("x-forwarded-proto", "gopher")], (None, None, None, None)),
        ];
        for (headers, (scheme, host, port, client)) in cases {
            let expected = (scheme, host.map(str::to_owned), port, client.map(str::to_owned));
            assert_eq!(shown(headers), expected, "{headers:?}");
        }
    }
}
