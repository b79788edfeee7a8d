//! The events that a session yields.

use std::fmt;

use http::StatusCode;

use crate::reading::TextPiece;
use crate::request_reader::ModelRequest;
use crate::response_reader::ResponseReader;

/// The kind of a message of Gemini with output that is not text.
pub(super) const LIVE_AUDIO: &str = "serverContent.modelTurn.parts.inlineData";
/// The kind of a message of Gemini that calls tools. It completes the answer: what the model generates after
/// the result of a tool is a call of its own.
pub(super) const LIVE_TOOL_CALL: &str = "toolCall";

/// The number of a call in its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(pub(super) u64);

/// What a message means for the calls of a session.
#[derive(Debug)]
#[non_exhaustive]
pub enum SessionEvent<'a> {
    /// A model call begins.
    Begin(CallId, Box<ModelRequest>),
    /// A message of the server belongs to a call that began.
    Message(CallId, ServerMessage<'a>),
    /// A call has ended. Its last message came before.
    End(CallId),
}

/// A message of the server, as a part of the answer to a call.
#[derive(Clone, Copy)]
pub struct ServerMessage<'a> {
    pub(super) kind: &'a str,
    pub(super) text: &'a str,
    pub(super) refusal: Option<StatusCode>,
}

impl<'a> ServerMessage<'a> {
    /// Returns the type of the event, such as `response.output_text.delta`.
    #[must_use]
    pub fn kind(&self) -> &'a str {
        self.kind
    }

    /// Returns the whole message.
    #[must_use]
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Returns the status with which the request was refused, if this is an error in place of a response. 400
    /// if the error has no status.
    #[must_use]
    pub fn refusal(&self) -> Option<StatusCode> {
        self.refusal
    }

    /// Returns whether it has output that is not text, such as audio, so that the tokens of the answer cannot
    /// be estimated by its text. A transcription counts as such, since it may be billed by its duration.
    #[must_use]
    pub fn has_uncountable_output(&self) -> bool {
        let is_audio = matches!(
            self.kind,
            "response.output_audio.delta" | "response.audio.delta" | LIVE_AUDIO
        );
        is_audio || self.kind.starts_with("conversation.item.")
    }

    /// Reads it with the reader of its call. `on_text` receives the text of the answer. Call
    /// [`ResponseReader::read_head`] before the first message.
    pub fn read_into(&self, reader: &mut ResponseReader, on_text: impl FnMut(TextPiece<'_>)) {
        reader.begin_event(self.kind);
        reader.feed(self.text.as_bytes(), on_text);
        if self.kind == LIVE_TOOL_CALL {
            reader.complete();
        }
    }
}

/// Omits the content of the message.
impl fmt::Debug for ServerMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerMessage")
            .field("kind", &self.kind)
            .field("length", &self.text.len())
            .field("refusal", &self.refusal)
            .finish_non_exhaustive()
    }
}
