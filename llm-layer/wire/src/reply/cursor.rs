//! The state of the document that is being read.
//!
//! A document holds the alternatives as an array, such as `choices[]`. An element may say which alternative
//! it is (`"index": 1`), before or after its other values. So finish reasons are collected by position, and
//! resolved to alternatives when the document ends.

use std::fmt;

use super::Channel;
use crate::json::{Path, Scanner};
use crate::usage::UsagePart;

/// The most alternatives that are distinguished.
pub(super) const MAX_CHOICES: u32 = 128;

/// The events that only keep a connection open, of Anthropic and OpenAI.
const KEEP_ALIVE_EVENTS: [&str; 2] = ["ping", "keepalive"];

/// Where the reader is, and what it knows of the current document.
#[derive(Debug)]
pub(crate) struct DocumentCursor {
    layout: Layout,
    pub(crate) embedded: Embedded,
    /// The number of documents that ended, without those that only keep the connection open.
    pub(crate) documents: u64,
    pub(super) event: String,
    pub(crate) stashed: String,
    /// The first half of an entry, and the element that it is in: its position, and the length of its path.
    pub(crate) half_entry: Option<((u32, usize), HalfEntry)>,
    /// The document is an error.
    pub(super) is_error: bool,
    /// The code of the document, unless it stands for success.
    pub(super) code: Option<String>,
    /// Which alternative is at a position of the array.
    pub(super) indices: Vec<(u32, u32)>,
    /// The finish reasons by position.
    pub(super) finishes: Vec<(u32, String)>,
    pub(crate) text: TextCursor,
}

/// Where a format has the answer.
#[derive(Debug)]
struct Layout {
    /// The array whose elements are the alternatives.
    alternatives: &'static str,
    /// The members of the root that hold the whole answer where something wraps it.
    envelopes: &'static [&'static str],
    /// The lengths of these names, as bits.
    envelope_lengths: u32,
}

/// The text that is being read, and those before it.
#[derive(Debug, Default)]
pub(crate) struct TextCursor {
    /// The outer positions of the text that began last.
    pub(super) last: Option<(u32, u32)>,
    /// The document has a text of a whole message.
    pub(crate) has_message: bool,
    /// Where the text that began last goes.
    pub(crate) place: Option<TextPlace>,
    /// The text that began last turned out to be of another channel.
    correction: Option<TextPlace>,
}

/// A string of JSON that holds the whole answer.
pub(crate) enum Embedded {
    /// The current value is none.
    None,
    /// The string is being read.
    Open(Box<Scanner>),
    /// A piece of it is being read. Strings of JSON within are not read as such.
    Within,
}

/// Without the scanner: that of a document that broke off stays until the next string begins.
impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None | Self::Open(_) => "None",
            Self::Within => "Within",
        })
    }
}

/// A member of an entry with two, such as `{"modality": "TEXT", "tokenCount": 7}`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum HalfEntry {
    /// The part of the usage that the name stands for. `None` if no part has this name.
    Name(Option<UsagePart>),
    /// The count. `None` if the number is not a count.
    Count(Option<u64>),
}

/// A text of an answer: the alternative and the channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TextPlace {
    pub(crate) choice: u32,
    pub(crate) channel: Channel,
}

impl DocumentCursor {
    pub(super) fn new(alternatives: &'static str, envelopes: &'static [&'static str]) -> Self {
        Self {
            layout: Layout {
                alternatives,
                envelopes,
                envelope_lengths: envelopes
                    .iter()
                    .fold(0, |lengths, name| lengths | length_bit(name)),
            },
            embedded: Embedded::None,
            documents: 0,
            event: String::new(),
            stashed: String::new(),
            half_entry: None,
            is_error: false,
            code: None,
            indices: Vec::new(),
            finishes: Vec::new(),
            text: TextCursor::default(),
        }
    }

    /// Returns whether a member of the root may hold the whole answer.
    #[inline]
    pub(crate) fn is_envelope(&self, at: &Path) -> bool {
        // Most members of the root have another length.
        at.is_member_of_root()
            && self.layout.envelope_lengths & length_bit(at.as_str()) != 0
            && self.layout.envelopes.contains(&at.as_str())
    }

    pub(crate) fn set_event(&mut self, name: &str) {
        self.event.clear();
        self.event.push_str(name);
    }

    /// A text begins at `at`.
    pub(crate) fn begin_text(&mut self, at: &Path) {
        self.text.last = Some((at.position(0), at.position(1)));
        self.text.place = None;
    }

    pub(super) fn correct(&mut self, at: &Path, channel: Channel) {
        if self.text.last == Some((at.position(0), at.position(1))) {
            let choice = self.choice(at);
            self.text.correction = Some(TextPlace { choice, channel });
        }
    }

    /// Returns the correction that was not applied yet.
    pub(crate) fn take_correction(&mut self) -> Option<TextPlace> {
        self.text.correction.take()
    }

    pub(super) fn finish(&mut self, at: &Path, reason: &str) {
        let position = self.position(at);
        if position < MAX_CHOICES && self.finishes.len() < MAX_CHOICES as usize {
            self.finishes.push((position, reason.to_owned()));
        }
    }

    pub(super) fn last_finish(&self) -> Option<&str> {
        self.finishes.last().map(|(_, reason)| &**reason)
    }

    pub(super) fn set_index(&mut self, at: &Path, index: u32) {
        let position = self.position(at);
        let has_room = self.indices.len() < MAX_CHOICES as usize;
        // Nearly always an alternative has the number of its position, which needs no note.
        let is_resolved = self.resolve(position) == index;
        if index < MAX_CHOICES && position < MAX_CHOICES && has_room && !is_resolved {
            self.indices.push((position, index));
        }
    }

    /// Ends the document. Returns its finish reasons by alternative.
    pub(super) fn end_document(&mut self) -> Vec<(u32, String)> {
        let mut finishes = std::mem::take(&mut self.finishes);
        for (position, _) in &mut finishes {
            *position = self.resolve(*position);
        }
        self.indices.clear();
        self.text.last = None;
        self.text.has_message = false;
        self.is_error = false;
        self.code = None;
        self.half_entry = None;
        if KEEP_ALIVE_EVENTS.contains(&self.event.as_str()) {
            // Events that repeat this one would be counted.
            self.text.place = None;
        } else {
            self.documents = self.documents.saturating_add(1);
        }
        self.event.clear();
        finishes
    }

    /// A document repeats an earlier one but for its text.
    #[inline]
    pub(crate) fn repeat_document(&mut self) {
        self.documents = self.documents.saturating_add(1);
    }

    /// The alternative that a path belongs to.
    pub(crate) fn choice(&self, at: &Path) -> u32 {
        self.resolve(self.position(at))
    }

    /// The element of the array of alternatives that a path is in.
    fn position(&self, at: &Path) -> u32 {
        let is_within =
            !self.layout.alternatives.is_empty() && at.as_str().starts_with(self.layout.alternatives);
        if is_within { at.position(0) } else { 0 }
    }

    fn resolve(&self, position: u32) -> u32 {
        let index = self.indices.iter().rev().find(|(at, _)| *at == position);
        match index {
            Some((_, index)) => *index,
            None => position.min(MAX_CHOICES - 1),
        }
    }
}

/// The bit of a name's length. Names of 31 bytes and more share one.
#[inline]
fn length_bit(name: &str) -> u32 {
    1 << name.len().min(31)
}
