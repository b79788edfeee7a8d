//! What came of a call, gathered while it passes.

mod repeat;

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::KeyValue;

use super::Field;
use super::spoken::Spoken;
use super::usage::Usage;
use crate::content::Answer;
use crate::estimate::{Count, Encoding, Segmented};
use crate::json::{Path, Scalar};

/// What came of a call, as far as its answer was read.
///
/// Of each value that comes more than once, the last one counts.
#[derive(Debug)]
pub struct Reply {
    pub(crate) id: Option<String>,
    pub(crate) model: Option<Arc<str>>,
    pub(crate) usage: Usage,
    /// Whether the answer speaks of an error, its code, and the rougher class of it.
    pub(crate) has_error: bool,
    pub(crate) error_code: Option<String>,
    pub(crate) error_class: Option<String>,
    /// How many documents ended.
    pub(crate) documents: u64,
    pub(crate) attributes: Vec<KeyValue>,
    /// The stream said that it was complete.
    pub(crate) done: bool,
    /// Whether any text came, on whatever channel.
    pub(crate) has_text: bool,
    finishes: Vec<Option<String>>,
    event: String,
    kept: String,
    /// The array whose elements are the alternatives.
    alternatives: &'static str,
    /// Whether a user's format has panicked.
    pub(super) panicked: AtomicBool,
    /// Of the document being read: which alternative stands at a position, and which finish reasons were given there.
    indices: Vec<(u32, u32)>,
    pending: Vec<(u32, String)>,
    /// The outer positions of the text that began last in this document.
    begun: Option<(u32, u32)>,
    spoken: Spoken,
    /// Where the text went that came last.
    place: Option<usize>,
    /// The [digest](Self::digest) that was asked for last.
    settled: u64,
    /// The answer itself, if it is to be recorded.
    pub(crate) answer: Option<Answer>,
    /// What is counted of the content for TaskWeaver's sake.
    pub(crate) content: Option<Segmented>,
}

/// What a text of an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Channel {
    /// What the model says.
    Content,
    /// What it thinks.
    Reasoning,
    /// The name or the arguments of a tool that it calls.
    ToolCall,
}

impl Reply {
    /// The most alternatives that are told apart.
    const CHOICES: u32 = 128;
    /// The most bytes kept of the reason that an alternative ended for.
    const REASON: usize = 64;

    pub(crate) fn new(encoding: Encoding, alternatives: &'static str) -> Self {
        Self {
            id: None,
            model: None,
            usage: Usage::default(),
            has_error: false,
            error_code: None,
            error_class: None,
            documents: 0,
            attributes: Vec::new(),
            done: false,
            has_text: false,
            finishes: Vec::new(),
            event: String::new(),
            kept: String::new(),
            alternatives,
            panicked: AtomicBool::new(false),
            indices: Vec::new(),
            pending: Vec::new(),
            begun: None,
            spoken: Spoken::new(encoding),
            place: None,
            settled: 0,
            answer: None,
            content: None,
        }
    }

    /// Nobody need count the texts until it turns out that their usage is not reported: as long as there is room.
    pub(crate) fn expect_usage(&mut self) {
        self.spoken.wait();
    }

    /// The content is counted apart, too.
    pub(crate) fn count_content(&mut self, encoding: Encoding) {
        self.content = Some(self.spoken.beside(encoding));
    }

    /// The answer's id: `gen_ai.response.id`. An empty one says nothing.
    pub fn set_id(&mut self, id: &str) {
        set(&mut self.id, id);
    }

    /// The model that answered: `gen_ai.response.model`. An empty one says nothing.
    pub fn set_model(&mut self, model: &str) {
        set(&mut self.model, model);
    }

    /// Takes a count of tokens; what is no integer from 0 to 10¹² says nothing.
    pub fn tokens(&mut self, field: Field, count: Scalar<'_>) {
        if let Some(count) = count.as_count() {
            self.usage.set(field, count);
        }
    }

    /// The alternative that `at` stands in is finished, for this reason: `gen_ai.response.finish_reasons`.
    ///
    /// The answer is complete once all alternatives that were asked for are finished, or with [`Reply::complete`]. An
    /// empty reason says nothing.
    pub fn finish(&mut self, at: &Path, reason: &str) {
        let position = self.position(at);
        let has_room = position < Self::CHOICES && self.pending.len() < Self::CHOICES as usize;
        if has_room && !reason.is_empty() {
            let end = (0..=reason.len().min(Self::REASON))
                .rev()
                .find(|end| reason.is_char_boundary(*end));
            let reason = end.and_then(|end| reason.get(..end)).unwrap_or_default();
            self.pending.push((position, reason.to_owned()));
        }
    }

    /// The alternative that `at` stands in has this number, and not that of its position.
    pub fn index(&mut self, at: &Path, index: Scalar<'_>) {
        let position = self.position(at);
        let index = index.as_count().and_then(|index| u32::try_from(index).ok());
        let has_room = self.indices.len() < Self::CHOICES as usize;
        let known = index.filter(|index| *index < Self::CHOICES && position < Self::CHOICES && has_room);
        self.indices.extend(known.map(|index| (position, index)));
    }

    /// The answer says that it is complete: nothing of it is missing if it ends here.
    pub fn complete(&mut self) {
        self.done = true;
    }

    /// The answer says that the call failed: `error.type`, unless it is no short word. The status of a refusal is
    /// known without.
    pub fn fail(&mut self, code: &str) {
        self.error_code = Some(code.to_owned());
        self.has_error = true;
    }

    /// Puts down an attribute of the span.
    pub fn attribute(&mut self, name: &'static str, value: &str) {
        let known = self
            .attributes
            .iter_mut()
            .find(|other| other.key.as_str() == name);
        match known {
            Some(known) if known.value.as_str() == value => {}
            Some(known) => known.value = value.to_owned().into(),
            None => self.attributes.push(KeyValue::new(name, value.to_owned())),
        }
    }

    /// The name of the event being read, if the stream told it ahead of the event's data.
    #[must_use]
    pub fn event(&self) -> &str {
        &self.event
    }

    /// Keeps a text for values that come after it, in place of the one that was kept before.
    pub fn keep(&mut self, text: &str) {
        self.kept.clear();
        self.kept.push_str(text);
    }

    /// The text that was kept last.
    #[must_use]
    pub fn kept(&self) -> &str {
        &self.kept
    }

    pub(super) fn set_event(&mut self, name: &str) {
        self.event.clear();
        self.event.push_str(name);
    }

    /// Takes a value whose path may be that of an error.
    pub(super) fn error(&mut self, path: &str, value: Scalar<'_>) {
        let text = match value {
            Scalar::Text(text) | Scalar::Number(text) => text,
            Scalar::Bool(_) | Scalar::Null => return,
        };
        match path {
            "error.code" => self.error_code = Some(text.to_owned()),
            "error.type" => self.error_class = Some(text.to_owned()),
            "error" | "error.message" => {}
            _ => return,
        }
        self.has_error = true;
    }

    /// Another reason is the truer one, if `reason` was given last in this document.
    pub(super) fn finish_instead(&mut self, at: &Path, reason: &str, truer: &str) {
        if self.pending.last().is_some_and(|(_, last)| last == reason) {
            self.finish(at, truer);
        }
    }

    /// A text of the alternative that `at` stands in begins.
    pub(super) fn begin(&mut self, at: &Path, channel: Channel) {
        self.begun = Some((at.position(0), at.position(1)));
        self.place = None;
        let choice = self.resolve(self.position(at));
        if let Some(answer) = &mut self.answer {
            answer.begin(choice, channel, &at.indexed());
        }
    }

    /// Whether the answer itself is kept, so that every value of a tool's arguments matters.
    pub(super) fn is_kept(&self) -> bool {
        self.answer.is_some()
    }

    /// A value of a tool's arguments that is no text.
    pub(super) fn argument(&mut self, at: &Path, value: Scalar<'_>) {
        let choice = self.resolve(self.position(at));
        if let Some(answer) = &mut self.answer {
            answer.scalar(choice, &at.indexed(), value);
        }
    }

    /// The text beside this value, which came just before it, is of another channel.
    pub(super) fn correct(&mut self, at: &Path, truer: Channel) {
        let choice = self.resolve(self.position(at));
        let is_beside = self.begun == Some((at.position(0), at.position(1)));
        if let Some(answer) = self.answer.as_mut().filter(|_| is_beside) {
            answer.correct(choice, truer);
        }
    }

    /// A piece of text of the alternative that `at` stands in.
    pub(super) fn text(&mut self, at: &Path, channel: Channel, piece: &str) {
        if piece.is_empty() {
            return;
        }
        self.has_text = true;
        let choice = self.resolve(self.position(at));
        if let Some(answer) = &mut self.answer {
            answer.piece(choice, channel, &at.indexed(), piece);
        }
        if let Some(content) = self.content.as_mut().filter(|_| channel == Channel::Content) {
            content.push(piece);
        }
        self.place = self.spoken.piece(choice, channel, piece);
    }

    /// A document of the response has ended.
    pub(crate) fn document(&mut self) {
        for (position, reason) in std::mem::take(&mut self.pending) {
            let choice = self.resolve(position) as usize;
            if self.finishes.len() <= choice {
                self.finishes.resize(choice + 1, None);
            }
            if let Some(finish) = self.finishes.get_mut(choice) {
                *finish = Some(reason);
            }
        }
        self.indices.clear();
        self.begun = None;
        self.event.clear();
        self.documents = self.documents.saturating_add(1);
    }

    /// Whether a user's format has panicked, and no more was asked of it.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.panicked.load(Ordering::Relaxed)
    }

    /// Whether nothing came that the format knows.
    pub(crate) fn is_empty(&self) -> bool {
        self.id.is_none()
            && self.model.is_none()
            && !self.has_text
            && self.finishes.is_empty()
            && self.usage.is_empty()
    }

    /// The finish reasons of at least `expected` alternatives, `None` where none came.
    pub(crate) fn finishes(&self, expected: u32) -> impl Iterator<Item = Option<&str>> {
        let len = self.finishes.len().max(expected.min(Self::CHOICES) as usize);
        (0..len).map(|choice| self.finishes.get(choice)?.as_deref())
    }

    /// Whether text of the answer is still being counted, or has to be.
    pub(crate) fn is_behind(&self) -> bool {
        self.spoken.is_behind() || self.content.as_ref().is_some_and(Segmented::is_behind)
    }

    /// The number of tokens of the text that came, or `None` if nothing here can count. Roughly, if there is no time.
    pub(crate) fn count(&mut self, roughly: bool) -> Option<Count> {
        self.spoken.count(roughly)
    }

    /// Which element of the array of alternatives a path stands in.
    fn position(&self, at: &Path) -> u32 {
        let is_within = !self.alternatives.is_empty() && at.as_str().starts_with(self.alternatives);
        if is_within { at.position(0) } else { 0 }
    }

    fn resolve(&self, position: u32) -> u32 {
        let index = self.indices.iter().rev().find(|(at, _)| *at == position);
        match index {
            Some((_, index)) => *index,
            None => position.min(Self::CHOICES - 1),
        }
    }
}

/// Takes a value that every document of a stream repeats; an empty one says nothing.
fn set<T>(slot: &mut Option<T>, value: &str)
where
    T: Deref<Target = str> + for<'a> From<&'a str>,
{
    if !value.is_empty() && slot.as_deref() != Some(value) {
        *slot = Some(value.into());
    }
}
