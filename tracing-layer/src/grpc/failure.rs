//! The status of a call that failed without one.

use super::code::Code;
use super::side::Side;
use crate::error_type::{chain, is_timeout};
use crate::observe::Cause;

/// Returns the status that gRPC defines for a failure, and the class of the error if it has a status of its
/// own.
///
/// A client that cannot reach the server is [`Code::Unavailable`], a server that fails without a status
/// [`Code::Unknown`].
pub(super) fn code_of(cause: Cause<'_>, side: Side) -> (Code, Option<&'static str>) {
    let error = cause.as_error();
    #[cfg(feature = "tonic")]
    if let Some(code) = error.and_then(status) {
        return (code, Some(code.as_str()));
    }
    if error.is_some_and(|error| chain(error).any(is_timeout)) {
        return (Code::DeadlineExceeded, None);
    }
    let code = match side {
        Side::Server => Code::Unknown,
        Side::Client => Code::Unavailable,
    };
    (code, None)
}

/// Returns the status of the first error in the chain that has one.
#[cfg(feature = "tonic")]
fn status(error: &(dyn std::error::Error + 'static)) -> Option<Code> {
    let status = chain(error).find_map(|error| error.downcast_ref::<tonic::Status>())?;
    usize::try_from(i32::from(status.code()))
        .ok()
        .and_then(Code::from_number)
}
