//! Splits a response into the documents it carries, by its content type or, if that is wrong, by its first
//! byte.

mod base64;
mod event_stream;
mod lines;
mod repeats;
mod sse;

use http::HeaderMap;
use http::header::CONTENT_TYPE;

use self::event_stream::EventStream;
use self::lines::Lines;
use self::repeats::Repeats;
use self::sse::Sse;
use crate::json::{Malformed, Path, Visit};
use crate::reply::TextPlace;

/// Receives what a [`Framing`] reads.
pub(crate) trait Receive: Visit {
    /// The name of the event whose data comes next.
    fn event(&mut self, name: &str);

    /// The stream says that it is complete.
    fn done(&mut self);

    /// The stream says that it failed.
    fn fail(&mut self, code: &str);

    /// What was read of an event is not JSON, and another document follows in it. Default: no effect.
    fn malformed(&mut self) {}
}

/// A receiver for which events that change nothing but text can be skipped: see [`repeats`].
pub(crate) trait Repeat: Receive {
    /// Returns whether the value at a path never matters.
    fn ignores(&self, at: &Path) -> bool;

    /// Returns where the last text went, if it is not captured.
    fn place(&self) -> Option<TextPlace>;

    /// Returns whether everything but text is unchanged since the last call.
    fn is_unchanged(&mut self) -> bool;

    /// Receives a piece of text of a document that is [repeated](Self::again).
    fn text(&mut self, place: TextPlace, piece: &str);

    /// A document is repeated that changes nothing but text.
    fn again(&mut self);
}

/// A decoder of one response body.
#[derive(Debug)]
pub(crate) enum Framing {
    /// No byte has come yet.
    Text(Announced),
    /// JSON documents: one, one a line, or the elements of an array.
    Json(Repeats<Lines>),
    Sse(Repeats<Sse>),
    EventStream(EventStream),
}

/// What the content type of a text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Announced {
    /// Server-sent events.
    Events,
    /// A JSON document.
    Document,
    /// JSON documents one a line, or something else.
    Other,
}

impl Announced {
    fn from_essence(essence: Option<&str>) -> Self {
        let is = |name| essence.is_some_and(|essence| essence.eq_ignore_ascii_case(name));
        if is("text/event-stream") {
            Self::Events
        } else if is("application/json") {
            Self::Document
        } else {
            Self::Other
        }
    }
}

impl Framing {
    /// Creates the framing for a response with these headers.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Self {
        match essence(headers) {
            Some(essence) if essence.eq_ignore_ascii_case("application/vnd.amazon.eventstream") => {
                Self::EventStream(EventStream::default())
            }
            essence => Self::Text(Announced::from_essence(essence)),
        }
    }

    /// Returns whether the answer is a stream of events.
    #[inline]
    pub(crate) fn is_stream(&self) -> bool {
        matches!(
            self,
            Self::Text(Announced::Events) | Self::Sse(_) | Self::EventStream(_)
        )
    }

    /// Reads bytes. Malformed documents are skipped.
    pub(crate) fn feed(&mut self, bytes: &[u8], receive: &mut impl Repeat) {
        if let Self::Text(announced) = self {
            match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
                Some(first) => *self = Self::begun(*announced, *first),
                None => return,
            }
        }
        match self {
            Self::Text(_) => {}
            Self::Json(lines) => lines.feed(bytes, receive),
            Self::Sse(sse) => sse.feed(bytes, receive),
            Self::EventStream(events) => events.feed(bytes, receive),
        }
    }

    /// Ends the body. If a document is incomplete, the part that was received is read.
    pub(crate) fn finish(&mut self, receive: &mut impl Repeat) -> Result<(), Malformed> {
        match self {
            Self::Text(_) => Ok(()),
            Self::Json(lines) => lines.finish(receive),
            Self::Sse(sse) => sse.finish(receive),
            Self::EventStream(events) => events.finish(),
        }
    }

    /// Some servers send events as `text/plain`, and some send a JSON error as `text/event-stream`. The first
    /// byte decides, since no line of events begins like JSON, and no JSON like a field.
    fn begun(announced: Announced, first: u8) -> Self {
        let is_events = match first {
            b'{' | b'[' => false,
            b'd' | b'e' | b'i' | b'r' | b':' => true,
            _ => announced == Announced::Events,
        };
        match (is_events, announced) {
            (true, _) => Self::Sse(Repeats::default()),
            (false, Announced::Document) => Self::Json(Repeats::after_first()),
            (false, _) => Self::Json(Repeats::default()),
        }
    }
}

/// Returns whether a body is JSON or a stream of events by its content type, or has none.
pub(crate) fn is_document(headers: &HeaderMap) -> bool {
    let is_json = |essence: &str| essence.ends_with("json") || essence.contains("event");
    essence(headers).is_none_or(|essence| is_json(&essence.to_ascii_lowercase()))
}

fn essence(headers: &HeaderMap) -> Option<&str> {
    let content_type = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    content_type.split(';').next().map(str::trim)
}

#[cfg(test)]
pub(crate) mod tests;
