//! What came of a call, gathered while it passes.

use opentelemetry::KeyValue;

use super::usage::Usage;
use crate::content::Answer;
use crate::estimate::{Encoding, Segmented};
use crate::json::{Path, Scalar};

/// What came of a call.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) id: Option<String>,
    pub(crate) model: Option<String>,
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
    modality: String,
    /// Of the document being read: which alternative stands at a position, and which finish reasons were given there.
    indices: Vec<(u32, u32)>,
    pending: Vec<(u32, String)>,
    texts: Vec<(u32, Channel, Segmented)>,
    /// The answer itself, if it is to be recorded.
    pub(crate) answer: Option<Answer>,
    /// What is counted of the content for TaskWeaver's sake.
    pub(crate) content: Option<Segmented>,
    encoding: Encoding,
}

/// What a text of an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    Content,
    Reasoning,
    ToolCall,
}

impl Reply {
    /// The most alternatives that are told apart.
    const CHOICES: u32 = 128;
    /// The most texts counted apart; what goes beyond is counted as one.
    const TEXTS: usize = 8;

    pub(crate) fn new(encoding: Encoding) -> Self {
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
            modality: String::new(),
            indices: Vec::new(),
            pending: Vec::new(),
            texts: Vec::new(),
            answer: None,
            content: None,
            encoding,
        }
    }

    /// Puts down an attribute of the response; the last value of a name wins.
    pub(crate) fn attribute(&mut self, name: &'static str, value: &str) {
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

    /// The name of the event being read.
    pub(crate) fn event(&self) -> &str {
        &self.event
    }

    pub(super) fn set_event(&mut self, name: &str) {
        self.event.clear();
        self.event.push_str(name);
    }

    /// Keeps the name of a modality whose count comes next.
    pub(crate) fn modality(&mut self, name: &str) {
        self.modality.clear();
        self.modality.push_str(name);
    }

    pub(crate) fn last_modality(&self) -> &str {
        &self.modality
    }

    /// Takes a value whose path may be that of an error.
    pub(crate) fn error(&mut self, path: &str, value: Scalar<'_>) {
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

    /// The alternative at a position of this document has another number.
    pub(crate) fn index(&mut self, position: u32, index: Option<u64>) {
        if let Some(index) = index.and_then(|index| u32::try_from(index).ok())
            && index < Self::CHOICES
            && position < Self::CHOICES
        {
            self.indices.push((position, index));
        }
    }

    /// The alternative at a position of this document is finished.
    pub(crate) fn finish(&mut self, position: u32, reason: &str) {
        if position < Self::CHOICES && self.pending.len() < Self::CHOICES as usize {
            self.pending.push((position, reason.to_owned()));
        }
    }

    /// Another reason is the truer one, if `reason` was given for the first alternative of this document.
    pub(crate) fn finish_instead(&mut self, reason: &str, truer: &str) {
        if self.pending.last().is_some_and(|(_, last)| last == reason) {
            self.finish(0, truer);
        }
    }

    /// A text of the alternative at a position of this document begins.
    pub(super) fn begin(&mut self, at: &Path, channel: Channel) {
        let choice = self.resolve(at.position(0));
        if let Some(answer) = &mut self.answer {
            answer.begin(choice, channel, at.as_str());
        }
    }

    /// A piece of text of the alternative at a position of this document.
    pub(super) fn text(&mut self, at: &Path, channel: Channel, piece: &str) {
        if piece.is_empty() {
            return;
        }
        self.has_text = true;
        let choice = self.resolve(at.position(0));
        if let Some(answer) = &mut self.answer {
            answer.piece(choice, channel, at.as_str(), piece);
        }
        if let Some(content) = self.content.as_mut().filter(|_| channel == Channel::Content) {
            content.push(piece);
        }
        let known = self
            .texts
            .iter()
            .position(|(other, kind, _)| (*other, *kind) == (choice, channel));
        if known.is_none() && self.texts.len() < Self::TEXTS {
            let counter = Segmented::new(self.encoding.clone());
            self.texts.push((choice, channel, counter));
        }
        let at = known.unwrap_or_else(|| self.texts.len().saturating_sub(1));
        if let Some((_, _, counter)) = self.texts.get_mut(at) {
            counter.push(piece);
        }
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
        self.event.clear();
        self.documents = self.documents.saturating_add(1);
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

    /// The number of tokens of the text that came, or `None` if nothing here can count.
    pub(crate) fn count(&mut self) -> Option<u64> {
        std::mem::take(&mut self.texts)
            .into_iter()
            .map(|(_, _, counter)| counter.finish().map(|count| count.tokens))
            .sum()
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
pub(super) fn set(slot: &mut Option<String>, value: &str) {
    if !value.is_empty() && slot.as_deref() != Some(value) {
        *slot = Some(value.to_owned());
    }
}
