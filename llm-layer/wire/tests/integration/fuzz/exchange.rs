//! Exchanges as the golden cases have them: a request and a response, each a first line, headers, a blank line
//! and a body. What is no header or no URL is left out, so that mutations still reach the readers.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use throughline_llm_wire::{ModelRequest, RequestReader, Target, Unseen};

/// Stands between the request and the response.
pub(crate) const SEPARATOR: &[u8] = b"\n=====\n";

/// The headers and the body of a request or a response.
pub(super) struct Message<'a> {
    pub(super) first_line: String,
    pub(super) headers: HeaderMap,
    pub(super) body: &'a [u8],
}

impl<'a> Message<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Self {
        let (head, body) = split(bytes, b"\n\n");
        let head = String::from_utf8_lossy(head);
        let mut lines = head.lines();
        let first_line = lines.next().unwrap_or_default().to_owned();
        let header = |line: &str| -> Option<(HeaderName, HeaderValue)> {
            let (name, value) = line.split_once(": ")?;
            Some((name.parse().ok()?, value.parse().ok()?))
        };
        Self {
            headers: lines.filter_map(header).collect(),
            first_line,
            body,
        }
    }
}

/// Returns the length of the pieces that an input chooses, the request and the response.
pub(super) fn parse(input: &[u8]) -> Option<(usize, Message<'_>, Message<'_>)> {
    let (first, exchange) = input.split_first()?;
    let (request, response) = split(exchange, SEPARATOR);
    Some((
        usize::from(*first) + 1,
        Message::parse(request),
        Message::parse(response),
    ))
}

/// Reads a request in pieces of `step` bytes.
pub(super) fn read_request(request: &Message<'_>, step: usize) -> Option<ModelRequest> {
    let (method, uri) = request.first_line.split_once(' ')?;
    let (method, uri): (Method, Uri) = (method.parse().ok()?, uri.parse().ok()?);
    let mut reader = RequestReader::new(&Target::new(&method, &uri, None), &request.headers, &[])?;
    for piece in request.body.chunks(step) {
        reader.read(piece, &mut { usize::MAX });
    }
    let request = reader.finish(|| Some(Bytes::copy_from_slice(request.body)))?;
    assert_ne!(request.unseen, Some(Unseen::Panicked), "the request is read");
    Some(request)
}

/// Returns what is before and behind the first `separator`.
fn split<'a>(bytes: &'a [u8], separator: &[u8]) -> (&'a [u8], &'a [u8]) {
    let at = bytes
        .windows(separator.len())
        .position(|window| window == separator);
    match at {
        Some(at) => (&bytes[..at], &bytes[at + separator.len()..]),
        None => (bytes, &[]),
    }
}
