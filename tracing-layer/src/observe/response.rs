//! Moves an observer into a response.

use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use http_body::Body;

use super::guard::end;
use super::{End, EndGuard, Observe, ResponseBody};
use crate::message::{HttpResponse, WrapBody};

/// Where an exchange ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum EndAt {
    /// At the head of the response.
    Headers,
    /// At the end of the response's body.
    #[default]
    Body,
}

impl<O: Observe> WrapBody for O {
    type Body<B: Body> = ResponseBody<B, O>;
}

/// Shows the head to the observer and moves it into the body, or ends it there.
///
/// The guard is large. It is borrowed, so that it is moved only once.
pub(super) fn observed<R, O>(response: R, guard: &mut Option<EndGuard<O>>) -> R::Output
where
    R: HttpResponse<O>,
    O: Observe,
{
    let observer = guard.as_mut().and_then(EndGuard::observer);
    let end_at = observer.map(|observer| observer.on_response(response.head()));
    if end_at != Some(EndAt::Body) {
        end(guard, End::Complete);
        return unobserved(response);
    }
    let length = content_length(response.headers());
    response.map_body(|body| {
        if body.is_end_stream() {
            end(guard, End::Complete);
            return ResponseBody::new(body, None, None);
        }
        ResponseBody::new(body, length, guard.take())
    })
}

/// Returns the response without an observer.
#[inline]
pub(super) fn unobserved<R: HttpResponse<O>, O: Observe>(response: R) -> R::Output {
    response.unchanged(|body| ResponseBody::new(body, None, None))
}

/// Returns the length that the head declares, in bytes.
fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
