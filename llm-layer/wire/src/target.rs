//! The target of a request.

use http::{Method, Uri};

/// The target of a request, by which a model call is recognised.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::exhaustive_structs,
    reason = "callers that have no URI build it from what they have"
)]
pub struct Target<'a> {
    /// The method. Model calls are `POST` requests.
    pub method: &'a Method,
    /// The path, without a query.
    pub path: &'a str,
    /// The query, if there is one. Only the name of a model is read of it.
    pub query: Option<&'a str>,
    /// The host, without brackets, if it is known.
    pub host: Option<&'a str>,
    /// The port, if it is known.
    pub port: Option<u16>,
}

impl<'a> Target<'a> {
    /// Returns the target of a request with an absolute URI, or else with the authority of its `host` header.
    #[must_use]
    pub fn new(method: &'a Method, uri: &'a Uri, authority: Option<&'a str>) -> Self {
        let (host, port) = match (uri.host(), authority) {
            (Some(host), _) => (Some(host), uri.port_u16()),
            (None, Some(authority)) => match authority.rsplit_once(':') {
                Some((host, port)) if !port.ends_with(']') => (Some(host), port.parse().ok()),
                _ => (Some(authority), None),
            },
            (None, None) => (None, None),
        };
        let default = match uri.scheme_str() {
            Some("http") => Some(80),
            Some("https") => Some(443),
            _ => None,
        };
        Self {
            method,
            path: uri.path(),
            query: uri.query(),
            host: host.map(|host| host.trim_start_matches('[').trim_end_matches(']')),
            port: port.or(default),
        }
    }

    /// Returns whether the host is `domain` or a subdomain of it, in any case.
    #[must_use]
    pub fn is_at(&self, domain: &str) -> bool {
        let host = self.host.unwrap_or_default().as_bytes();
        let host = host.strip_suffix(b".").unwrap_or(host);
        let domain = domain.as_bytes();
        // Most domains differ in their last letter.
        let last = |text: &[u8]| text.last().map(u8::to_ascii_lowercase);
        if last(host) != last(domain) {
            return false;
        }
        let above = host.len().checked_sub(domain.len());
        let Some((above, end)) = above.and_then(|above| host.split_at_checked(above)) else {
            return false;
        };
        end.eq_ignore_ascii_case(domain) && (above.is_empty() || above.ends_with(b"."))
    }
}
