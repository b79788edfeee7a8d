//! Who may read the page: checks of `Host` and `Origin`, and the headers of every answer.
//!
//! A web page in the same browser could reach this server in two ways. It could send requests, which browsers
//! mark with its `Origin`. Or it could make its own name point to this machine (DNS rebinding); then the
//! browser takes both for the same site, but sends the foreign name as `Host`.

use std::net::{IpAddr, Ipv6Addr};

use axum::body::Body;
use http::header::{CONTENT_SECURITY_POLICY, HOST, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};

use crate::answer;

/// Returns an answer if a request must not be served.
pub(crate) fn refusal(request: &Request<Body>, hosts: &[String]) -> Option<Response<Body>> {
    let host = match request.headers().get(HOST) {
        Some(host) => host.to_str().ok(),
        None => request.uri().authority().map(Authority::as_str), // HTTP/2
    };
    let name = host.and_then(|host| host.parse::<Authority>().ok());
    let name = name.as_ref().map(Authority::host);
    if !name.is_some_and(|name| is_allowed(name, hosts)) {
        let host = host.unwrap_or_default();
        return Some(answer::error(
            StatusCode::FORBIDDEN,
            &format!(
                "the host {host:?} is not allowed; open the page as localhost or by an IP address, or add the \
                 name to the viewer's hosts"
            ),
        ));
    }
    foreign_origin(request.headers(), host.unwrap_or_default()).map(|origin| {
        answer::error(
            StatusCode::FORBIDDEN,
            &format!("the origin {origin:?} is not allowed"),
        )
    })
}

/// Returns the `Origin` of a request, unless it is that of the host itself.
fn foreign_origin(headers: &HeaderMap, host: &str) -> Option<String> {
    let origin = headers.get(ORIGIN)?;
    let same = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.split_once("://"))
        .is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host));
    (!same).then(|| String::from_utf8_lossy(origin.as_bytes()).into_owned())
}

/// Whether a host name, without a port, cannot be a foreign name. An IP address cannot: the names that DNS
/// rebinding uses are never addresses.
fn is_allowed(name: &str, hosts: &[String]) -> bool {
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    let is_address = match address {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => name.parse::<IpAddr>().is_ok(),
    };
    let name = name.to_ascii_lowercase();
    is_address
        || name == "localhost"
        || name.ends_with(".localhost")
        || hosts.iter().any(|host| host.eq_ignore_ascii_case(&name))
}

/// Adds the headers that confine the page.
pub(crate) fn confine(response: &mut Response<Body>) {
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        "cross-origin-resource-policy",
        HeaderValue::from_static("same-origin"),
    );
    headers.insert(
        "cross-origin-opener-policy",
        HeaderValue::from_static("same-origin"),
    );
}

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_names_are_refused() {
        let hosts = ["traces.internal".to_owned()];
        for (name, expected) in [
            ("localhost", true),
            ("LOCALHOST", true),
            ("shop.localhost", true),
            ("127.0.0.1", true),
            ("[::1]", true),
            ("192.168.1.7", true),
            ("Traces.Internal", true),
            ("evil.example", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("notlocalhost", false),
            ("[evil]", false),
            ("", false),
        ] {
            assert_eq!(is_allowed(name, &hosts), expected, "{name}");
        }
    }
}
