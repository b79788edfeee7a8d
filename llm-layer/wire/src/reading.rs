//! Reads an answer into a reply, by a format.

use crate::content::{Answer, ItemPlace};
use crate::framing::{Receive, Repeat};
use crate::json::{Path, Scalar, Take, Visit};
use crate::recognised::AnyFormat;
use crate::reply::{Channel, Embedded, ReasoningPlace, Reply, TextPlace};

/// A piece of the text of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TextPiece<'a> {
    /// The alternative that it belongs to, from 0.
    pub choice: u32,
    /// What the text is. Gemini says only behind a text that it was a thought, so its thoughts are content
    /// here.
    pub channel: Channel,
    /// The piece, cut wherever the provider or the network cut it.
    pub text: &'a str,
}

/// Receives what a framing yields. Texts go to the captured answer, if there is one, and to `on_text`.
pub(crate) struct Reading<'a, F> {
    pub(crate) format: &'a AnyFormat,
    pub(crate) reply: &'a mut Reply,
    pub(crate) answer: Option<&'a mut Answer>,
    pub(crate) on_text: F,
}

impl<F: FnMut(TextPiece<'_>)> Reading<'_, F> {
    fn emit(&mut self, place: TextPlace, text: &str) {
        let TextPlace { choice, channel } = place;
        (self.on_text)(TextPiece {
            choice,
            channel,
            text,
        });
    }
}

impl<F: FnMut(TextPiece<'_>)> Reading<'_, F> {
    /// A string begins. Returns whether it belongs to an item of the captured answer.
    fn capture(&mut self, at: &Path, channel: Option<Channel>) -> bool {
        if self.answer.is_none() {
            return false;
        }
        let choice = self.reply.cursor.choice(at);
        let is_text = matches!(channel, Some(Channel::Content | Channel::Reasoning));
        let continued = self.format.continued(at, self.reply).filter(|_| !is_text);
        let item = self.item(at).filter(|_| !is_text);
        let Some(answer) = &mut self.answer else {
            return false;
        };
        match (item, continued) {
            (Some((place, member)), continued) => answer.begin_string(place, member, continued),
            (None, Some(member)) => answer.continue_string(choice, member),
            (None, None) => {
                if let Some(channel) = channel {
                    answer.begin_text(choice, channel);
                }
                return false;
            }
        }
        true
    }

    /// Takes a text of the answer that came the first time.
    fn new_text(&mut self, place: TextPlace, text: &str, is_in_item: bool) {
        let TextPlace { choice, channel } = place;
        if let (Some(answer), false) = (&mut self.answer, is_in_item) {
            if channel != Channel::ToolCall {
                answer.text(choice, channel, text);
            }
        }
        self.emit(place, text);
    }

    fn end_cumulative(&mut self) {
        if let (Some(cumulative), Some(place)) = (&mut self.reply.cumulative, self.reply.cursor.text.place) {
            if let Some(text) = cumulative.end(place) {
                self.new_text(place, &text, false);
            }
        }
    }

    /// What the text at a path is.
    fn channel(&self, at: &Path) -> Option<Channel> {
        let channel = self.format.channel(at, self.reply)?;
        let repeats = self.repeats_deltas(at)
            || self.repeats_message(at)
            || channel == Channel::Reasoning && self.repeats_reasoning(at);
        (!repeats).then_some(channel)
    }

    /// Whether a text of the reasoning repeats that of another place.
    fn repeats_reasoning(&self, at: &Path) -> bool {
        let place = self.reply.flags.reasoning;
        place.is_some_and(|place| place != ReasoningPlace::from_path(at.as_str()))
    }

    /// Whether a path is in the whole message that some servers send after its deltas.
    fn repeats_deltas(&self, at: &Path) -> bool {
        self.reply.flags.has_deltas && at.as_str().starts_with(MESSAGE)
    }

    /// Whether a path is in the delta that stands behind the same message in the first event.
    fn repeats_message(&self, at: &Path) -> bool {
        self.reply.cursor.text.has_message && at.as_str().starts_with(DELTA)
    }

    /// The item that a value belongs to, and its path in the item.
    fn item(&self, at: &Path) -> Option<(ItemPlace, String)> {
        if self.repeats_deltas(at) {
            return None;
        }
        let items = self.format.items().iter();
        let is_in = |item: &&str| {
            let member = at.as_str().strip_prefix(*item);
            member.is_some_and(|member| member.starts_with('.'))
        };
        let container = items.copied().find(is_in)?;
        let (path, member) = at.indexed_at(container.len());
        let place = ItemPlace {
            document: self.reply.documents(),
            path,
            choice: self.reply.cursor.choice(at),
        };
        Some((place, member.trim_start_matches('.').to_owned()))
    }

    /// Passes a value to the format.
    fn take(&mut self, at: &Path, value: Scalar<'_>) {
        if let ("type" | "event_type", Scalar::Text(name)) = (at.as_str(), value) {
            self.event(name);
        }
        self.format.read_value(at, value, self.reply);
        if let Some(TextPlace { choice, channel }) = self.reply.cursor.take_correction() {
            if let Some(answer) = &mut self.answer {
                answer.correct(choice, channel);
            }
        }
    }
}

impl<F: FnMut(TextPiece<'_>)> Reading<'_, F> {
    /// A string begins. Returns whether it may be a document that holds the whole answer.
    fn begin_embedded(&mut self, at: &Path) -> bool {
        let is_embedded =
            !matches!(self.reply.cursor.embedded, Embedded::Within) && self.reply.cursor.is_envelope(at);
        if is_embedded {
            self.reply.cursor.embedded = Embedded::Open(Box::default());
            // The string is no text of its event: no other may be read like it.
            self.reply.cursor.text.place = None;
        }
        is_embedded
    }

    /// Reads a piece of a string that is a document. Returns `false` if the string is none.
    fn read_embedded(&mut self, at: &Path, piece: &str) -> bool {
        let is_open = matches!(self.reply.cursor.embedded, Embedded::Open(_));
        is_open && self.reply.cursor.is_envelope(at) && self.feed_embedded(piece)
    }

    #[cold]
    fn feed_embedded(&mut self, piece: &str) -> bool {
        match std::mem::replace(&mut self.reply.cursor.embedded, Embedded::Within) {
            Embedded::Open(mut scanner) => {
                let is_json = scanner.feed(piece.as_bytes(), self).is_ok();
                self.reply.cursor.embedded = match is_json {
                    true => Embedded::Open(scanner),
                    false => Embedded::None,
                };
                self.reply.cursor.text.place = None;
                true
            }
            other => {
                self.reply.cursor.embedded = other;
                false
            }
        }
    }

    /// Ends a string that is a document. Returns `false` if the string is none.
    fn end_embedded(&mut self, at: &Path) -> bool {
        let is_embedded =
            matches!(self.reply.cursor.embedded, Embedded::Open(_)) && self.reply.cursor.is_envelope(at);
        if is_embedded {
            self.reply.cursor.embedded = Embedded::None;
        }
        is_embedded
    }
}

impl<F: FnMut(TextPiece<'_>)> Visit for Reading<'_, F> {
    fn is_envelope(&mut self, at: &Path) -> bool {
        self.reply.cursor.is_envelope(at)
    }

    fn string(&mut self, at: &Path) -> Take {
        let channel = self.channel(at);
        if channel.is_none() && self.begin_embedded(at) {
            return Take::Pieces;
        }
        if channel.is_some() {
            self.reply.cursor.begin_text(at);
        }
        if channel.is_some() || self.reply.cursor.text.has_message {
            self.reply.flags.has_deltas |= at.as_str().starts_with(DELTA);
        }
        match self.capture(at, channel) || channel.is_some() {
            true => Take::Pieces,
            false => Take::Whole,
        }
    }

    fn piece(&mut self, at: &Path, piece: &str) {
        if self.read_embedded(at, piece) {
            return;
        }
        let is_in_item = self
            .answer
            .as_mut()
            .is_some_and(|answer| answer.string_piece(piece));
        if piece.is_empty() {
            return;
        }
        if let Some(channel) = self.channel(at) {
            let choice = self.reply.cursor.choice(at);
            let place = TextPlace { choice, channel };
            self.reply.flags.has_text = true;
            self.reply.cursor.text.place = Some(place);
            self.reply.cursor.text.has_message |= at.as_str().starts_with(MESSAGE);
            if channel == Channel::Reasoning && self.reply.flags.reasoning.is_none() {
                self.reply.flags.reasoning = Some(ReasoningPlace::from_path(at.as_str()));
            }
            match &mut self.reply.cumulative {
                None => self.new_text(place, piece, is_in_item),
                Some(cumulative) => {
                    let (earlier, piece) = cumulative.read(place, piece);
                    if let Some(earlier) = earlier {
                        self.new_text(place, &earlier, is_in_item);
                    }
                    self.new_text(place, piece, is_in_item);
                }
            }
        }
    }

    fn string_end(&mut self, at: &Path) {
        if self.end_embedded(at) {
            return;
        }
        self.end_cumulative();
        let Some(beginning) = self.answer.as_mut().and_then(|answer| answer.end_string()) else {
            return;
        };
        if self.channel(at).is_none() {
            self.take(at, Scalar::Text(&beginning));
        }
    }

    fn value(&mut self, at: &Path, value: Scalar<'_>) {
        if self.answer.is_some() {
            if let (Some((place, member)), Some(answer)) = (self.item(at), &mut self.answer) {
                answer.value(place, &member, value);
            }
        }
        self.take(at, value);
    }

    fn document(&mut self) {
        if let Some(answer) = &mut self.answer {
            answer.end_document();
        }
        self.reply.end_document();
    }
}

impl<F: FnMut(TextPiece<'_>)> Receive for Reading<'_, F> {
    fn event(&mut self, name: &str) {
        self.reply.cursor.set_event(name);
        self.format.begin_event(name, self.reply);
    }

    fn fail(&mut self, code: &str) {
        self.reply.fail(code);
    }

    fn done(&mut self) {
        self.reply.complete();
    }
}

impl<F: FnMut(TextPiece<'_>)> Repeat for Reading<'_, F> {
    fn ignores(&self, at: &Path) -> bool {
        self.format.is_ignored(at)
    }

    fn place(&self) -> Option<TextPlace> {
        self.reply.cursor.text.place.filter(|_| self.answer.is_none())
    }

    fn is_unchanged(&mut self) -> bool {
        self.reply.is_unchanged()
    }

    fn text(&mut self, place: TextPlace, piece: &str) {
        self.emit(place, piece);
    }

    fn again(&mut self) {
        self.reply.cursor.repeat_document();
    }
}

/// Where the chat completions of OpenAI and others have the pieces of a message, and the whole of it.
const DELTA: &str = "choices[].delta.";
const MESSAGE: &str = "choices[].message.";
