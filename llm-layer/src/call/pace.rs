//! Who waits for whom: the caller for the model, or the answer for its reader.

use std::time::{Duration, Instant};

use crate::clock::Clock;

/// The times of one call.
///
/// From a head or a frame until the next poll it is the reader who takes its time; the rest is the model's.
#[derive(Debug)]
pub(super) struct Pace {
    clock: Clock,
    started: Instant,
    first_chunk: Option<Duration>,
    first_token: Option<Duration>,
    /// When the last chunk came, and the reader's time until then.
    last_chunk: Option<(Instant, Duration)>,
    /// When the caller was given what it has not come back from.
    handed: Option<Instant>,
    reader: Duration,
    /// When the caller left, and the clock was stopped.
    left: Option<Instant>,
}

impl Pace {
    pub(super) fn new(clock: Clock, started: Instant) -> Self {
        Self {
            clock,
            started,
            first_chunk: None,
            first_token: None,
            last_chunk: None,
            handed: None,
            reader: Duration::ZERO,
            left: None,
        }
    }

    /// The caller is given something: the response's head, or a frame of its body.
    pub(super) fn hand(&mut self) {
        self.handed = Some(self.clock.now()).filter(|_| self.left.is_none());
    }

    /// The caller asks for more.
    pub(super) fn ask(&mut self) {
        if let Some(handed) = self.handed.take() {
            self.reader += self.clock.now().saturating_duration_since(handed);
        }
    }

    /// Bytes of the answer have come, in the frame that is being handed on.
    pub(super) fn bytes(&mut self) {
        self.first_chunk = self.first_chunk.or_else(|| self.handed_after());
    }

    /// The answer has text, be it content, reasoning or a tool's arguments, in the frame that is being handed on or before.
    pub(super) fn text(&mut self) {
        self.first_token = self.first_token.or_else(|| self.handed_after());
    }

    /// A chunk of the answer has come, in the frame that is being handed on: how long the caller waited for it, if it is
    /// not the first.
    #[inline]
    pub(super) fn chunk(&mut self) -> Option<Duration> {
        let now = self.handed?;
        let (last, reader) = self.last_chunk.replace((now, self.reader))?;
        let reading = self.reader.saturating_sub(reader);
        Some(now.saturating_duration_since(last).saturating_sub(reading))
    }

    /// From the call to the first bytes of the answer.
    pub(super) fn first_chunk(&self) -> Option<Duration> {
        self.first_chunk
    }

    /// From the call to the first text of the answer.
    pub(super) fn first_token(&self) -> Option<Duration> {
        self.first_token
    }

    /// How long the answer waited for its reader.
    pub(super) fn reader(&self) -> Duration {
        self.reader
    }

    /// The caller left at this time: what comes now is nobody's waiting.
    pub(super) fn stop(&mut self, at: Instant) {
        self.handed = None;
        self.left = Some(at);
    }

    /// From the call until now, or until the caller left.
    pub(super) fn elapsed(&self) -> Duration {
        let end = self.left.unwrap_or_else(|| self.clock.now());
        end.saturating_duration_since(self.started)
    }

    fn handed_after(&self) -> Option<Duration> {
        self.handed.map(|now| now.saturating_duration_since(self.started))
    }
}
