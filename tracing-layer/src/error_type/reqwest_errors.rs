//! The errors of reqwest that are its own.

use std::error::Error;

use super::chain::chain;
use crate::intern;

/// The class of a body that came, but is not encoded as its head says.
///
/// reqwest calls every error of a body that is being read one of decoding: one with an error of a body, or of hyper,
/// below is not.
pub(super) fn of_decoding(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let is_from_below = reqwest_errors(error).any(reqwest::Error::is_body)
        || chain(error).any(|error| error.is::<hyper::Error>());
    let is_decoding = reqwest_errors(error).any(reqwest::Error::is_decode);
    (is_decoding && !is_from_below).then_some("decode")
}

/// The class of reqwest's own errors.
pub(super) fn of_reqwest(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let is = |class: fn(&reqwest::Error) -> bool| reqwest_errors(error).any(class);
    if let Some(status) = reqwest_errors(error).find_map(reqwest::Error::status) {
        return intern::text(status.as_str());
    }
    let classes: [(fn(&reqwest::Error) -> bool, &str); 6] = [
        (reqwest::Error::is_redirect, "redirect"),
        (reqwest::Error::is_upgrade, "upgrade"),
        (reqwest::Error::is_builder, "builder"),
        (reqwest::Error::is_body, "body"),
        (reqwest::Error::is_decode, "decode"),
        (reqwest::Error::is_request, "request"),
    ];
    classes
        .into_iter()
        .find_map(|(class, name)| is(class).then_some(name))
}

fn reqwest_errors<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a reqwest::Error> {
    chain(error).filter_map(|error| error.downcast_ref())
}
