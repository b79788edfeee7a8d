//! The messages that a proxy forwards.

use http::header::{EXPECT, HOST};
use http::{Request, Response, Uri, Version};

use crate::remove_hop_by_hop;

/// Directs a request to `target`, and removes the headers that are not forwarded. See [the crate](crate).
#[must_use]
pub fn forward_request<B>(mut request: Request<B>, target: Uri) -> Request<B> {
    *request.uri_mut() = target;
    *request.version_mut() = Version::HTTP_11;
    let headers = request.headers_mut();
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
    remove_hop_by_hop(response.headers_mut());
    response
}
