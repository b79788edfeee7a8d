//! Reads an answer into a reply, by a format.

use crate::content::Answer;
use crate::framing::{Receive, Repeat};
use crate::json::{Path, Scalar, Take, Visit};
use crate::recognised::AnyFormat;
use crate::reply::{Channel, Reply, TextPlace};

/// A piece of the text of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TextPiece<'a> {
    /// The alternative that it belongs to, from 0.
    pub choice: u32,
    /// What the text is.
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

impl<F: FnMut(TextPiece<'_>)> Visit for Reading<'_, F> {
    fn string(&mut self, at: &Path) -> Take {
        match self.format.channel(at, self.reply) {
            Some(channel) => {
                self.reply.cursor.begin_text(at);
                if let Some(answer) = &mut self.answer {
                    answer.begin(self.reply.cursor.choice(at), channel, &at.indexed());
                }
                Take::Pieces
            }
            None => Take::Whole,
        }
    }

    fn piece(&mut self, at: &Path, piece: &str) {
        if piece.is_empty() {
            return;
        }
        if let Some(channel) = self.format.channel(at, self.reply) {
            let choice = self.reply.cursor.choice(at);
            if let Some(answer) = &mut self.answer {
                answer.piece(choice, channel, &at.indexed(), piece);
            }
            let place = TextPlace { choice, channel };
            self.reply.has_text = true;
            self.reply.cursor.place = Some(place);
            self.emit(place, piece);
        }
    }

    fn value(&mut self, at: &Path, value: Scalar<'_>) {
        if let ("type" | "event_type", Scalar::Text(name)) = (at.as_str(), value) {
            self.event(name);
        }
        if let Some(answer) = &mut self.answer {
            if self.format.channel(at, self.reply) == Some(Channel::ToolCall) {
                answer.argument(self.reply.cursor.choice(at), &at.indexed(), value);
            }
        }
        self.format.value(at, value, self.reply);
        if let Some(TextPlace { choice, channel }) = self.reply.cursor.take_correction() {
            if let Some(answer) = &mut self.answer {
                answer.correct(choice, channel);
            }
        }
    }

    fn document(&mut self) {
        self.reply.end_document();
    }
}

impl<F: FnMut(TextPiece<'_>)> Receive for Reading<'_, F> {
    fn event(&mut self, name: &str) {
        self.reply.cursor.set_event(name);
        self.format.event(name, self.reply);
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
        self.reply.cursor.place.filter(|_| self.answer.is_none())
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
