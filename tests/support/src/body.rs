//! A response body that does what a script says, poll by poll.

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
    /// Returns `Poll::Pending` once, having woken the task.
    Pending,
    /// Panics.
    Panic,
}

/// The error of [`Script::Fail`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "tests make one to compare with")]
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
    /// A body of these steps that tells neither its size nor, before it is polled, its end.
    #[must_use]
    pub fn new(steps: impl IntoIterator<Item = Script>) -> Self {
        Self {
            steps: steps.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Says `bytes` in its size hint.
    #[must_use]
    pub fn with_exact_size(mut self, bytes: u64) -> Self {
        self.hint = SizeHint::with_exact(bytes);
        self
    }

    /// Reports its end in `is_end_stream`, as a body with a `Content-Length` does.
    #[must_use]
    pub fn knowing_its_end(mut self) -> Self {
        self.knows_its_end = true;
        self
    }
}

#[expect(clippy::panic, reason = "a script may contain a panic")]
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
