//! The tokens and the cost of a call, and where the counts come from.

use std::panic::{AssertUnwindSafe, catch_unwind};

use opentelemetry::trace::TraceContextExt;
use throughline_agents::{CallUsage, TokenSource};
use throughline_llm_wire::{RequestCopy, UsagePart};
use throughline_tokens::{SegmentedCounter, approximate_tokens};

use super::observer::CallState;
use super::prompt::CountedPrompt;
use super::record::Ending;
use crate::role::Role;
use crate::taskweaver::{self, PromptSizeMode};

impl CallState {
    /// What the call used: what the provider reported, else an estimate of what passed.
    ///
    /// An answer that broke off may have been reported only up to some point; then the larger number is
    /// nearer. Of a call that was refused, or never arrived, nobody knows what it cost.
    pub(super) fn call_usage(&mut self, refused: bool, failed: bool) -> CallUsage {
        let usage = self.response.reply().usage();
        let reported = |count: Option<u64>| count.map(|count| (count, TokenSource::Reported));
        let mut call_usage = CallUsage {
            input: reported(usage.input()),
            output: reported(usage.output()),
            cache_read: usage.part(UsagePart::CacheRead).unwrap_or(0),
            cache_write: usage.part(UsagePart::CacheWrite).unwrap_or(0),
            reasoning: usage.reasoning().unwrap_or(0),
            cost: None,
            is_inference: self.request.operation.is_inference(),
        };
        if refused {
            return call_usage;
        }
        if !self.request.operation.is_inference() {
            call_usage.output = Some((0, TokenSource::Reported));
        }
        if call_usage.input.is_none() {
            call_usage.input = self.estimate_input().map(|count| (count, TokenSource::Estimated));
        }
        if (call_usage.output.is_none() || failed) && self.response.has_head() && !self.is_illegible() {
            let seen = self.counters.count(self.rough);
            let known = call_usage.output.map(|(count, _)| count);
            // Of an answer that gave neither text nor a reason to end, nobody knows what it cost.
            let ended = !failed
                && self
                    .response
                    .reply()
                    .finish_reasons(0)
                    .any(|finish| finish.is_some());
            let more = |seen: &u64| match known {
                Some(known) => *seen > known,
                None => *seen > 0 || ended,
            };
            let exact = seen.is_none_or(|count| count.exact);
            if let Some(seen) = seen.map(|count| count.tokens).filter(more) {
                self.inexact = !exact;
                call_usage.output = Some((seen, TokenSource::Estimated));
            }
        }
        let model = self.response.reply().model().map(|model| &**model);
        let models = [model, self.request.model.as_deref()];
        call_usage.cost = self.shared.config.prices.cost(models, &call_usage);
        call_usage
    }

    /// Whether this layer is the one that counts the call's tokens.
    pub(super) fn counts(&self) -> bool {
        self.shared.config.role != Some(Role::Proxy)
    }

    /// What the counter `prompt_size` counts: input, then output.
    pub(super) fn prompt_size(&mut self, call_usage: &CallUsage) -> [Option<u64>; 2] {
        let output = call_usage
            .output
            .filter(|_| self.request.operation.is_inference());
        match (self.shared.config.prompt_size, &self.body) {
            _ if self.refusal.is_some() => [None; 2],
            (PromptSizeMode::TaskWeaver, Some(body)) => {
                let text = self.counters.content.take().filter(|_| output.is_some());
                if self.rough {
                    return [
                        Some(approximate_tokens(body.length() as u64)),
                        text.as_ref().map(SegmentedCounter::approximate),
                    ];
                }
                let tokenizer = self.shared.config.taskweaver();
                let mut size = taskweaver::size_reader(&tokenizer);
                let is_read = body.read(&mut size);
                let seen = text.and_then(SegmentedCounter::finish);
                [
                    taskweaver::size(size).filter(|_| is_read),
                    seen.map(|count| count.tokens),
                ]
            }
            _ => [
                call_usage.input.map(|(tokens, _)| tokens),
                output.map(|(tokens, _)| tokens),
            ],
        }
    }

    /// Whether the answer made no sense and gave no text.
    fn is_illegible(&self) -> bool {
        self.response.unseen().is_some() && !self.response.reply().has_text()
    }

    /// Whether what is still to be read or counted would keep a caller waiting.
    pub(super) fn counts_long(&self, ending: &Ending) -> bool {
        let config = &self.shared.config;
        let is_long = self
            .body
            .as_ref()
            .is_some_and(|body| body.length() > MAX_INLINE_BYTES);
        let is_recorded =
            self.response.is_captured() || config.legacy && self.has_span && self.cx.span().is_recording();
        if self.refusal.is_some() {
            return is_recorded && is_long;
        }
        let usage = self.response.reply().usage();
        let unreported = usage.output().is_none() || ending.failure.is_some();
        let prompt = !ending.refused && usage.input().is_none() && self.body.is_some();
        let answer = !ending.refused && unreported && self.response.reply().has_text();
        let taskweaver = self.body.as_ref().and(self.counters.content.as_ref());
        (prompt || is_recorded || taskweaver.is_some()) && is_long
            || (answer || taskweaver.is_some()) && self.counters.is_behind()
            || (prompt || answer) && !self.tokenizer.is_ready()
            || taskweaver.is_some_and(|content| !content.is_ready())
    }

    fn estimate_input(&self) -> Option<u64> {
        let body = self.body.as_ref()?;
        if self.rough {
            return Some(approximate_tokens(body.length() as u64));
        }
        let prompt = self.read_prompt(body, CountedPrompt::new(self.tokenizer.clone()))?;
        prompt.0.finish().map(|count| count.tokens)
    }

    /// Reads the prompt of the request; `None` if its format, a user's, panics.
    pub(super) fn read_prompt(&self, body: &RequestCopy, prompt: CountedPrompt) -> Option<CountedPrompt> {
        let read = AssertUnwindSafe(|| body.prompt(&self.recognised.format, prompt));
        catch_unwind(read).ok()?
    }

    /// Returns where the token counts come from.
    pub(super) fn provenance(&self, call_usage: &CallUsage) -> Provenance {
        match (call_usage.input, call_usage.output) {
            _ if self.refusal.is_some() => Provenance::None,
            (Some((_, TokenSource::Reported)), Some((_, TokenSource::Reported))) if self.is_answered() => {
                Provenance::Reported
            }
            (Some((_, TokenSource::Estimated)), _) if !self.request.operation.is_inference() => {
                Provenance::Estimated
            }
            (Some((_, TokenSource::Reported)), _) | (_, Some((_, TokenSource::Reported))) => {
                Provenance::Partial
            }
            (None, None) => Provenance::Unknown,
            _ => Provenance::Estimated,
        }
    }
}

/// The value of `throughline.tokens.source`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Provenance {
    /// The provider reported all counts of a complete answer.
    Reported,
    /// The provider reported some counts.
    Partial,
    /// Some counts are estimates, and none is reported.
    Estimated,
    /// The cost of the call cannot be seen.
    Unknown,
    /// The call was not sent.
    None,
}

impl Provenance {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Partial => "partial",
            Self::Estimated => "estimated",
            Self::Unknown => "unknown",
            Self::None => "none",
        }
    }
}

/// The longest request body that is counted where the call ends: it takes a millisecond or two.
const MAX_INLINE_BYTES: usize = 32 * 1024;
