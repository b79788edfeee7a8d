//! A wire format reading a response into a reply.

use super::recognise::Wire;
use super::{Channel, Reply};
use crate::framing::{Receive, Repeat};
use crate::json::{Path, Scalar, Take, Visit};

/// Reads what a framing yields.
pub(crate) struct Reading<'a> {
    wire: &'a Wire,
    reply: &'a mut Reply,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(wire: &'a Wire, reply: &'a mut Reply) -> Self {
        Self { wire, reply }
    }
}

impl Visit for Reading<'_> {
    fn string(&mut self, at: &Path) -> Take {
        match self.wire.channel(at, self.reply) {
            Some(channel) => {
                self.reply.begin(at, channel);
                Take::Pieces
            }
            None => Take::Whole,
        }
    }

    fn piece(&mut self, at: &Path, piece: &str) {
        if let Some(channel) = self.wire.channel(at, self.reply) {
            self.reply.text(at, channel, piece);
        }
    }

    fn value(&mut self, at: &Path, value: Scalar<'_>) {
        if let ("type" | "event_type", Scalar::Text(name)) = (at.as_str(), value) {
            self.event(name);
        }
        if self.reply.is_kept() && self.wire.channel(at, self.reply) == Some(Channel::ToolCall) {
            self.reply.argument(at, value);
        }
        self.wire.value(at, value, self.reply);
    }

    fn document(&mut self) {
        self.reply.document();
    }
}

impl Receive for Reading<'_> {
    fn event(&mut self, name: &str) {
        self.reply.set_event(name);
        self.wire.event(name, self.reply);
    }

    fn fail(&mut self, code: &str) {
        self.reply.error("error.code", Scalar::Text(code));
    }

    fn done(&mut self) {
        self.reply.done = true;
    }
}

impl Repeat for Reading<'_> {
    fn ignores(&self, at: &Path) -> bool {
        self.wire.ignores(at)
    }

    fn place(&self) -> Option<usize> {
        self.reply.place()
    }

    fn is_settled(&mut self) -> bool {
        self.reply.is_settled()
    }

    fn text(&mut self, place: usize, piece: &str) {
        self.reply.text_at(place, piece);
    }

    fn again(&mut self) {
        self.reply.documents = self.reply.documents.saturating_add(1);
    }
}
