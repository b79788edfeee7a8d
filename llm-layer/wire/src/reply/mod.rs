//! The values that an answer reported.

mod cumulative;
mod cursor;
mod digest;

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use self::cumulative::CumulativeText;
use self::cursor::{DocumentCursor, MAX_CHOICES};
pub(crate) use self::cursor::{Embedded, HalfEntry, TextPlace};
use crate::billing::Billing;
use crate::cut;
use crate::json::{Path, Scalar};
use crate::usage::{NO_USAGE, Usage, UsagePart};

/// The values that an answer reported so far. If a value comes more than once, the last one counts. Values
/// longer than 1 KiB are cut.
///
/// A [`WireFormat`](crate::WireFormat) fills it while the answer is read.
#[derive(Debug)]
pub struct Reply {
    ids: Ids,
    pub(crate) model: Option<Arc<str>>,
    pub(crate) usage: Usage,
    /// Usage at places that the format does not know. It counts if the format knows none.
    pub(crate) other_usage: Option<Box<Usage>>,
    pub(crate) error: Option<ReplyError>,
    pub(crate) details: Vec<(ReplyDetail, String)>,
    pub(crate) flags: Flags,
    finish_reasons: Vec<Option<String>>,
    pub(crate) cursor: DocumentCursor,
    /// Finds what is new in each text, if texts may repeat what came before.
    pub(crate) cumulative: Option<Box<CumulativeText>>,
    /// A user's format has panicked. It is set where the reply is only borrowed.
    pub(crate) has_panicked: AtomicBool,
    /// The [digest](Self::digest) when it was last computed.
    last_digest: u64,
}

/// The ids of an answer.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
struct Ids {
    answer: Option<String>,
    /// The id by which the usage is the same as that of another answer.
    usage: Option<String>,
}

/// What an answer said or had, yes or no.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Flags {
    /// The stream said that it was complete.
    pub(crate) is_complete: bool,
    /// The provider replaced a part of the conversation with a summary.
    pub(crate) is_compacted: bool,
    /// The response was created in the background.
    pub(crate) is_background: bool,
    /// Some text came, on whatever channel.
    pub(crate) has_text: bool,
    /// A text alone does not show that the answer is in the format.
    pub(crate) needs_more_than_text: bool,
    /// Some of the text came as the delta of a message.
    pub(crate) has_deltas: bool,
    /// An event of the Responses API had a piece of the answer itself.
    pub(crate) has_content_deltas: bool,
    /// An event of the Responses API had a piece of the reasoning.
    pub(crate) has_reasoning_deltas: bool,
    /// Where the reasoning of messages is. Some gateways send it at two places.
    pub(crate) reasoning: Option<ReasoningPlace>,
}

/// Where a message has its reasoning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum ReasoningPlace {
    /// In `reasoning_content`.
    ReasoningContent,
    /// In another member of the message.
    Member,
    /// In OpenRouter's list of details.
    Details,
}

impl ReasoningPlace {
    /// The place of a text of the reasoning.
    pub(crate) fn from_path(path: &str) -> Self {
        if path.ends_with(".reasoning_content") {
            Self::ReasoningContent
        } else if path.contains(".reasoning_details[]") {
            Self::Details
        } else {
            Self::Member
        }
    }
}

/// An error that an answer reported.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ReplyError {
    /// The provider's code.
    pub code: Option<String>,
    /// The class of errors that it belongs to.
    pub class: Option<String>,
}

/// A value of an answer that has no method of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReplyDetail {
    /// OpenAI's service tier that the answer was made in.
    ServiceTier,
    /// OpenAI's fingerprint of the system that made the answer.
    SystemFingerprint,
    /// The conversation that the answer belongs to.
    ConversationId,
    /// A value of a user's format, by the name of its attribute.
    Other(&'static str),
}

/// What a text of an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Channel {
    /// The answer itself.
    Content,
    /// The model's reasoning.
    Reasoning,
    /// The name or the arguments of a tool call.
    ToolCall,
}

/// The most bytes of an id, a model, a code or another value.
const MAX_VALUE_BYTES: usize = 1024;
/// The most bytes of a finish reason.
const MAX_FINISH_REASON_BYTES: usize = 64;

impl Reply {
    pub(crate) fn new(alternatives: &'static str, envelopes: &'static [&'static str]) -> Self {
        Self {
            ids: Ids::default(),
            model: None,
            usage: Usage::default(),
            other_usage: None,
            error: None,
            details: Vec::new(),
            flags: Flags::default(),
            finish_reasons: Vec::new(),
            cursor: DocumentCursor::new(alternatives, envelopes),
            cumulative: None,
            has_panicked: AtomicBool::new(false),
            last_digest: 0,
        }
    }

    /// Returns the answer's id.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.ids.answer.as_deref()
    }

    /// Returns the id of what the usage is about. Two answers with the same one, such as the state of a batch and
    /// its results, report the same usage. It is the [id](Self::id), unless the provider names another.
    #[must_use]
    pub fn usage_id(&self) -> Option<&str> {
        self.ids.usage.as_deref().or_else(|| self.id())
    }

    pub(crate) fn set_usage_id(&mut self, id: &str) {
        set(&mut self.ids.usage, id);
    }

    /// Takes the answer's id out.
    pub fn take_id(&mut self) -> Option<String> {
        self.ids.answer.take()
    }

    /// Returns the model that answered.
    #[must_use]
    #[inline]
    pub fn model(&self) -> Option<&Arc<str>> {
        self.model.as_ref()
    }

    /// Returns the usage, as far as it was reported. Zeros only, beside an answer with text, are no report.
    #[must_use]
    pub fn usage(&self) -> &Usage {
        let other = self.other_usage.as_deref();
        let usage = other.filter(|_| self.usage.is_zero()).unwrap_or(&self.usage);
        match self.flags.has_text && usage.is_zero() {
            true => &NO_USAGE,
            false => usage,
        }
    }

    /// Returns what the answer reported about billing beside its tokens.
    #[must_use]
    pub fn billing(&self) -> &Billing {
        self.usage.billing()
    }

    /// Returns all input tokens, as [`Usage::input`] does. 0 beside an answer with text is no report.
    #[must_use]
    pub fn input_tokens(&self) -> Option<u64> {
        let input = self.usage().input();
        input.filter(|count| *count > 0 || !self.flags.has_text)
    }

    /// Returns all output tokens, as [`Usage::output`] does. 0 beside an answer with text is no report.
    #[must_use]
    pub fn output_tokens(&self) -> Option<u64> {
        let output = self.usage().output();
        output.filter(|count| *count > 0 || !self.flags.has_text)
    }

    /// Returns the error that the answer reported.
    #[must_use]
    pub fn error(&self) -> Option<&ReplyError> {
        self.error.as_ref()
    }

    /// Returns the other values that the answer reported.
    pub fn details(&self) -> impl Iterator<Item = (ReplyDetail, &str)> {
        self.details.iter().map(|(detail, value)| (*detail, &**value))
    }

    /// Takes the other values out.
    pub fn take_details(&mut self) -> Vec<(ReplyDetail, String)> {
        std::mem::take(&mut self.details)
    }

    /// Returns whether the answer said that it is complete.
    #[must_use]
    #[inline]
    pub fn is_complete(&self) -> bool {
        self.flags.is_complete
    }

    /// Returns whether the provider replaced a part of the conversation with a summary, to make room.
    #[must_use]
    pub fn is_compacted(&self) -> bool {
        self.flags.is_compacted
    }

    /// Returns whether the response was created in the background, so that the request that created it could
    /// not report its usage.
    #[must_use]
    pub fn is_background(&self) -> bool {
        self.flags.is_background
    }

    /// Returns whether any text came, on whatever channel.
    #[must_use]
    #[inline]
    pub fn has_text(&self) -> bool {
        self.flags.has_text
    }

    /// Returns the number of JSON documents that ended: one for each event of a stream.
    #[must_use]
    #[inline]
    pub fn documents(&self) -> u64 {
        self.cursor.documents
    }

    /// Returns the finish reasons of at least `expected` alternatives, `None` where none came.
    pub fn finish_reasons(&self, expected: u32) -> impl Iterator<Item = Option<&str>> {
        let len = self.finish_reasons.len().max(expected.min(MAX_CHOICES) as usize);
        (0..len).map(|choice| self.finish_reasons.get(choice)?.as_deref())
    }

    /// Returns whether the format recognised nothing in the answer that shows what it is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.answer.is_none()
            && self.model.is_none()
            && (!self.flags.has_text || self.flags.needs_more_than_text)
            && self.finish_reasons.is_empty()
            && self.usage.is_empty()
            && self.other_usage.is_none()
    }

    /// Sets the id. An empty one is ignored.
    pub fn set_id(&mut self, id: &str) {
        set(&mut self.ids.answer, id);
    }

    /// Sets the model that answered. An empty one is ignored.
    pub fn set_model(&mut self, model: &str) {
        set(&mut self.model, model);
    }

    /// Sets a number of tokens. A value that is not an integer from 0 to 10¹² is ignored.
    pub fn set_tokens(&mut self, part: UsagePart, count: Scalar<'_>) {
        if let Some(count) = count.as_count() {
            self.usage.set(part, count);
        }
    }

    /// Sets a number of tokens at a place that the format does not know.
    pub(crate) fn set_other_tokens(&mut self, part: UsagePart, count: u64) {
        self.other_usage.get_or_insert_default().set(part, count);
    }

    /// Sets a value that has no method of its own.
    pub fn set_detail(&mut self, detail: ReplyDetail, value: &str) {
        if value.is_empty() {
            return;
        }
        let value = cut::at_char_boundary(value, MAX_VALUE_BYTES);
        match self.details.iter_mut().find(|(other, _)| *other == detail) {
            Some((_, old)) if old == value => {}
            Some((_, old)) => value.clone_into(old),
            None => self.details.push((detail, value.to_owned())),
        }
    }

    /// Finishes the alternative that `at` belongs to, for this reason. An empty reason is ignored.
    ///
    /// The answer is complete once all requested alternatives are finished, or with [`Reply::complete`].
    pub fn finish(&mut self, at: &Path, reason: &str) {
        if !reason.is_empty() {
            let reason = cut::at_char_boundary(reason, MAX_FINISH_REASON_BYTES);
            self.cursor.finish(at, reason);
        }
    }

    /// Gives the alternative that `at` belongs to a number other than its position.
    pub fn set_index(&mut self, at: &Path, index: Scalar<'_>) {
        let index = index.as_count().and_then(|index| u32::try_from(index).ok());
        if let Some(index) = index {
            self.cursor.set_index(at, index);
        }
    }

    /// Marks the answer as complete: nothing is missing if it ends here.
    pub fn complete(&mut self) {
        self.flags.is_complete = true;
    }

    /// Marks the call as failed with the provider's code.
    pub fn fail(&mut self, code: &str) {
        let code = cut::at_char_boundary(code, MAX_VALUE_BYTES).to_owned();
        self.error.get_or_insert_default().code = Some(code);
    }

    /// Returns the name of the event that is being read, if the stream gave it ahead of the event's data.
    #[must_use]
    pub fn event(&self) -> &str {
        &self.cursor.event
    }

    /// Stores a text for values that come after it, in place of the one that was stored before.
    pub fn stash(&mut self, text: &str) {
        self.cursor.stashed.clear();
        self.cursor.stashed.push_str(text);
    }

    /// Returns the text that was stored last.
    #[must_use]
    pub fn stashed(&self) -> &str {
        &self.cursor.stashed
    }

    /// Moves the text beside this value, which came just before it, to another channel.
    pub fn correct(&mut self, at: &Path, channel: Channel) {
        self.cursor.correct(at, channel);
    }

    /// Takes a value whose path may be that of an error.
    pub(crate) fn read_error(&mut self, path: &str, value: Scalar<'_>) {
        let text = match value {
            Scalar::Text(text) | Scalar::Number(text) => text,
            Scalar::Bool(_) | Scalar::Null => return,
        };
        match path {
            "error.code" => self.fail(text),
            "error.type" => self.error.get_or_insert_default().class = Some(text.to_owned()),
            "error" | "error.message" => {
                self.error.get_or_insert_default();
            }
            _ => {}
        }
    }

    /// Each text of the answer may begin with what came before it at the same place.
    pub(crate) fn expect_cumulative_text(&mut self) {
        self.cumulative = Some(Box::default());
    }

    /// The document that is being read is an error.
    pub(crate) fn note_error(&mut self) {
        self.cursor.is_error = true;
        self.error.get_or_insert_default();
    }

    /// The document that is being read has this code beside its result. Where it has no result, the code is that
    /// of an error, unless it stands for success.
    pub(crate) fn note_code(&mut self, code: &str) {
        const SUCCESS: [&str; 4] = ["0", "200", "ok", "success"];
        if !code.is_empty() && !SUCCESS.iter().any(|success| success.eq_ignore_ascii_case(code)) {
            self.cursor.code = Some(cut::at_char_boundary(code, MAX_VALUE_BYTES).to_owned());
        }
    }

    /// Returns whether anything of the answer came beside its id and its model.
    fn has_result(&self) -> bool {
        self.flags.has_text
            || !self.cursor.finishes.is_empty()
            || !self.finish_reasons.is_empty()
            || !self.usage.is_empty()
            || self.other_usage.is_some()
    }

    /// Returns whether the document that is being read is an error, as far as it was read.
    pub(crate) fn is_error_document(&self) -> bool {
        self.cursor.is_error
    }

    /// Replaces the finish reason `reason`, if it came last in this document.
    pub(crate) fn finish_instead(&mut self, at: &Path, reason: &str, replacement: &str) {
        if self.cursor.last_finish() == Some(reason) {
            self.finish(at, replacement);
        }
    }

    /// A document of the answer has ended.
    pub(crate) fn end_document(&mut self) {
        self.usage.end_document();
        if let Some(code) = self.cursor.code.take() {
            if self.error.is_none() && !self.has_result() {
                self.fail(&code);
            }
        }
        if let Some(usage) = &mut self.other_usage {
            usage.end_document();
        }
        for (choice, reason) in self.cursor.end_document() {
            let choice = choice as usize;
            if self.finish_reasons.len() <= choice {
                self.finish_reasons.resize(choice + 1, None);
            }
            if let Some(slot) = self.finish_reasons.get_mut(choice) {
                *slot = Some(reason);
            }
        }
    }

    /// Returns whether a user's format has panicked, so that it is no longer called.
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        self.has_panicked.load(Ordering::Relaxed)
    }
}

/// Sets a value that every document of a stream repeats, cut to its limit. An empty one is ignored.
fn set<T>(slot: &mut Option<T>, value: &str)
where
    T: Deref<Target = str> + for<'a> From<&'a str>,
{
    let value = cut::at_char_boundary(value, MAX_VALUE_BYTES);
    if !value.is_empty() && slot.as_deref() != Some(value) {
        *slot = Some(value.into());
    }
}
