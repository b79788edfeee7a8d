//! The errors of reqwest that are its own.

use std::error::Error;
use std::io::{self, ErrorKind};

use super::chain::chain;
use crate::intern;

/// The class of a body that came, but is not encoded as its head says.
///
/// Its own reader gets an error of the body, everyone behind that one of decoding; so does who reads a body that did not
/// come whole, but that has an error of hyper's below, and a body from elsewhere may have any.
pub(super) fn of_decoding(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let is_body = reqwest_errors(error).any(reqwest::Error::is_body);
    let is_decoding = reqwest_errors(error).any(reqwest::Error::is_decode);
    if !(is_body || is_decoding) || chain(error).any(|error| error.is::<hyper::Error>()) {
        return None;
    }
    let mut kinds = chain(error)
        .filter_map(|error| error.downcast_ref().map(io::Error::kind))
        .peekable();
    let is_malformed = kinds.peek().is_some() && kinds.all(|kind| MALFORMED.contains(&kind));
    (is_malformed || !is_body).then_some("decode")
}

/// What decoders say of what they cannot read.
const MALFORMED: [ErrorKind; 4] = [
    ErrorKind::InvalidData,
    ErrorKind::InvalidInput,
    ErrorKind::Other,
    ErrorKind::UnexpectedEof,
];

/// The class of reqwest's own errors.
pub(super) fn of_reqwest(error: &(dyn Error + 'static)) -> Option<&'static str> {
    if let Some(status) = reqwest_errors(error).find_map(reqwest::Error::status) {
        return intern::text(status.as_str());
    }
    let is = |class: fn(&reqwest::Error) -> bool| reqwest_errors(error).any(class);
    Some(match () {
        () if is(reqwest::Error::is_redirect) => "redirect",
        () if is(reqwest::Error::is_upgrade) => "upgrade",
        () if is(reqwest::Error::is_builder) => "builder",
        () if is(reqwest::Error::is_body) => "body",
        () if is(reqwest::Error::is_decode) => "decode",
        () if is(reqwest::Error::is_request) => "request",
        () => return None,
    })
}

fn reqwest_errors<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a reqwest::Error> {
    chain(error).filter_map(|error| error.downcast_ref())
}
