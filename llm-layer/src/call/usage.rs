//! The tokens and the cost of a call, and where the counts come from.

use std::panic::{AssertUnwindSafe, catch_unwind};

use opentelemetry::trace::TraceContextExt;
use throughline_agents::{CallUsage, TokenSource};
use throughline_llm_wire::{Operation, UsagePart};
use throughline_tokens::{SegmentedCounter, approximate_tokens, background};

use super::cost::{self, CostDetails};
use super::features;
use super::outcome::{FinishedCall, Provenance};
use super::prompt::CountedPrompt;
use super::state::CallState;
use crate::taskweaver::{self, PromptSizeMode};

/// The counts of a call.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) usage: CallUsage,
    pub(super) cost: CostDetails,
    /// Some of the text was not counted exactly.
    pub(super) is_inexact: bool,
    /// A count is unknown that the feature `tiktoken`, which is disabled, would estimate.
    pub(super) is_uncounted: bool,
    /// What the counter `prompt_size` adds: input, then output.
    pub(super) prompt_size: [Option<u64>; 2],
}

/// Returns the counts of a call: what the provider reported, else an estimate of the text that passed.
///
/// If an answer broke off, the provider may have reported it only up to some point; then the larger number is
/// nearer. The cost of a call that was refused, or never arrived, is not known.
pub(super) fn measure(finished: &mut FinishedCall, is_rough: bool) -> Measured {
    let is_whole = finished.call.drain.abandoned.is_some() && finished.call.is_answered();
    let has_failed = finished.failure.is_some() && !is_whole;
    let is_refused = finished.is_refused;
    let ended_at = finished.at;
    let (counts_prompt, counts_answer) = needed_estimates(finished);
    let call = &mut *finished.call;
    let operation = call.request.parameters.operation;
    let is_inference = operation.is_inference();
    let reply = call.response.reader.reply();
    let counts = !operation.is_fetch() || call.shared.fetched.counts(operation, reply);
    let reported_usage = reply.usage();
    let reported = |count: Option<u64>| Some((count.filter(|_| counts)?, TokenSource::Reported));
    let mut usage = CallUsage {
        input: reported(reply.input_tokens()),
        output: reported(reply.output_tokens()),
        cache_read: reported_usage.part(UsagePart::CacheRead).unwrap_or(0),
        cache_write: reported_usage.part(UsagePart::CacheWrite).unwrap_or(0),
        reasoning: reported_usage.reasoning().unwrap_or(0),
        cost: None,
        is_inference,
    };
    let mut cost = CostDetails::default();
    let mut is_inexact = false;
    if !is_refused {
        if usage.input.is_none() && (operation.is_text() || operation == Operation::Embeddings) {
            usage.input = estimate_input(call, is_rough).map(|count| (count, TokenSource::Estimated));
        }
        if !is_inference && !operation.is_fetch() && usage.input.is_some() {
            usage.output = Some((0, TokenSource::Reported));
        }
        if operation.is_text()
            && (usage.output.is_none() || has_failed)
            && call.response.reader.has_head()
            && !is_illegible(call)
        {
            let seen = call.response.counters.count(is_rough);
            let reported = usage.output.map(|(count, _)| count);
            // The cost of an answer without text and without a finish reason is not known.
            let mut finishes = call.response.reader.reply().finish_reasons(0);
            let has_ended = !has_failed && finishes.any(|finish| finish.is_some());
            let is_nearer = |seen: u64| match reported {
                Some(reported) => seen > reported,
                None => seen > 0 || has_ended,
            };
            if let Some(seen) = seen.filter(|seen| is_nearer(seen.tokens)) {
                is_inexact = !seen.exact;
                usage.output = Some((seen.tokens, TokenSource::Estimated));
            }
        }
        if counts {
            (usage.cost, cost) = cost::compute(call, &usage, ended_at);
        }
    }
    let is_unknown = counts_prompt && usage.input.is_none() || counts_answer && usage.output.is_none();
    let is_uncounted = is_unknown && operation.uses_tokens() && call.request.tokenizer.is_disabled();
    if is_uncounted {
        features::note_uncounted();
    }
    Measured {
        is_uncounted,
        prompt_size: prompt_size(call, &usage, is_rough),
        usage,
        cost,
        // Text that was not counted in time is extrapolated.
        is_inexact: is_inexact || background::is_hurried(),
    }
}

/// What the counter `prompt_size` adds: input, then output.
fn prompt_size(call: &mut CallState, usage: &CallUsage, is_rough: bool) -> [Option<u64>; 2] {
    let operation = call.request.parameters.operation;
    let output = usage
        .output
        .filter(|_| usage.is_inference || operation.is_fetch());
    match (call.shared.config.prompt_size, &call.request.body) {
        _ if call.budget.refusal.is_some() => [None; 2],
        (PromptSizeMode::TaskWeaver, Some(body)) => {
            let content = call.response.counters.content.take();
            let content = content.filter(|_| output.is_some());
            if is_rough {
                let output = content.as_ref().map(SegmentedCounter::approximate);
                return [Some(approximate_tokens(body.length() as u64)), output];
            }
            let tokenizer = call.shared.config.taskweaver();
            let mut size = taskweaver::size_reader(&tokenizer);
            let is_read = body.read(&mut size);
            let output = content.and_then(SegmentedCounter::finish);
            [
                taskweaver::size(size).filter(|_| is_read),
                output.map(|count| count.tokens),
            ]
        }
        _ => [usage.input, output].map(|count| count.map(|(tokens, _)| tokens)),
    }
}

/// Whether the answer made no sense and had no text.
fn is_illegible(call: &CallState) -> bool {
    let reader = &call.response.reader;
    reader.unseen().is_some() && !reader.reply().has_text()
}

/// Whether the prompt and the answer have to be counted.
fn needed_estimates(finished: &FinishedCall) -> (bool, bool) {
    let reply = finished.call.response.reader.reply();
    let is_unreported = reply.output_tokens().is_none() || finished.failure.is_some();
    let counts_prompt = reply.input_tokens().is_none() && finished.call.request.body.is_some();
    let is_counted = !finished.is_refused;
    (
        is_counted && counts_prompt,
        is_counted && is_unreported && reply.has_text(),
    )
}

/// Loads what is needed to count the call, on this thread. It may take 0.1 s.
pub(super) fn prepare(finished: &FinishedCall) {
    let call = &*finished.call;
    if matches!(needed_estimates(finished), (true, _) | (_, true)) {
        call.request.tokenizer.prepare();
    }
    if call.response.counters.content.is_some() {
        call.shared.config.taskweaver().prepare();
    }
}

/// Whether what is still to be read or counted would keep a caller waiting.
pub(super) fn takes_long(finished: &FinishedCall) -> bool {
    let call = &*finished.call;
    let config = &call.shared.config;
    let body = call.request.body.as_ref();
    let reader = &call.response.reader;
    let counters = &call.response.counters;
    let is_long = body.is_some_and(|body| body.length() > MAX_INLINE_BYTES);
    let is_recorded =
        reader.is_captured() || config.legacy && call.span.is_own && call.cx.span().is_recording();
    if call.budget.refusal.is_some() {
        return is_recorded && is_long;
    }
    let (counts_prompt, counts_answer) = needed_estimates(finished);
    let taskweaver = body.and(counters.content.as_ref());
    (counts_prompt || is_recorded || taskweaver.is_some()) && is_long
        || (counts_answer || taskweaver.is_some()) && counters.is_behind()
        || (counts_prompt || counts_answer) && !call.request.tokenizer.is_ready()
        || taskweaver.is_some_and(|content| !content.is_ready())
}

fn estimate_input(call: &CallState, is_rough: bool) -> Option<u64> {
    if is_rough {
        return Some(approximate_tokens(call.request.body.as_ref()?.length() as u64));
    }
    let prompt = read_prompt(call, CountedPrompt::new(call.request.tokenizer.clone()))?;
    prompt.0.finish().map(|count| count.tokens)
}

/// Reads the prompt of the request. Returns `None` if the body was not kept, or the user's format panics.
pub(super) fn read_prompt(call: &CallState, prompt: CountedPrompt) -> Option<CountedPrompt> {
    let body = call.request.body.as_ref()?;
    let read = AssertUnwindSafe(|| body.prompt(&call.request.recognised.format, prompt));
    catch_unwind(read).ok()?
}

/// Returns where the token counts come from.
pub(super) fn provenance(call: &CallState, usage: &CallUsage) -> Provenance {
    match (usage.input, usage.output) {
        _ if call.budget.refusal.is_some() => Provenance::None,
        (Some((_, TokenSource::Reported)), Some((_, TokenSource::Reported)))
            if call.is_answered() && call.response.reader.reply().usage().is_consistent() =>
        {
            Provenance::Reported
        }
        (Some((_, TokenSource::Estimated)), _) if !usage.is_inference => Provenance::Estimated,
        (Some((_, TokenSource::Reported)), _) | (_, Some((_, TokenSource::Reported))) => Provenance::Partial,
        (None, None) => Provenance::Unknown,
        _ => Provenance::Estimated,
    }
}

/// The longest request body that is counted where the call ends: it takes a millisecond or two.
const MAX_INLINE_BYTES: usize = 32 * 1024;
