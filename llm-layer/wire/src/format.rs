//! The trait of all formats.

use http::HeaderMap;

use crate::content::{Content, Document};
use crate::json::{Path, Scalar};
use crate::operation::Operation;
use crate::prompt_part::PromptPart;
use crate::reply::{Channel, Reply};
use crate::request::RequestInfo;

/// A wire format: how requests and answers are written. See [the crate](crate#formats-of-your-own).
pub trait WireFormat: Send + Sync {
    /// Returns the operation of calls in this format.
    fn operation(&self) -> Operation;

    /// The members of a request's root that [`matches`](Self::matches) looks for, at most 64. Default: none.
    fn members(&self) -> &'static [&'static str] {
        &[]
    }

    /// Returns whether the body matches this format. Not called if the body was not read.
    fn matches(&self, request: &RequestInfo) -> bool;

    /// Reads a value of a request: a string (its first 1 KiB), a number, `true`, `false` or `null`. The
    /// members `model` and `stream` of the root are read already. Default: no effect.
    ///
    /// Called for the first 32 elements of an array. If elements are objects or arrays, only the first of
    /// them is read.
    fn request_value(&self, _at: &Path, _value: Scalar<'_>, _request: &mut RequestInfo) {}

    /// Reads the headers of a request, before its body. Default: no effect.
    fn request_head(&self, _headers: &HeaderMap, _request: &mut RequestInfo) {}

    /// Completes `request` after the body was read, for example with the model in `path`. `path` has no slash
    /// at its end. Default: no effect.
    fn finish_request(&self, _path: &str, _request: &mut RequestInfo) {}

    /// Returns which part of the prompt the value at a path is, if it is one. Used to count the prompt if the
    /// provider reports no usage. Not called for values within a part of the prompt.
    fn prompt(&self, at: &Path) -> Option<PromptPart>;

    /// Returns the messages and tools of a request, for users who capture content. Default:
    /// [`Content::from_request`]. Tool definitions in `body` have neither descriptions nor schemas.
    fn content(&self, body: &Document) -> Content {
        Content::from_request(body)
    }

    /// Returns whether the answer to this request will report its usage. Default: `true`. If `false`, the
    /// caller can prepare an estimate while it waits for the answer.
    fn reports_usage(&self, _request: &RequestInfo) -> bool {
        true
    }

    /// Returns the path of the array whose elements are alternative answers, such as `choices[]`. Default:
    /// empty, which means that there is one answer only.
    fn alternatives(&self) -> &'static str {
        ""
    }

    /// Returns the members of an answer's root that hold the whole answer where a gateway or a platform wraps
    /// it, at most 16. What such an object, an array, or a string of JSON holds has the paths that it has at
    /// the root. Default: none.
    fn envelopes(&self) -> &'static [&'static str] {
        &[]
    }

    /// Returns whether an answer that has only a text is in this format. Asked if the request does not show that
    /// it is a model call. `false` if other services have a text at the same path. Default: `true`.
    fn is_shown_by_text(&self) -> bool {
        true
    }

    /// Reads the headers of an answer. Default: no effect.
    fn head(&self, _headers: &HeaderMap, _reply: &mut Reply) {}

    /// Returns the channel if the string at a path is text of the answer. Otherwise it is passed to
    /// [`value`](Self::value).
    fn channel(&self, at: &Path, reply: &Reply) -> Option<Channel>;

    /// Returns the paths of the objects that are parts of the answer beside its texts: tool calls, calls of the
    /// provider's own tools, media. Default: none. They are kept if the answer is captured.
    fn items(&self) -> &'static [&'static str] {
        &[]
    }

    /// Returns the member of the last item that the string at a path continues, for streams that send it
    /// apart from its item. Default: `None`.
    fn continued(&self, _at: &Path, _reply: &Reply) -> Option<&'static str> {
        None
    }

    /// Reads a value of the answer.
    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply);

    /// Returns whether the value at a path never matters, such as the number of an event. Default: `false`.
    /// Events of a stream that differ only in such values and in one text are cheap to read.
    fn ignores(&self, _at: &Path) -> bool {
        false
    }

    /// An event of this name begins. Default: no effect. Its values come next. [`Reply::event`] returns the
    /// name if the stream sent it before them.
    fn event(&self, _name: &str, _reply: &mut Reply) {}
}
