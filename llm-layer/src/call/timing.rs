//! The times of a call: how long the caller waits for the model, and the answer for its reader.

use std::time::{Duration, Instant};

use crate::clock::Clock;

/// The times of one call.
///
/// The time from the delivery of a head or a frame to the next poll is the reader's; the rest is the model's.
#[derive(Debug)]
pub(super) struct CallTiming {
    clock: Clock,
    started: Instant,
    first_chunk: Option<Duration>,
    first_text: Option<Duration>,
    /// When the last chunk came, and the reader's time until then.
    last_chunk: Option<(Instant, Duration)>,
    /// When the last head or frame was delivered, until the next poll.
    delivered_at: Option<Instant>,
    reader_wait: Duration,
    /// When the caller left, and the clock was stopped.
    abandoned_at: Option<Instant>,
}

impl CallTiming {
    pub(super) fn new(clock: Clock, started: Instant) -> Self {
        Self {
            clock,
            started,
            first_chunk: None,
            first_text: None,
            last_chunk: None,
            delivered_at: None,
            reader_wait: Duration::ZERO,
            abandoned_at: None,
        }
    }

    /// Notes that the head or a frame of the response is being delivered.
    pub(super) fn delivered(&mut self) {
        self.delivered_at = Some(self.clock.now()).filter(|_| self.abandoned_at.is_none());
    }

    /// Notes that the caller polls.
    pub(super) fn polled(&mut self) {
        if let Some(delivered_at) = self.delivered_at.take() {
            self.reader_wait += self.clock.now().saturating_duration_since(delivered_at);
        }
    }

    /// Notes that the frame being delivered ends a chunk of the answer, or has data that is not read.
    pub(super) fn first_chunk(&mut self) {
        self.first_chunk = self.first_chunk.or_else(|| self.since_start());
    }

    /// Notes that the answer has text (content, reasoning or arguments of a tool), in this frame or before.
    pub(super) fn first_text(&mut self) {
        self.first_text = self.first_text.or_else(|| self.since_start());
    }

    /// Notes a chunk in the frame being delivered. Returns how long the caller waited for it; `None` for the
    /// first.
    #[inline]
    pub(super) fn chunk(&mut self) -> Option<Duration> {
        let now = self.delivered_at?;
        let (last, reader) = self.last_chunk.replace((now, self.reader_wait))?;
        let reading = self.reader_wait.saturating_sub(reader);
        Some(now.saturating_duration_since(last).saturating_sub(reading))
    }

    /// Returns the time from the call to the first chunk of the answer. Comments and pings are no chunks.
    pub(super) fn time_to_first_chunk(&self) -> Option<Duration> {
        self.first_chunk
    }

    /// Returns the time from the call to the first text of the answer.
    pub(super) fn time_to_first_text(&self) -> Option<Duration> {
        self.first_text
    }

    /// Returns how long the answer waited for its reader.
    pub(super) fn reader_wait(&self) -> Duration {
        self.reader_wait
    }

    /// Notes that the caller left at this time. The times end there.
    pub(super) fn abandoned(&mut self, at: Instant) {
        self.delivered_at = None;
        self.abandoned_at = Some(at);
    }

    /// Returns the time from the call until now, or until the caller left.
    pub(super) fn elapsed(&self) -> Duration {
        let end = self.abandoned_at.unwrap_or_else(|| self.clock.now());
        end.saturating_duration_since(self.started)
    }

    fn since_start(&self) -> Option<Duration> {
        self.delivered_at
            .map(|now| now.saturating_duration_since(self.started))
    }
}
