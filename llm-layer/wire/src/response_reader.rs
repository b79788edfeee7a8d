//! Reads the answer to a model call, piece by piece.

use http::HeaderMap;

use crate::content::Answer;
use crate::encoding::Decoder;
use crate::framing::{self, Framing};
use crate::reading::{Reading, TextPiece};
use crate::recognised::AnyFormat;
use crate::reply::Reply;
use crate::unseen::Unseen;

/// Reads the answer to a model call as it passes, in at most a few KiB, whatever its length.
///
/// See [the crate](crate) for an example.
#[derive(Debug)]
pub struct ResponseReader {
    format: AnyFormat,
    reply: Reply,
    answer: Option<Answer>,
    framing: Option<Framing>,
    /// Gone when nothing more can be read.
    decoder: Option<Decoder>,
    unseen: Option<Unseen>,
}

impl ResponseReader {
    /// Creates a reader of an answer in this format.
    #[must_use]
    pub fn new(format: AnyFormat) -> Self {
        let mut reply = Reply::new(format.alternatives(), format.envelopes());
        reply.flags.needs_more_than_text = !format.is_shown_by_text();
        Self {
            reply,
            format,
            answer: None,
            framing: None,
            decoder: None,
            unseen: None,
        }
    }

    /// Also keeps the answer itself, at most `limit` bytes of it: see [`Self::take_answer`]. Default: it is
    /// not kept.
    #[must_use]
    pub fn with_capture(mut self, limit: usize) -> Self {
        self.answer = Some(Answer::new(limit));
        self
    }

    /// Also expects that each event of a stream has the whole text so far. The answer shows whether it does.
    pub(crate) fn with_cumulative_text(mut self) -> Self {
        self.reply.expect_cumulative_text();
        self
    }

    /// Reads the head of the response. Call it before [`Self::feed`].
    pub fn read_head(&mut self, headers: &HeaderMap) {
        self.format.head(headers, &mut self.reply);
        match Decoder::for_response(headers) {
            Ok(decoder) => {
                self.framing = Some(Framing::from_headers(headers));
                // Sound, an image or a transcript may be the body itself.
                let operation = self.format.operation();
                let is_document =
                    operation.is_text() || operation.is_fetch() || framing::is_document(headers);
                self.decoder = Some(decoder).filter(|_| is_document);
            }
            Err(reason) => self.unseen = Some(reason),
        }
    }

    /// Names the event whose data comes next, if something else than the body says what it is.
    pub(crate) fn begin_event(&mut self, name: &str) {
        self.reply.cursor.set_event(name);
    }

    /// Marks the answer as complete.
    pub(crate) fn complete(&mut self) {
        self.reply.complete();
    }

    /// Reads bytes of the body, which may be cut anywhere. `on_text` receives the text of the answer.
    ///
    /// What cannot be read is skipped; see [`Self::unseen`].
    pub fn feed(&mut self, bytes: &[u8], on_text: impl FnMut(TextPiece<'_>)) {
        let (Some(framing), Some(decoder)) = (&mut self.framing, &mut self.decoder) else {
            return;
        };
        let mut reading = Reading {
            format: &self.format,
            reply: &mut self.reply,
            answer: self.answer.as_mut(),
            on_text,
        };
        if let Err(reason) = decoder.feed(bytes, |bytes| framing.feed(bytes, &mut reading)) {
            self.stop(reason);
        }
    }

    /// Ends the body. If an event is incomplete, the part that was received is read. Returns whether the body
    /// was read and well-formed.
    pub fn finish(&mut self, on_text: impl FnMut(TextPiece<'_>)) -> bool {
        let is_intact = match &mut self.framing {
            Some(framing) => {
                let mut reading = Reading {
                    format: &self.format,
                    reply: &mut self.reply,
                    answer: self.answer.as_mut(),
                    on_text,
                };
                framing.finish(&mut reading).is_ok()
            }
            None => false,
        };
        if self.reply.is_abandoned() {
            self.stop(Unseen::Panicked);
        }
        is_intact
    }

    /// Stops reading, for this reason.
    pub fn stop(&mut self, reason: Unseen) {
        self.unseen = Some(reason);
        self.decoder = None;
    }

    /// Notes that the answer, which was read, is not what its format promises.
    pub fn mark_malformed(&mut self) {
        self.unseen = Some(Unseen::Malformed);
    }

    /// Returns what the answer reported so far.
    #[must_use]
    #[inline]
    pub fn reply(&self) -> &Reply {
        &self.reply
    }

    /// Returns what the answer reported so far, to take values out of it.
    pub fn reply_mut(&mut self) -> &mut Reply {
        &mut self.reply
    }

    /// Returns why the body, or the rest of it, was not read.
    #[must_use]
    pub fn unseen(&self) -> Option<Unseen> {
        self.unseen
    }

    /// Returns whether the body is being read.
    #[must_use]
    #[inline]
    pub fn is_reading(&self) -> bool {
        self.decoder.is_some()
    }

    /// Returns whether the head came and the body can be read.
    #[must_use]
    #[inline]
    pub fn has_head(&self) -> bool {
        self.framing.is_some()
    }

    /// Returns whether the answer is a stream of events, whatever the request says.
    #[must_use]
    #[inline]
    pub fn is_stream(&self) -> bool {
        self.framing.as_ref().is_some_and(Framing::is_stream)
    }

    /// Returns whether the answer itself is kept.
    #[must_use]
    pub fn is_captured(&self) -> bool {
        self.answer.is_some()
    }

    /// Takes the answer that was kept: see [`Self::with_capture`].
    pub fn take_answer(&mut self) -> Option<Answer> {
        self.answer.take()
    }
}
