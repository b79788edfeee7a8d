//! The messages that a proxy forwards.

use http::header::{CONTENT_LENGTH, EXPECT, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, Request, Response, Uri, Version};

use crate::hop_by_hop::remove_hop_by_hop;

/// Directs a request to `target`, and removes the headers that are not forwarded. See [the crate](crate).
#[must_use]
pub fn forward_request<B>(mut request: Request<B>, target: Uri) -> Request<B> {
    *request.uri_mut() = target;
    *request.version_mut() = Version::HTTP_11;
    let headers = request.headers_mut();
    remove_overridden_length(headers);
    remove_hop_by_hop(headers);
    headers.remove(HOST);
    headers.remove(EXPECT);
    request
}

/// Removes the headers of a response that are not forwarded. See [the crate](crate).
///
/// The version becomes HTTP/1.1, as a server that answers another version expects it.
#[must_use]
pub fn forward_response<B>(mut response: Response<B>) -> Response<B> {
    *response.version_mut() = Version::HTTP_11;
    remove_overridden_length(response.headers_mut());
    remove_hop_by_hop(response.headers_mut());
    response
}

/// Removes a length that `Transfer-Encoding` overrides. The next receiver would otherwise take it for that of the body:
/// [RFC 9112, section 6.3](https://www.rfc-editor.org/rfc/rfc9112#section-6.3).
fn remove_overridden_length(headers: &mut HeaderMap) {
    if headers.contains_key(TRANSFER_ENCODING) {
        headers.remove(CONTENT_LENGTH);
    }
}
