//! Whom a request is from and for, as far as its caller is believed.

use std::net::{IpAddr, SocketAddr};

use http::header::{FORWARDED, HOST};
use http::uri::Authority;
use http::{HeaderMap, HeaderName, Request, Uri};
use throughline_propagation::PeerAddr;

use crate::protocol;

/// What a request and the proxies before it say. Looked up when it is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin<'a> {
    uri: &'a Uri,
    headers: Option<&'a HeaderMap>,
    forwarded: Forwarded<'a>,
}

impl<'a> Origin<'a> {
    /// What a caller says; of one who is not believed, only the URI that the server itself made out.
    pub(super) fn of<B>(request: &'a Request<B>, believed: bool) -> Self {
        let headers = believed.then(|| request.headers());
        Self {
            uri: request.uri(),
            headers,
            forwarded: headers.map(Forwarded::first).unwrap_or_default(),
        }
    }

    pub(super) fn scheme(&self) -> Option<&'static str> {
        let said = [
            self.forwarded.proto,
            self.first(&X_FORWARDED_PROTO),
            self.uri.scheme_str(),
        ];
        said.into_iter().flatten().find_map(protocol::scheme)
    }

    pub(super) fn host_and_port(&self) -> Option<(&'a str, Option<u16>)> {
        let headers = self.headers?;
        let said = [
            self.forwarded.host,
            self.first(&X_FORWARDED_HOST),
            self.uri.authority().map(Authority::as_str),
            text(headers, &HOST),
        ];
        said.into_iter().flatten().find_map(protocol::host_and_port)
    }

    pub(super) fn client(&self) -> Option<IpAddr> {
        let said = [self.forwarded.client, self.first(&X_FORWARDED_FOR)];
        said.into_iter().flatten().find_map(address)
    }

    fn first(&self, name: &HeaderName) -> Option<&'a str> {
        first(self.headers?, name)
    }
}

/// The other end of the connection: [`PeerAddr`], or axum's `ConnectInfo` with the feature `axum`.
pub(super) fn peer<B>(request: &Request<B>) -> Option<SocketAddr> {
    let extensions = request.extensions();
    let peer = extensions.get::<PeerAddr>().map(|&PeerAddr(address)| address);
    #[cfg(feature = "axum")]
    let peer = peer.or_else(|| {
        let info = extensions.get::<axum::extract::ConnectInfo<SocketAddr>>()?;
        Some(info.0)
    });
    peer
}

/// The first element of `Forwarded`: what the proxy next to the client says.
///
/// <https://www.rfc-editor.org/rfc/rfc7239>
#[derive(Debug, Clone, Copy, Default)]
struct Forwarded<'a> {
    client: Option<&'a str>,
    host: Option<&'a str>,
    proto: Option<&'a str>,
}

impl<'a> Forwarded<'a> {
    fn first(headers: &'a HeaderMap) -> Self {
        let mut forwarded = Self::default();
        let Some(element) = first(headers, &FORWARDED) else {
            return forwarded;
        };
        for pair in element.split(';') {
            let Some((name, value)) = pair.split_once('=') else {
                continue;
            };
            let value = Some(value.trim().trim_matches('"'));
            match name.trim() {
                name if name.eq_ignore_ascii_case("for") => forwarded.client = value,
                name if name.eq_ignore_ascii_case("host") => forwarded.host = value,
                name if name.eq_ignore_ascii_case("proto") => forwarded.proto = value,
                _ => {}
            }
        }
        forwarded
    }
}

/// The first element of a list.
fn first<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    text(headers, name)?.split(',').next().map(str::trim)
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// An address with or without a port; names and `unknown` are none.
fn address(client: &str) -> Option<IpAddr> {
    let bare = client.parse().ok();
    bare.or_else(|| protocol::host_and_port(client)?.0.parse().ok())
}

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
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
        let origin = Origin::of(&request, true);
        let (host, port) = origin.host_and_port().unzip();
        (
            origin.scheme(),
            host.map(str::to_owned),
            port.flatten(),
            origin.client().map(|client| client.to_string()),
        )
    }

    #[test]
    fn believed() {
        let cases: [(&[(&str, &str)], _); 9] = [
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
