//! Records the metrics of a call.

use std::time::Duration;

use opentelemetry::metrics::Counter;
use throughline_agents::scope::ScopeNames;
use throughline_agents::{CallUsage, TokenSource};
use throughline_llm_wire::UsagePart;

use super::bound::Numbered;
use super::chunk_series::ChunkSeries;
use super::dimensions::{CallSeries, Dimensions};
use super::instruments::{Instruments, Times};
use super::label_budget::{Label, LabelBudget};
use super::outcome::Outcome;
use super::state::CallState;
use super::streams::OpenStream;
use crate::semconv;

/// Counts the answer of a call, whose head has arrived, as an open stream if it is one.
pub(super) fn open_stream(call: &CallState) -> Option<OpenStream> {
    let instruments = call.shared.instruments.in_context(&call.cx)?;
    if !call.is_streamed() || call.is_unconfirmed() {
        return None;
    }
    let budget = instruments.budget(&call.shared.config);
    let dimensions = Dimensions::from_request(call, budget);
    let labels = dimensions.series(budget.streams(), [None, None]).into_labels();
    Some(OpenStream::new(instruments.streams.clone(), labels))
}

/// Records a call that has ended.
pub(super) fn record(instruments: &Instruments, call: &CallState, outcome: &Outcome, duration: Duration) {
    let budget = instruments.budget(&call.shared.config);
    let dimensions = Dimensions::from_call(call, budget);
    let error = outcome.failure.as_ref();
    let error = error.map(|failure| budget.error(failure.kind.clone()));
    let with_error = dimensions.series(budget.durations(), [error.as_ref(), None]);
    // What was fetched was generated before.
    let is_generated = call.is_streamed() && !call.request.parameters.operation.is_fetch();
    let first = call.timing.time_to_first_chunk().filter(|_| is_generated);
    let first = first.map(|first| (first, dimensions.series(budget.durations(), [None, None])));
    let binds = call.shared.instruments.binds();
    for times in times(instruments, call) {
        times.duration.record(duration.as_secs_f64(), &with_error, binds);
        if let Some((first, common)) = &first {
            times.first_chunk.record(first.as_secs_f64(), common, binds);
        }
    }
    if call.counts() {
        record_tokens(instruments, call, &outcome.usage, &dimensions, &with_error);
    }
    record_cost(instruments, call, outcome, &dimensions);
}

/// Without prices, nothing. A sum of costs misses the calls whose cost is unknown, so these are counted
/// beside it.
fn record_cost(instruments: &Instruments, call: &CallState, outcome: &Outcome, dimensions: &Dimensions) {
    if outcome.usage.cost.is_none() && !outcome.cost.is_unknown {
        return;
    }
    let budget = instruments.budget(&call.shared.config);
    let source = outcome.provenance.as_str();
    let source = Label::fixed(semconv::TOKENS_SOURCE, source, source);
    let agent = agent(call, budget);
    let series = dimensions.series(budget.costs(), [agent.as_ref(), Some(&source)]);
    let binds = call.shared.instruments.binds();
    // A hook may return a negative number, which a counter cannot add.
    match outcome.usage.cost.filter(|cost| *cost >= 0.0) {
        Some(cost) => instruments.cost.record(cost, &series, binds),
        None => instruments.unknown_cost.record(1, &series, binds),
    }
}

fn record_tokens(
    instruments: &Instruments,
    call: &CallState,
    call_usage: &CallUsage,
    dimensions: &Dimensions,
    with_error: &CallSeries<'_>,
) {
    let config = &call.shared.config;
    if config.convention.is_latest() && call.request.parameters.operation.is_inference() {
        record_latest(instruments, call, call_usage, dimensions, with_error);
    }
    if config.convention.is_v1_41() {
        let directions = [
            (usable(call, call_usage.input), semconv::INPUT),
            (usable(call, call_usage.output), semconv::OUTPUT),
        ];
        let operation = call.request.parameters.operation;
        let directions = directions.iter().take(match operation {
            _ if operation.is_inference() => 2,
            _ if operation.is_fetch() => 0,
            _ => 1,
        });
        for (tokens, direction) in directions.filter_map(|(count, direction)| Some(((*count)?, *direction))) {
            let direction = Label::fixed(semconv::TOKEN_TYPE, direction, direction);
            let series = dimensions.series(instruments.budget(config).tokens(), [Some(&direction), None]);
            let binds = call.shared.instruments.binds();
            instruments.per_call.usage.record(tokens, &series, binds);
        }
    }
}

/// The counters of tokens and costs name the agent of this process beneath which they were used, so that a sum
/// by role needs no trace; a name from baggage is another's choice and no label.
fn agent(call: &CallState, budget: &LabelBudget) -> Option<Label> {
    let names = ScopeNames::from_context(&call.cx, false);
    names.agent_name().map(|name| budget.agent(name))
}

fn record_latest(
    instruments: &Instruments,
    call: &CallState,
    call_usage: &CallUsage,
    dimensions: &Dimensions,
    with_error: &CallSeries<'_>,
) {
    let usage = call.response.reader.reply().usage();
    let input = [
        (semconv::TEXT, usage.part(UsagePart::TextInput)),
        (semconv::AUDIO, usage.part(UsagePart::AudioInput)),
        (semconv::IMAGE, usage.part(UsagePart::ImageInput)),
    ];
    let output = [
        (semconv::TEXT, usage.part(UsagePart::TextOutput)),
        (semconv::AUDIO, usage.part(UsagePart::AudioOutput)),
        (semconv::IMAGE, usage.part(UsagePart::ImageOutput)),
    ];
    let budget = instruments.budget(&call.shared.config);
    let agent = agent(call, budget);
    let label = |modality| Label::fixed(semconv::TOKEN_MODALITY, modality, semconv::UNKNOWN);
    // Most counters have no other modality.
    let unknown = label(semconv::UNKNOWN);
    let unknown = dimensions.series(budget.tokens(), [agent.as_ref(), Some(&unknown)]);
    let binds = call.shared.instruments.binds();
    let add = |counter: &Numbered<u64, Counter<u64>>, tokens: u64, modality: &'static str| {
        if modality == semconv::UNKNOWN {
            counter.record(tokens, &unknown, binds);
        } else {
            let modality = label(modality);
            let series = dimensions.series(budget.tokens(), [agent.as_ref(), Some(&modality)]);
            counter.record(tokens, &series, binds);
        }
    };
    for (counter, histogram, total, parts) in [
        (
            &instruments.used.input,
            &instruments.per_call.input,
            usable(call, call_usage.input),
            input,
        ),
        (
            &instruments.used.output,
            &instruments.per_call.output,
            usable(call, call_usage.output),
            output,
        ),
    ] {
        by_modality(total.unwrap_or(0), &parts, |tokens, modality| {
            add(counter, tokens, modality);
        });
        if let Some(total) = total {
            histogram.record(total, with_error, binds);
        }
    }
    let cached = [
        (semconv::TEXT, usage.part(UsagePart::TextCacheRead)),
        (semconv::AUDIO, usage.part(UsagePart::AudioCacheRead)),
        (semconv::IMAGE, usage.part(UsagePart::ImageCacheRead)),
    ];
    for (counter, tokens, parts) in [
        (
            &instruments.used.cache_read,
            usage.part(UsagePart::CacheRead),
            &cached[..],
        ),
        (
            &instruments.used.cache_write,
            usage.part(UsagePart::CacheWrite),
            &[],
        ),
        (&instruments.used.reasoning, usage.reasoning(), &[]),
    ] {
        if let Some(tokens) = tokens {
            by_modality(tokens, parts, |tokens, modality| add(counter, tokens, modality));
        }
    }
}

/// The durations that the convention asks for; what is not inference kept the older names.
fn times<'a>(instruments: &'a Instruments, call: &CallState) -> impl Iterator<Item = &'a Times> {
    let convention = call.shared.config.convention;
    let inference = call.request.parameters.operation.is_inference();
    let latest = (convention.is_latest() && inference).then_some(&instruments.inference);
    let older = (convention.is_v1_41() || !inference).then_some(&instruments.operation);
    latest.into_iter().chain(older)
}

/// Records the time that a caller waited for the chunk that has come. The series is looked up once for each
/// model that answers, since that costs more than the measurement.
pub(super) fn record_chunk(call: &mut CallState) {
    let waited = call.timing.chunk();
    let Some(waited) = waited.filter(|_| call.is_streamed() && !call.is_unconfirmed()) else {
        return;
    };
    let waited = waited.as_secs_f64();
    let model = call.response.reader.reply().model();
    let series = call.chunks.as_ref().filter(|series| series.is_of(model));
    if series.is_some_and(|series| series.record_bound(waited)) {
        return;
    }
    let Some(instruments) = call.shared.instruments.in_context(&call.cx) else {
        return;
    };
    let mut series = match call.chunks.take().filter(|series| series.is_of(model)) {
        Some(series) => series,
        None => {
            let budget = instruments.budget(&call.shared.config);
            let dimensions = Dimensions::from_call(call, budget);
            let labels = dimensions.series(budget.durations(), [None, None]).into_labels();
            ChunkSeries::new(model.cloned(), labels)
        }
    };
    let binds = call.shared.instruments.binds();
    for times in times(instruments, call) {
        series.record(waited, &times.output_chunk, binds);
    }
    call.chunks = Some(series);
}

/// The number that may go into the conventions' metrics. Estimates do only if the user enabled that.
fn usable(call: &CallState, count: Option<(u64, TokenSource)>) -> Option<u64> {
    let estimates = call.shared.config.estimates_in_metrics;
    count
        .filter(|(_, source)| estimates || *source == TokenSource::Reported)
        .map(|(count, _)| count)
}

/// Adds a total by the modalities that the provider told apart; the rest is unknown.
fn by_modality(total: u64, parts: &[(&'static str, Option<u64>)], mut add: impl FnMut(u64, &'static str)) {
    let reported = parts
        .iter()
        .filter_map(|(modality, tokens)| Some((*modality, (*tokens)?)));
    let mut rest = total;
    for (modality, tokens) in reported.filter(|(_, tokens)| *tokens > 0) {
        let tokens = tokens.min(rest);
        rest -= tokens;
        add(tokens, modality);
    }
    if rest > 0 || total == 0 {
        add(rest, semconv::UNKNOWN);
    }
}
