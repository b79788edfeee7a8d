//! reqwest's own errors.

use std::error::Error;
use std::io::{self, ErrorKind};

use super::chain::chain;
use crate::intern;

/// Returns the class of a body that arrived, but is not encoded as its head says.
///
/// Whoever polls the body itself gets an error of the body, and every reader behind gets one of decoding. A
/// reader of an incomplete body gets the latter too, but with an error of hyper below. A body from elsewhere
/// may have any error.
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

/// How decoders report invalid data.
const MALFORMED: [ErrorKind; 4] = [
    ErrorKind::InvalidData,
    ErrorKind::InvalidInput,
    ErrorKind::Other,
    ErrorKind::UnexpectedEof,
];

/// Returns the class of reqwest's own errors.
pub(super) fn of_reqwest(error: &(dyn Error + 'static)) -> Option<&'static str> {
    if let Some(status) = reqwest_errors(error).find_map(reqwest::Error::status) {
        return Some(intern::status(status));
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
