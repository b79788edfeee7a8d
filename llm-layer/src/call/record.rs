//! The one place where what was seen of a call becomes attributes, metrics and ledger entries.

use std::time::{Duration, SystemTime};

use opentelemetry::trace::TraceContextExt;
use throughline_agents::scope::{OpenCall, ScopeHandle};
use throughline_tokens::background::{self, DeferredCall};
use throughline_tracing_layer::observe::End;

use super::failure::Failure;
use super::observer::CallState;

impl CallState {
    /// Whether every alternative has its finish reason, or the answer is complete by its form.
    pub(super) fn is_answered(&self) -> bool {
        let reply = self.response.reply();
        let is_inference = self.request.operation.is_inference();
        let mut finishes = reply.finish_reasons(self.request.expected_finishes());
        let expected = !is_inference || !reply.is_empty();
        let whole = !self.is_stream() && reply.documents() > 0 && expected;
        reply.is_complete() || whole || is_inference && finishes.all(|finish| finish.is_some())
    }

    /// Ends the call. What takes long to count is counted elsewhere, and recorded with the time of the end.
    pub(super) fn record(mut self: Box<Self>, end: End<'_>) {
        self.stream = None;
        let ending = self.ending(end);
        if !self.counts_long(&ending) {
            return self.settle(ending);
        }
        let hold = ScopeHandle::in_context(&self.cx).map(ScopeHandle::hold);
        let counting = Counting {
            call: self,
            ending,
            _hold: hold,
        };
        if let Err(counting) = background::record(Box::new(counting)) {
            counting.record(true);
        }
    }

    fn ending(&mut self, end: End<'_>) -> Ending {
        self.timing.polled();
        let duration = self.timing.elapsed();
        let (response, counters) = (&mut self.response, &mut self.counters);
        let intact = response.finish(|piece| counters.push(piece));
        let failure = Failure::of(self, end, intact);
        if failure.as_ref().is_some_and(Failure::is_malformed) {
            self.response.mark_malformed();
        }
        let unsuccessful = self.status.is_some_and(|status| !status.is_success());
        Ending {
            failure,
            refused: unsuccessful || matches!(end, End::ServiceError(_)),
            duration,
            at: self.began + duration,
        }
    }

    fn settle(mut self: Box<Self>, ending: Ending) {
        let Ending {
            failure,
            refused,
            duration,
            at,
        } = ending;
        let whole = self.abandoned.is_some() && self.is_answered();
        let call_usage = self.call_usage(refused, failure.is_some() && !whole);
        // What there was no time for was taken at the rate of the rest.
        self.inexact |= background::is_hurried();
        if self.has_span && self.cx.span().is_recording() {
            self.set_attributes(&call_usage, failure.as_ref(), at);
        }
        let prompt_size = self.prompt_size(&call_usage);
        if let Some(instruments) = self.shared.instruments.in_context(&self.cx) {
            let error = failure.as_ref().map(|failure| &failure.kind);
            instruments.call(&self, &call_usage, error, duration);
            if self.counts() {
                instruments.prompt_size(&prompt_size);
            }
        }
        if let Some(scope) = ScopeHandle::in_context(&self.cx) {
            match self.refusal {
                Some(_) => scope.refuse(),
                None => scope.add(&call_usage),
            }
        }
        if self.has_span {
            self.cx.span().end_with_timestamp(at);
        }
    }
}

/// A call whose tokens are still to be counted.
struct Counting {
    call: Box<CallState>,
    ending: Ending,
    /// What is above the call is not complete before it.
    _hold: Option<OpenCall>,
}

impl DeferredCall for Counting {
    fn preparation(&self) -> Box<dyn FnOnce() + Send> {
        let tokenizer = self.call.tokenizer.clone();
        Box::new(move || tokenizer.prepare())
    }

    fn record(self: Box<Self>, is_rough: bool) {
        let Self {
            mut call,
            ending,
            _hold,
        } = *self;
        call.rough = is_rough;
        call.settle(ending);
    }
}

/// How a call ended.
#[derive(Debug)]
pub(super) struct Ending {
    pub(super) failure: Option<Failure>,
    /// Nobody knows what it cost.
    pub(super) refused: bool,
    duration: Duration,
    at: SystemTime,
}
