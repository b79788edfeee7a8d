//! The members of a message that say what it is and to which call it belongs.

use crate::cut;
use crate::json::{Container, Path, Scalar, StrictScanner, Take, Visit};

/// What a message says of itself. Its content is not read.
#[derive(Debug, Default)]
pub(super) struct Envelope {
    /// The type of the event.
    pub(super) kind: String,
    pub(super) ids: Ids,
    pub(super) conversation: Conversation,
    /// The status of an error.
    pub(super) status: Option<u16>,
    /// The error is about the request of a response, as far as it says.
    pub(super) is_about_response: bool,
    /// How many values were read.
    values: usize,
}

/// The ids in a message.
#[derive(Debug, Default)]
pub(super) struct Ids {
    /// Of the response.
    pub(super) response: Option<Box<str>>,
    /// Of the lane: responses with the same `stream_id` come one after the other.
    pub(super) lane: Option<Box<str>>,
    /// Of the client's event.
    pub(super) event: Option<Box<str>>,
    /// Of the client's event that an error is about.
    pub(super) error_event: Option<Box<str>>,
    /// Of the item of the conversation.
    pub(super) item: Option<Box<str>>,
}

/// Whether a response is part of the conversation of a Realtime session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Conversation {
    #[default]
    Unknown,
    Inside,
    Outside,
}

impl Envelope {
    /// Reads a message whose type `is_wanted`. Returns `None` for other messages, for those that are not a
    /// valid JSON object, and for those with too many values.
    pub(super) fn read(text: &str, is_wanted: impl Fn(&str) -> bool) -> Option<Self> {
        let mut envelope = Self::default();
        let mut scanner = StrictScanner::new();
        // Most messages of a session are audio. Their type comes first, so that their end need not be read.
        for step in text.as_bytes().chunks(STEP_BYTES) {
            scanner.feed(step, &mut envelope).ok()?;
            let is_unwanted = !envelope.kind.is_empty() && !is_wanted(&envelope.kind);
            if is_unwanted || envelope.values > MAX_VALUES {
                return None;
            }
        }
        scanner.finish(&mut envelope).ok()?;
        is_wanted(&envelope.kind).then_some(envelope)
    }

    fn read_text(&mut self, path: &str, text: &str) {
        let id = || Some(cut::at_char_boundary(text, MAX_ID_BYTES).into());
        match path {
            "type" => text.clone_into(&mut self.kind),
            "response_id" | "response.id" => self.ids.response = id(),
            "stream_id" => self.ids.lane = id(),
            "event_id" => self.ids.event = id(),
            "error.event_id" => self.ids.error_event = id(),
            "item_id" => self.ids.item = id(),
            "response.conversation" if text == "none" => self.conversation = Conversation::Outside,
            "response.conversation" | "response.conversation_id" => self.conversation = Conversation::Inside,
            "error.code" => self.is_about_response |= text == "conversation_already_has_active_response",
            "error.param" => self.is_about_response |= text == "response" || text.starts_with("response."),
            _ => {}
        }
    }
}

impl Visit for Envelope {
    fn open(&mut self, at: &Path, container: Container) -> bool {
        self.values += 1;
        container == Container::Object && matches!(at.as_str(), "" | "response" | "error")
    }

    fn string(&mut self, at: &Path) -> Take {
        self.values += 1;
        match READ_STRINGS.contains(&at.as_str()) {
            true => Take::Whole,
            false => Take::Skip,
        }
    }

    fn piece(&mut self, _: &Path, _: &str) {}

    fn value(&mut self, at: &Path, value: Scalar<'_>) {
        self.values += 1;
        match (at.as_str(), value) {
            (path, Scalar::Text(text)) => self.read_text(path, text),
            ("response.conversation_id", Scalar::Null) => self.conversation = Conversation::Outside,
            ("status", Scalar::Number(digits)) => self.status = digits.parse().ok(),
            _ => {}
        }
    }

    fn document(&mut self) {}
}

/// The paths of the strings that are read.
const READ_STRINGS: &[&str] = &[
    "type",
    "response_id",
    "response.id",
    "stream_id",
    "event_id",
    "error.event_id",
    "item_id",
    "response.conversation",
    "response.conversation_id",
    "error.code",
    "error.param",
];
/// The most bytes of an id that are compared.
const MAX_ID_BYTES: usize = 256;
/// After how many bytes it is checked whether the rest is wanted.
const STEP_BYTES: usize = 16 * 1024;
/// The most values of a message outside of what is declined.
const MAX_VALUES: usize = 4096;
