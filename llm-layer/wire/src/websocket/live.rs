//! The turns of a session of Gemini's Live API.
//!
//! No message has an id, and one turn follows the other. A turn begins when the client ends its own, or with
//! the server's output if the server found the end of the user's speech. Its usage comes with the message
//! that ends it, or in one of its own soon after. So a turn without usage stays open until another one
//! begins. A tool call ends a turn too: what the model generates after the tool's result is reported apart.

use super::calls::OpenCalls;
use super::envelope::Envelope;
use super::event::{CallId, LIVE_AUDIO, LIVE_TOOL_CALL, ServerMessage, SessionEvent};
use crate::candidates::Candidates;
use crate::formats::Format;
use crate::json::{Container, Path, Scalar, StrictScanner, Take, Visit};
use crate::recognised::{AnyFormat, Recognised};
use crate::request::RequestInfo;
use crate::request_reader::ModelRequest;

/// The turn that is open, and what the session's turns have in common.
#[derive(Debug, Default)]
pub(super) struct LiveTurns {
    info: RequestInfo,
    turn: Option<Turn>,
}

/// A turn of the model.
#[derive(Debug, Clone, Copy)]
struct Turn {
    id: CallId,
    has_ended: bool,
    has_usage: bool,
}

/// What a message has.
#[derive(Debug, Default)]
struct Seen {
    /// The client's parameters.
    setup: bool,
    /// The client has ended its turn, or sends the result of a tool.
    client_end: bool,
    /// Output of the model.
    output: bool,
    /// Output that is not text.
    audio: bool,
    tool_call: bool,
    turn_complete: bool,
    usage: bool,
    values: usize,
}

impl LiveTurns {
    /// Reads a message of the client. `provider` is that of the calls.
    pub(super) fn read_client(
        &mut self,
        text: &str,
        calls: &mut OpenCalls,
        provider: &str,
        on_event: &mut impl FnMut(SessionEvent<'_>),
    ) {
        let Some(seen) = Seen::read(text) else { return };
        if seen.setup {
            self.info = setup(text).unwrap_or_default();
        }
        if !seen.client_end {
            return;
        }
        // Otherwise the client interrupts the model.
        if self.turn.is_none_or(|turn| turn.has_ended) {
            self.end(calls, on_event);
            self.begin(calls, provider, on_event);
        }
    }

    /// Reads a message of the server.
    pub(super) fn read_server(
        &mut self,
        text: &str,
        calls: &mut OpenCalls,
        provider: &str,
        on_event: &mut impl FnMut(SessionEvent<'_>),
    ) {
        let Some(seen) = Seen::read(text) else { return };
        let is_output = seen.output || seen.tool_call;
        if is_output && self.turn.is_some_and(|turn| turn.has_ended) {
            self.end(calls, on_event);
        }
        if self.turn.is_none() && (is_output || seen.usage) {
            self.begin(calls, provider, on_event);
        }
        let Some(turn) = &mut self.turn else { return };
        turn.has_ended |= seen.turn_complete || seen.tool_call;
        turn.has_usage |= seen.usage;
        let Turn {
            id,
            has_ended,
            has_usage,
        } = *turn;
        let message = ServerMessage {
            kind: match (seen.tool_call, seen.audio) {
                (true, _) => LIVE_TOOL_CALL,
                (false, true) => LIVE_AUDIO,
                (false, false) => "serverContent",
            },
            text,
            refusal: None,
        };
        on_event(SessionEvent::Message(id, message));
        if has_ended && has_usage {
            self.end(calls, on_event);
        }
    }

    /// Forgets a call: it was not sent.
    pub(super) fn forget(&mut self, call: CallId) {
        self.turn = self.turn.filter(|turn| turn.id != call);
    }

    fn begin(&mut self, calls: &mut OpenCalls, provider: &str, on_event: &mut impl FnMut(SessionEvent<'_>)) {
        let Some(id) = calls.respond(&mut Envelope::default()) else {
            return;
        };
        self.turn = Some(Turn {
            id,
            has_ended: false,
            has_usage: false,
        });
        let mut info = self.info.clone();
        info.stream = Some(true);
        let request = ModelRequest {
            is_certain: true,
            recognised: Recognised {
                format: Format::GeminiLive.into(),
                provider: provider.to_owned().into(),
            },
            info,
            unseen: None,
            copy: None,
        };
        on_event(SessionEvent::Begin(id, Box::new(request)));
    }

    fn end(&mut self, calls: &mut OpenCalls, on_event: &mut impl FnMut(SessionEvent<'_>)) {
        if let Some(turn) = self.turn.take() {
            calls.end(turn.id);
            on_event(SessionEvent::End(turn.id));
        }
    }
}

/// Reads the session's first message like a request.
fn setup(text: &str) -> Option<RequestInfo> {
    let format = AnyFormat::from(Format::GeminiLive);
    let mut candidates = Candidates::of_format(format);
    let mut scanner = StrictScanner::new();
    scanner.feed(text.as_bytes(), &mut candidates).ok()?;
    candidates.into_info("")
}

impl Seen {
    /// Returns `None` for a message that is too long or not valid.
    fn read(text: &str) -> Option<Self> {
        let mut seen = Self::default();
        let mut scanner = StrictScanner::new();
        scanner.feed(text.as_bytes(), &mut seen).ok()?;
        scanner.finish(&mut seen).ok()?;
        Some(seen)
    }
}

impl Visit for Seen {
    fn open(&mut self, at: &Path, _: Container) -> bool {
        self.values += 1;
        match at.as_str() {
            "setup" => self.setup = true,
            "toolResponse" | "tool_response" => self.client_end = true,
            "usageMetadata" => self.usage = true,
            "toolCall" => self.tool_call = true,
            "serverContent.modelTurn" | "serverContent.outputTranscription" => self.output = true,
            "serverContent.modelTurn.parts[].inlineData" => self.audio = true,
            _ => {}
        }
        let is_read = matches!(
            at.as_str(),
            "" | "clientContent"
                | "client_content"
                | "serverContent"
                | "serverContent.modelTurn"
                | "serverContent.modelTurn.parts"
                | "serverContent.modelTurn.parts[]"
        );
        is_read && self.values <= MAX_VALUES
    }

    fn string(&mut self, _: &Path) -> Take {
        Take::Skip
    }

    fn piece(&mut self, _: &Path, _: &str) {}

    fn value(&mut self, at: &Path, value: Scalar<'_>) {
        if value != Scalar::Bool(true) {
            return;
        }
        match at.as_str() {
            "clientContent.turnComplete" | "client_content.turn_complete" => self.client_end = true,
            "serverContent.turnComplete" => self.turn_complete = true,
            _ => {}
        }
    }

    fn document(&mut self) {}
}

/// The most containers of a message that are read.
const MAX_VALUES: usize = 4096;
