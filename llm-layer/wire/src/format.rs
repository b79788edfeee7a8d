//! The trait of all formats.

use http::HeaderMap;

use crate::{Channel, Content, Document, Operation, Path, PromptPart, Reply, RequestInfo, Scalar};

/// A wire format: how a request says what it asks for, and an answer what came of it. See [the crate](crate#formats-of-your-own).
pub trait WireFormat: Send + Sync {
    /// Returns what a call in this format asks for.
    fn operation(&self) -> Operation;

    /// The members of a request's root that [`matches`](Self::matches) looks for, at most 64. Default: none.
    fn members(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether a request body has this format's shape; if not, the request is not of this format. Not called if the body
    /// was not read.
    fn matches(&self, request: &RequestInfo) -> bool;

    /// Reads a value of a request: a string of the body as far as 1 KiB, a number, `true`, `false` or `null`. The members
    /// `model` and `stream` of the root are read already. Default: nothing more.
    ///
    /// Of an array, the first 32 elements are read, and of its elements that are objects or arrays only the first.
    fn request_value(&self, _at: &Path, _value: Scalar<'_>, _request: &mut RequestInfo) {}

    /// Completes what was read of a request, once its body was read as far as it will be. `path` is the request's, without
    /// a slash at its end. Default: nothing more.
    fn finish_request(&self, _path: &str, _request: &mut RequestInfo) {}

    /// What the value at a path of a request is to its prompt, which is counted if nobody reports its tokens. Not called
    /// for what is within a part of the prompt.
    fn prompt(&self, at: &Path) -> Option<PromptPart>;

    /// What a request says, for users who capture content. Default: what can be read of it in the shapes of the formats
    /// that this crate knows. Tool definitions have neither descriptions nor schemas in `body`.
    fn content(&self, body: &Document) -> Content {
        Content::from_request(body)
    }

    /// Whether the answer to a request reports its usage, as far as the request shows. Default: it does. If not, what an
    /// estimate needs is loaded while the answer is awaited.
    fn reports_usage(&self, _request: &RequestInfo) -> bool {
        true
    }

    /// The outermost array of an answer's documents, if its elements are alternative answers, such as `choices[]`. By
    /// default there is one answer only.
    fn alternatives(&self) -> &'static str {
        ""
    }

    /// Reads the head of an answer; by default nothing.
    fn head(&self, _headers: &HeaderMap, _reply: &mut Reply) {}

    /// Whether the string at a path is text of the answer, which is counted; else it is a value.
    fn channel(&self, at: &Path, reply: &Reply) -> Option<Channel>;

    /// Reads a value of the answer.
    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply);

    /// Whether the value at a path says nothing, whatever it is, such as the number of an event; by default none. Events of
    /// a stream that differ in such values and in one text cost the least.
    fn ignores(&self, _at: &Path) -> bool {
        false
    }

    /// An event of this name begins; by default it does not matter. Its values come next, and [`Reply::event`] is its
    /// name if the stream told it ahead of them.
    fn event(&self, _name: &str, _reply: &mut Reply) {}
}
