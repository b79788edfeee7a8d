//! The class of an error, for `error.type`: few values, none of which the network chooses.
//!
//! The first class that matches, whichever library the error is from:
//!
//! | value | error |
//! |---|---|
//! | `timeout` | a timeout anywhere in the chain, of an [`std::io::Error`], tower, Tokio, hyper, tonic or reqwest |
//! | `overloaded` | tower's load shedding |
//! | `dns` | a name that could not be resolved |
//! | `server_certificate_invalid` | a certificate that was refused |
//! | `tls` | a handshake that failed for another reason |
//! | `proxy` | a proxy that opens no tunnel |
//! | `decode` | a body whose encoding is wrong |
//! | `parse` | a response, or a piece of its body, that is not HTTP |
//! | `connection_refused`, `connection_reset`, `broken_pipe`, `unexpected_eof`, … | the kind of an [`std::io::Error`] anywhere in the chain |
//! | `connection_closed` | a connection that was closed before the response |
//! | `http2` | a stream or connection that the peer reset |
//! | `canceled`, `connect`, `body`, `redirect`, `upgrade`, `builder`, `request` | any other error of hyper, hyper-util's client, or reqwest |
//! | a status code, such as `404` | reqwest's `error_for_status` |
//! | the name of a type, such as `my::Error` | any other error of a named type |
//! | `_OTHER` | an error without its own type: a text, a boxed error |
//!
//! Errors of hyper, hyper-util, reqwest, tonic and tower are recognised with the features of these names.
//! `reqwest`, `tonic` and `hyper-util` include the features of the libraries below them.

mod chain;
mod connecting;
#[cfg(feature = "hyper-util")]
mod hyper_errors;
#[cfg(feature = "reqwest")]
mod reqwest_errors;

use std::error::Error;
use std::io::{self, ErrorKind};

pub(crate) use self::chain::chain;
pub use self::connecting::ConnectError;
use crate::observe::Cause;
use crate::semconv;

/// Returns the class of an error.
///
/// It never contains the text of the error: texts have addresses, names and secrets, and their number is
/// unbounded.
#[must_use]
pub fn error_type(cause: Cause<'_>) -> &'static str {
    let class = cause.as_error().and_then(of_chain);
    class.unwrap_or_else(|| of_type(cause.type_name()))
}

/// Returns the class that the error itself or one of its sources determines.
///
/// A library that waits wraps the error of what it waited for, and a library that connects wraps the error of
/// the connection. Therefore the checks go from the phase to the detail, and each one looks at the whole
/// chain.
pub(crate) fn of_chain(error: &(dyn Error + 'static)) -> Option<&'static str> {
    if chain(error).any(is_timeout) {
        return Some("timeout");
    }
    if chain(error).any(is_overload) {
        return Some("overloaded");
    }
    of_connecting(error)
        .or_else(|| of_decoding(error))
        .or_else(|| of_parsing(error))
        .or_else(|| io_kind(error))
        .or_else(|| of_hyper(error))
        .or_else(|| of_reqwest(error))
}

/// Returns the class of an error without further information: the name of its type, if it has one.
pub(crate) fn of_type(name: &'static str) -> &'static str {
    if name.starts_with(BOXED) || name.contains("dyn ") || TEXT_ERRORS.contains(&name) {
        semconv::OTHER
    } else {
        name
    }
}

pub(crate) fn is_timeout(error: &(dyn Error + 'static)) -> bool {
    let io = error.downcast_ref::<io::Error>();
    if io.is_some_and(|error| error.kind() == ErrorKind::TimedOut) {
        return true;
    }
    #[cfg(feature = "tower")]
    if error.is::<tower::timeout::error::Elapsed>() || error.is::<tokio::time::error::Elapsed>() {
        return true;
    }
    #[cfg(feature = "hyper-util")]
    if error.downcast_ref().is_some_and(hyper::Error::is_timeout) {
        return true;
    }
    #[cfg(feature = "tonic")]
    if error.is::<tonic::TimeoutExpired>() {
        return true;
    }
    #[cfg(feature = "reqwest")]
    if error.downcast_ref().is_some_and(reqwest::Error::is_timeout) {
        return true;
    }
    false
}

#[cfg(feature = "tower")]
fn is_overload(error: &(dyn Error + 'static)) -> bool {
    error.is::<tower::load_shed::error::Overloaded>()
}

#[cfg(not(feature = "tower"))]
fn is_overload(_: &(dyn Error + 'static)) -> bool {
    false
}

#[cfg(feature = "hyper-util")]
use self::hyper_errors::{of_connecting, of_hyper, of_parsing};
#[cfg(feature = "reqwest")]
use self::reqwest_errors::{of_decoding, of_reqwest};

#[cfg(not(feature = "hyper-util"))]
fn of_connecting(_: &(dyn Error + 'static)) -> Option<&'static str> {
    None
}

#[cfg(not(feature = "hyper-util"))]
fn of_parsing(_: &(dyn Error + 'static)) -> Option<&'static str> {
    None
}

#[cfg(not(feature = "hyper-util"))]
fn of_hyper(_: &(dyn Error + 'static)) -> Option<&'static str> {
    None
}

#[cfg(not(feature = "reqwest"))]
fn of_decoding(_: &(dyn Error + 'static)) -> Option<&'static str> {
    None
}

#[cfg(not(feature = "reqwest"))]
fn of_reqwest(_: &(dyn Error + 'static)) -> Option<&'static str> {
    None
}

/// Returns the kind of the first [`io::Error`] in the chain that has a specific one.
fn io_kind(error: &(dyn Error + 'static)) -> Option<&'static str> {
    chain(error)
        .filter_map(|error| error.downcast_ref::<io::Error>())
        .find_map(|error| kind_name(error.kind()))
}

fn kind_name(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::TimedOut => "timeout",
        ErrorKind::ConnectionRefused => "connection_refused",
        ErrorKind::ConnectionReset => "connection_reset",
        ErrorKind::ConnectionAborted => "connection_aborted",
        ErrorKind::NotConnected => "not_connected",
        ErrorKind::AddrInUse => "address_in_use",
        ErrorKind::AddrNotAvailable => "address_not_available",
        ErrorKind::HostUnreachable => "host_unreachable",
        ErrorKind::NetworkUnreachable => "network_unreachable",
        ErrorKind::NetworkDown => "network_down",
        ErrorKind::BrokenPipe => "broken_pipe",
        ErrorKind::UnexpectedEof => "unexpected_eof",
        ErrorKind::InvalidData => "invalid_data",
        ErrorKind::PermissionDenied => "permission_denied",
        ErrorKind::NotFound => "not_found",
        _ => return None,
    })
}

/// The prefixes of the type names of boxed errors.
const BOXED: &str = "alloc::boxed::Box<";
/// The types of errors that are only a text.
const TEXT_ERRORS: &[&str] = &["&str", "alloc::string::String"];

#[cfg(test)]
mod tests;
