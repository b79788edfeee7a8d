//! The errors of hyper and of hyper-util's client, on which reqwest's are based.
//!
//! Some of them have no public type, such as those of hyper-util's connector and of its proxies, or are from
//! a crate that this one does not depend on, such as rustls and h2. They are distinguished by their position
//! in the chain, by the kind of the `io::Error` around them, and last by the fixed text of their crate. If
//! such a text changes, the class becomes a coarser one, such as `connect`.

use std::error::Error;
use std::io::{self, ErrorKind};

use hyper_util::client::legacy;

use super::chain::chain;
use super::connecting::ConnectError;
use super::io_kind;

/// Returns the class of an error that occurred before there was a connection.
pub(super) fn of_connecting(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let connecting = chain(error).find(|error| {
        let client = error.downcast_ref::<legacy::Error>();
        client.is_some_and(legacy::Error::is_connect) || error.is::<ConnectError>()
    })?;
    let below = || chain(connecting).skip(1);
    if below().any(is_dns) {
        return Some("dns");
    }
    if below().any(|error| {
        CERTIFICATE_TEXTS
            .iter()
            .any(|text| error.to_string().contains(text))
    }) {
        return Some("server_certificate_invalid");
    }
    if below().any(|error| PROXY_TEXTS.iter().any(|text| error.to_string().starts_with(text))) {
        return io_kind(connecting).or(Some("proxy"));
    }
    if below().any(is_tls) {
        return Some("tls");
    }
    io_kind(connecting).or(Some("connect"))
}

fn is_dns(error: &(dyn Error + 'static)) -> bool {
    #[cfg(feature = "reqwest")]
    if error.downcast_ref().is_some_and(reqwest::Error::is_dns) {
        return true;
    }
    // hyper-util's connector and reqwest's resolver. Neither type is public.
    ["dns error", "error resolving DNS"].contains(&error.to_string().as_str())
}

/// rustls reports its errors as invalid data. If the server leaves during the handshake, the end is
/// unexpected.
fn is_tls(error: &(dyn Error + 'static)) -> bool {
    let kind = error.downcast_ref().map(io::Error::kind);
    matches!(kind, Some(ErrorKind::InvalidData | ErrorKind::UnexpectedEof))
}

/// Returns the class of the error of a response that is not HTTP.
pub(super) fn of_parsing(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let hyper = hyper_error(error)?;
    // Invalid chunks. Only the `io::Error` has the reason; hyper only reports that the body could not be
    // read.
    let is_broken =
        |error: &io::Error| matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::InvalidData);
    let in_body = || {
        chain(hyper)
            .filter_map(|error| error.downcast_ref())
            .any(is_broken)
    };
    (hyper.is_parse() || (!hyper.is_user() && in_body())).then_some("parse")
}

/// Returns the class of hyper's own errors.
pub(super) fn of_hyper(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let Some(hyper) = hyper_error(error) else {
        // A client whose pool lost the connection, without an error of hyper.
        return chain(error)
            .any(|error| error.is::<legacy::Error>())
            .then_some("request");
    };
    if hyper.is_incomplete_message() || hyper.is_closed() {
        return Some("connection_closed");
    }
    let messages = chain(hyper).map(ToString::to_string);
    if messages
        .into_iter()
        .any(|text| HTTP2_TEXTS.iter().any(|start| text.starts_with(start)))
    {
        return Some("http2");
    }
    Some(match hyper {
        _ if hyper.is_canceled() => "canceled",
        _ if hyper.is_user() => "body",
        _ => return None,
    })
}

fn hyper_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a hyper::Error> {
    chain(error).find_map(|error| error.downcast_ref())
}

/// How rustls and OpenSSL report a certificate that they refuse.
const CERTIFICATE_TEXTS: [&str; 2] = ["invalid peer certificate", "certificate verify failed"];
/// How the errors of hyper-util's and reqwest's proxies begin.
const PROXY_TEXTS: [&str; 3] = ["tunnel error", "SOCKS error", "socks"];
/// How hyper's error around one of h2's begins, and those of h2.
const HTTP2_TEXTS: [&str; 3] = ["http2 error", "stream error", "connection error received"];
