//! An error and everything that it wraps.

use std::error::Error;
use std::io;
use std::iter::successors;
use std::sync::Arc;

/// Iterates over an error and the errors that it wraps, up to a maximum depth.
///
/// `Error::source` alone is not enough: an [`io::Error`], an `Arc` and a transparent enum return the source
/// of the error that they wrap, and so hide that error itself: a `rustls::Error` in an `io::Error`, or a
/// `reqwest::Error` in reqwest-middleware's.
pub(crate) fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    successors(Some(error), |error| wrapped(*error)).take(MAX_CHAIN)
}

fn wrapped<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    if let Some(error) = error.downcast_ref::<io::Error>() {
        return error.get_ref().map(|error| error as _);
    }
    if let Some(error) = error.downcast_ref::<Arc<dyn Error + Send + Sync>>() {
        return Some(&**error);
    }
    if let Some(error) = error.downcast_ref::<Arc<io::Error>>() {
        return Some(&**error);
    }
    #[cfg(feature = "reqwest-middleware")]
    if let Some(error) = error.downcast_ref::<reqwest_middleware::Error>() {
        return Some(match error {
            reqwest_middleware::Error::Reqwest(error) => error,
            reqwest_middleware::Error::Middleware(error) => error.as_ref(),
        });
    }
    error.source()
}

/// The maximum depth.
const MAX_CHAIN: usize = 16;
