//! The class of an error, for `error.type`: few values, none from the network.
//!
//! | value | of |
//! |---|---|
//! | `timeout`, `connection_refused`, `connection_reset`, `broken_pipe`, … | the kind of an [`std::io::Error`] anywhere in the chain of sources |
//! | `timeout`, `connect`, `redirect`, `decode`, `body`, `request`, `builder` | a `reqwest::Error` with no such source (feature `reqwest`) |
//! | the name of a type, such as `tower::timeout::error::Elapsed` | any other error of a named type |
//! | `_OTHER` | an error that tells nothing of itself: a text, a boxed error |

use std::error::Error;
use std::io::{self, ErrorKind};

use crate::observe::Cause;
use crate::semconv;

/// The class of an error.
///
/// An error's text is never part of it: texts hold addresses, names and secrets, and there is no end of them.
#[must_use]
pub fn error_type(cause: Cause<'_>) -> &'static str {
    let known = cause.as_error().and_then(of_chain);
    known.unwrap_or_else(|| of_type(cause.type_name()))
}

/// The class of an error that is told by the error itself or by one of its sources.
pub(crate) fn of_chain(error: &(dyn Error + 'static)) -> Option<&'static str> {
    io_kind(error).or_else(|| of_reqwest(error))
}

/// The class of an error that tells nothing: the name of its type, if it has one.
pub(crate) fn of_type(name: &'static str) -> &'static str {
    if name.starts_with(BOXED) || name.contains("dyn ") || TEXTS.contains(&name) {
        semconv::OTHER
    } else {
        name
    }
}

/// The kind of the first [`io::Error`] in the chain that has a telling one.
fn io_kind(error: &(dyn Error + 'static)) -> Option<&'static str> {
    chain(error)
        .filter_map(|error| error.downcast_ref::<io::Error>())
        .find_map(|error| kind_name(error.kind()))
}

/// An error, its source, the source's source, not without end.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let source = |error: &&'a (dyn Error + 'static)| (*error).source();
    std::iter::successors(Some(error), source).take(MAX_CHAIN)
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

#[cfg(feature = "reqwest")]
fn of_reqwest(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let error = chain(error).find_map(|error| error.downcast_ref::<reqwest::Error>())?;
    let classes = [
        (error.is_timeout(), "timeout"),
        (error.is_connect(), "connect"),
        (error.is_redirect(), "redirect"),
        (error.is_decode(), "decode"),
        (error.is_body(), "body"),
        (error.is_builder(), "builder"),
        (error.is_request(), "request"),
    ];
    classes.into_iter().find_map(|(is, class)| is.then_some(class))
}

#[cfg(not(feature = "reqwest"))]
fn of_reqwest(_: &(dyn Error + 'static)) -> Option<&'static str> {
    None
}

/// How the type name of a boxed error begins.
const BOXED: &str = "alloc::boxed::Box<";
/// The types of errors that are only a text.
const TEXTS: &[&str] = &["&str", "alloc::string::String"];
/// No error has more sources than this.
const MAX_CHAIN: usize = 16;

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    #[derive(Debug)]
    struct Wrapped(io::Error);

    impl fmt::Display for Wrapped {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("secret")
        }
    }

    impl Error for Wrapped {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    type BoxError = Box<dyn Error + Send + Sync>;

    #[test]
    fn classes() {
        let boxed = |kind| BoxError::from(Wrapped(kind));
        let cases: [(&str, BoxError, &str); 4] = [
            (
                "an io error below",
                boxed(ErrorKind::ConnectionReset.into()),
                "connection_reset",
            ),
            (
                "an io error itself",
                io::Error::from(ErrorKind::TimedOut).into(),
                "timeout",
            ),
            ("an untold kind", boxed(io::Error::other("x")), "_OTHER"),
            ("a text", "user 4711 has no card".into(), "_OTHER"),
        ];
        for (name, error, class) in cases {
            assert_eq!(error_type(Cause::new(&error)), class, "{name}");
        }
        let local: Box<dyn Error> = Wrapped(ErrorKind::BrokenPipe.into()).into();
        assert_eq!(
            error_type(Cause::new(&local)),
            "broken_pipe",
            "a box that stays on its thread"
        );
        let shared: std::sync::Arc<dyn Error> = std::sync::Arc::new(Wrapped(io::Error::other("x")));
        assert_eq!(error_type(Cause::new(&shared)), "_OTHER", "a shared error");
        assert_eq!(error_type(Cause::new(&"no card")), "_OTHER", "a text");
        assert_eq!(
            error_type(Cause::new(&String::from("no card"))),
            "_OTHER",
            "an owned text"
        );
        let named = Wrapped(io::Error::other("x"));
        assert!(
            error_type(Cause::new(&named)).ends_with("tests::Wrapped"),
            "a type's name"
        );
    }
}
