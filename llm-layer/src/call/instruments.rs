//! The metrics of model calls.

use std::borrow::Cow;
use std::sync::OnceLock;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter, UpDownCounter};
use throughline_agents::scope::ScopeNames;
use throughline_agents::{CallUsage, TokenSource};
use throughline_llm_wire::UsagePart;

use super::label_budget::{Dimensions, Label, LabelBudget};
use super::state::CallState;
use crate::config::Config;
use crate::semconv;

/// The instruments of a layer: those of every convention; one that is not used costs nothing.
#[derive(Debug)]
pub(crate) struct Instruments {
    prompt_size: Counter<u64>,
    inference: Times,
    operation: Times,
    input: Counter<u64>,
    output: Counter<u64>,
    cache_read: Counter<u64>,
    cache_write: Counter<u64>,
    reasoning: Counter<u64>,
    input_of_one: Histogram<u64>,
    output_of_one: Histogram<u64>,
    token_usage: Histogram<u64>,
    pub(super) streams: UpDownCounter<i64>,
    pub(super) remaining: Gauge<u64>,
    budget: OnceLock<Box<LabelBudget>>,
}

/// The three durations of a call.
#[derive(Debug)]
struct Times {
    duration: Histogram<f64>,
    first_chunk: Histogram<f64>,
    output_chunk: Histogram<f64>,
}

impl Instruments {
    pub(crate) fn new(meter: &Meter) -> Self {
        let counter = |name: &'static str| {
            let counter = meter.u64_counter(name).with_unit(semconv::TOKEN_UNIT);
            counter.with_description(semconv::description(name)).build()
        };
        let tokens = |name: &'static str| {
            let histogram = meter.u64_histogram(name).with_unit(semconv::TOKEN_UNIT);
            let histogram = histogram.with_description(semconv::description(name));
            histogram.with_boundaries(semconv::TOKEN_BUCKETS.to_vec()).build()
        };
        Self {
            prompt_size: counter(semconv::PROMPT_SIZE),
            inference: Times::new(meter, semconv::INFERENCE_TIMES),
            operation: Times::new(meter, semconv::OPERATION_TIMES),
            input: counter(semconv::INFERENCE_USAGE_INPUT),
            output: counter(semconv::INFERENCE_USAGE_OUTPUT),
            cache_read: counter(semconv::INFERENCE_USAGE_CACHE_READ),
            cache_write: counter(semconv::INFERENCE_USAGE_CACHE_WRITE),
            reasoning: counter(semconv::INFERENCE_USAGE_REASONING),
            input_of_one: tokens(semconv::INFERENCE_OPERATION_INPUT),
            output_of_one: tokens(semconv::INFERENCE_OPERATION_OUTPUT),
            token_usage: tokens(semconv::CLIENT_TOKEN_USAGE),
            streams: meter
                .i64_up_down_counter(semconv::ACTIVE_STREAMS)
                .with_unit(semconv::STREAM_UNIT)
                .with_description(semconv::description(semconv::ACTIVE_STREAMS))
                .build(),
            remaining: meter
                .u64_gauge(semconv::RATE_LIMIT_REMAINING)
                .with_description(semconv::description(semconv::RATE_LIMIT_REMAINING))
                .build(),
            budget: OnceLock::new(),
        }
    }

    /// What bounds the labels of these instruments; the layer that uses them first says how many models it
    /// admits.
    pub(super) fn budget(&self, config: &Config) -> &LabelBudget {
        self.budget
            .get_or_init(|| Box::new(LabelBudget::new(config.max_models)))
    }

    /// TaskWeaver's counter: input, then output.
    pub(super) fn prompt_size(&self, counts: &[Option<u64>; 2]) {
        for (count, direction) in counts.iter().zip([semconv::INPUT, semconv::OUTPUT]) {
            if let Some(tokens) = count {
                self.prompt_size
                    .add(*tokens, &[KeyValue::new(semconv::DIRECTION, direction)]);
            }
        }
    }

    /// A call has ended.
    pub(super) fn call(
        &self,
        call: &CallState,
        call_usage: &CallUsage,
        error: Option<&Cow<'static, str>>,
        duration: Duration,
    ) {
        let budget = self.budget(&call.shared.config);
        let dimensions = budget.dimensions(call);
        let error = error.map(|kind| budget.error(kind.clone()));
        let with_error = dimensions.series(budget.durations(), error.as_ref());
        // What was fetched was generated before.
        let is_generated = call.is_streamed() && !call.request.parameters.operation.is_fetch();
        let first = call.timing.time_to_first_chunk().filter(|_| is_generated);
        let first = first.map(|first| (first, dimensions.series(budget.durations(), None)));
        for times in self.times(call) {
            times
                .duration
                .record(duration.as_secs_f64(), with_error.as_slice());
            if let Some((first, common)) = &first {
                times.first_chunk.record(first.as_secs_f64(), common.as_slice());
            }
        }
        if call.counts() {
            self.tokens(call, call_usage, &dimensions, with_error.as_slice());
        }
    }

    fn tokens(
        &self,
        call: &CallState,
        call_usage: &CallUsage,
        dimensions: &Dimensions,
        with_error: &[KeyValue],
    ) {
        let config = &call.shared.config;
        if config.convention.is_latest() && call.request.parameters.operation.is_inference() {
            self.latest(call, call_usage, dimensions, with_error);
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
            for (tokens, direction) in
                directions.filter_map(|(count, direction)| Some(((*count)?, *direction)))
            {
                let direction = Label::fixed(semconv::TOKEN_TYPE, direction, direction);
                let labels = dimensions.series(self.budget(config).tokens(), [&direction]);
                self.token_usage.record(tokens, labels.as_slice());
            }
        }
    }

    /// A chunk of an answer has come, for which the caller waited so long.
    fn chunk(&self, call: &CallState, waited: Duration) {
        let Some((_, common)) = &call.chunk_labels else {
            return;
        };
        for times in self.times(call) {
            times.output_chunk.record(waited.as_secs_f64(), common.as_slice());
        }
    }

    /// The counters of tokens name the agent of this process beneath which they were used, so that a sum by
    /// role needs no trace; a name from baggage is another's choice and no label.
    fn latest(
        &self,
        call: &CallState,
        call_usage: &CallUsage,
        dimensions: &Dimensions,
        with_error: &[KeyValue],
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
        let budget = self.budget(&call.shared.config);
        let agent = ScopeNames::from_context(&call.cx, false)
            .agent_name()
            .map(|name| budget.agent(name));
        let add = |counter: &Counter<u64>, tokens: u64, modality: &'static str| {
            let modality = Label::fixed(semconv::TOKEN_MODALITY, modality, semconv::UNKNOWN);
            let labels = dimensions.series(budget.tokens(), agent.iter().chain([&modality]));
            counter.add(tokens, labels.as_slice());
        };
        for (counter, histogram, total, parts) in [
            (
                &self.input,
                &self.input_of_one,
                usable(call, call_usage.input),
                input,
            ),
            (
                &self.output,
                &self.output_of_one,
                usable(call, call_usage.output),
                output,
            ),
        ] {
            by_modality(total.unwrap_or(0), &parts, |tokens, modality| {
                add(counter, tokens, modality);
            });
            if let Some(total) = total {
                histogram.record(total, with_error);
            }
        }
        let cached = [
            (semconv::TEXT, usage.part(UsagePart::TextCacheRead)),
            (semconv::AUDIO, usage.part(UsagePart::AudioCacheRead)),
            (semconv::IMAGE, usage.part(UsagePart::ImageCacheRead)),
        ];
        for (counter, tokens, parts) in [
            (&self.cache_read, usage.part(UsagePart::CacheRead), &cached[..]),
            (&self.cache_write, usage.part(UsagePart::CacheWrite), &[]),
            (&self.reasoning, usage.reasoning(), &[]),
        ] {
            if let Some(tokens) = tokens {
                by_modality(tokens, parts, |tokens, modality| add(counter, tokens, modality));
            }
        }
    }

    /// The durations that the convention asks for; what is not inference kept the older names.
    fn times(&self, call: &CallState) -> impl Iterator<Item = &Times> {
        let convention = call.shared.config.convention;
        let inference = call.request.parameters.operation.is_inference();
        let latest = (convention.is_latest() && inference).then_some(&self.inference);
        let older = (convention.is_v1_41() || !inference).then_some(&self.operation);
        latest.into_iter().chain(older)
    }
}

impl Times {
    fn new(meter: &Meter, [duration, first_chunk, output_chunk]: [&'static str; 3]) -> Self {
        let seconds = |name: &'static str| {
            let histogram = meter.f64_histogram(name).with_unit(semconv::SECOND_UNIT);
            let histogram = histogram.with_description(semconv::description(name));
            histogram
                .with_boundaries(semconv::SECOND_BUCKETS.to_vec())
                .build()
        };
        Self {
            duration: seconds(duration),
            first_chunk: seconds(first_chunk),
            output_chunk: seconds(output_chunk),
        }
    }
}

/// Records the time that a caller waited for the chunk that has come. The call's labels are kept, since putting them together
/// costs half of what recording does.
pub(super) fn record_chunk(call: &mut CallState) {
    let waited = call.timing.chunk();
    let Some(waited) = waited.filter(|_| call.is_streamed() && !call.is_unconfirmed()) else {
        return;
    };
    let model = call.response.reader.reply().model();
    if call
        .chunk_labels
        .as_ref()
        .is_none_or(|cached| cached.0.as_ref() != model)
    {
        let labels = call.shared.instruments.in_context(&call.cx).map(|instruments| {
            let budget = instruments.budget(&call.shared.config);
            budget.dimensions(call).series(budget.durations(), None)
        });
        call.chunk_labels = labels.map(|labels| (call.response.reader.reply().model().cloned(), labels));
    }
    if let Some(instruments) = call.shared.instruments.in_context(&call.cx) {
        instruments.chunk(call, waited);
    }
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
