//! Records a call that has ended: the one place where it becomes span attributes, metrics, `prompt_size` and
//! ledger entries.

use opentelemetry::trace::TraceContextExt;
use throughline_agents::scope::{OpenCall, ScopeHandle};
use throughline_tokens::background::{self, DeferredCall};
use throughline_tracing_layer::observe::End;

use super::failure::Failure;
use super::outcome::{FinishedCall, Outcome};
use super::state::{CallResponse, CallState};
use super::{attributes, metrics, usage};

/// Ends a call. If it would take long to count its tokens, that is done in the background, and the call is
/// recorded then, with the time of its end.
pub(super) fn end(mut call: Box<CallState>, end: End<'_>) {
    call.stream = None;
    call.timing.polled();
    let duration = call.timing.elapsed();
    let CallResponse { reader, counters, .. } = &mut call.response;
    let is_intact = reader.finish(|piece| counters.push(piece));
    if call.is_unconfirmed() {
        return;
    }
    call.start_deferred_span();
    call.follow_model();
    let failure = Failure::find(&call, end, is_intact);
    if failure.as_ref().is_some_and(Failure::is_malformed) {
        call.response.reader.mark_malformed();
    }
    let is_unsuccessful = call.response.status.is_some_and(|status| !status.is_success());
    let finished = FinishedCall {
        is_refused: is_unsuccessful || matches!(end, End::ServiceError(_)),
        failure,
        duration,
        at: call.span.began + duration,
        call,
    };
    if finished.call.budget.is_limited {
        // Whether the next call is sent depends on the tokens of this one, so they are not counted later
        // because a vocabulary is still being loaded. That started with the call, so it is rarely waited for.
        usage::prepare(&finished);
    }
    if !usage::takes_long(&finished) {
        return record(finished, false);
    }
    let open = ScopeHandle::in_context(&finished.call.cx).map(ScopeHandle::hold);
    let counting = Counting {
        finished,
        _open: open,
    };
    if let Err(counting) = background::record(Box::new(counting)) {
        counting.record(true);
    }
}

/// Records a call. If `is_rough`, there is no time to count its tokens.
fn record(mut finished: FinishedCall, is_rough: bool) {
    let measured = usage::measure(&mut finished, is_rough);
    let FinishedCall {
        mut call,
        failure,
        duration,
        at,
        ..
    } = finished;
    let outcome = Outcome {
        failure,
        at,
        provenance: usage::provenance(&call, &measured.usage),
        usage: measured.usage,
        prompt_size: measured.prompt_size,
        cost: measured.cost,
        is_rough,
        is_inexact: measured.is_inexact,
        is_uncounted: measured.is_uncounted,
    };
    if call.span.is_own && call.cx.span().is_recording() {
        attributes::record(&mut call, &outcome);
    }
    if let Some(instruments) = call.shared.instruments.in_context(&call.cx) {
        metrics::record(instruments, &call, &outcome, duration);
        if call.counts() {
            instruments.prompt_size(&outcome.prompt_size, call.shared.instruments.binds());
        }
    }
    if let Some(scope) = ScopeHandle::in_context(&call.cx) {
        let usage = &outcome.usage;
        let is_counted = call.request.parameters.operation.uses_tokens()
            || usage.input.is_some()
            || usage.output.is_some();
        match call.budget.refusal {
            Some(_) => scope.refuse(),
            None if !is_counted => {}
            None => {
                scope.add(usage);
                if usage.is_inference {
                    let reasons = attributes::finish_reasons(&call, outcome.failure.is_some());
                    scope.set_finish_reasons(reasons.unwrap_or_default());
                }
            }
        }
    }
    if let Some(hook) = call.usage_hook.as_ref().filter(|_| call.budget.refusal.is_none()) {
        hook.call(&outcome.usage);
    }
    if call.span.is_own {
        call.cx.span().end_with_timestamp(at);
    }
}

/// A call whose tokens are still to be counted.
struct Counting {
    finished: FinishedCall,
    /// Keeps the scopes above the call from ending before it is recorded.
    _open: Option<OpenCall>,
}

impl DeferredCall for Counting {
    fn preparation(&self) -> Box<dyn FnOnce() + Send> {
        let tokenizer = self.finished.call.request.tokenizer.clone();
        Box::new(move || tokenizer.prepare())
    }

    fn record(self: Box<Self>, is_rough: bool) {
        let Self { finished, _open } = *self;
        record(finished, is_rough);
    }
}
