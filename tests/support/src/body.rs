//! A response body that follows a script, poll by poll.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::{Body, Frame, SizeHint};

/// One step of a [`ScriptedBody`].
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Script {
    /// Yields a data frame.
    Data(&'static str),
    /// Yields trailers with one header.
    Trailers(&'static str, &'static str),
    /// Yields an error.
    Fail(&'static str),
    /// Returns `Poll::Pending` once, after waking the task.
    Pending,
    /// Panics.
    Panic,
}

/// The error of [`Script::Fail`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "tests construct it for comparison")]
pub struct ScriptedError(pub &'static str);

impl fmt::Display for ScriptedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for ScriptedError {}

/// A body that follows a script, then ends.
#[derive(Debug, Default)]
pub struct ScriptedBody {
    steps: VecDeque<Script>,
    hint: SizeHint,
    knows_its_end: bool,
}

impl ScriptedBody {
    /// Creates a body with these steps. It has no size hint, and does not report its end before it is polled.
    #[must_use]
    pub fn new(steps: impl IntoIterator<Item = Script>) -> Self {
        Self {
            steps: steps.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Sets the exact size hint.
    #[must_use]
    pub fn with_exact_size(mut self, bytes: u64) -> Self {
        self.hint = SizeHint::with_exact(bytes);
        self
    }

    /// Makes `is_end_stream` accurate, as for a body of known length.
    #[must_use]
    pub fn knowing_its_end(mut self) -> Self {
        self.knows_its_end = true;
        self
    }
}

#[expect(clippy::panic, reason = "a script may contain this step")]
#[deny(clippy::missing_trait_methods)]
impl Body for ScriptedBody {
    type Data = Bytes;
    type Error = ScriptedError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ScriptedError>>> {
        Poll::Ready(match self.steps.pop_front() {
            None => None,
            Some(Script::Data(text)) => Some(Ok(Frame::data(Bytes::from_static(text.as_bytes())))),
            Some(Script::Trailers(name, value)) => {
                let header = (HeaderName::from_static(name), HeaderValue::from_static(value));
                Some(Ok(Frame::trailers(HeaderMap::from_iter([header]))))
            }
            Some(Script::Fail(message)) => Some(Err(ScriptedError(message))),
            Some(Script::Panic) => panic!("as scripted"),
            Some(Script::Pending) => {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.knows_its_end && self.steps.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        self.hint
    }
}
