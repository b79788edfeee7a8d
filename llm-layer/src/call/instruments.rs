//! The instruments of model calls.

use std::sync::OnceLock;

use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter, UpDownCounter};
use throughline_tracing_layer::labels::Labels;

use super::bound::{FixedSeries, Numbered};
use super::label_budget::LabelBudget;
use crate::config::Config;
use crate::semconv;

/// The instruments of a layer: those of every convention; one that is not used costs nothing.
#[derive(Debug)]
pub(crate) struct Instruments {
    prompt_size: Numbered<u64, Counter<u64>>,
    pub(super) inference: Times,
    pub(super) operation: Times,
    pub(super) used: TokenCounters,
    pub(super) per_call: TokenHistograms,
    pub(super) cost: Numbered<f64, Counter<f64>>,
    pub(super) unknown_cost: Numbered<u64, Counter<u64>>,
    pub(super) streams: UpDownCounter<i64>,
    pub(super) remaining: Gauge<u64>,
    budget: OnceLock<Box<LabelBudget>>,
}

/// The three durations of a call.
#[derive(Debug)]
pub(super) struct Times {
    pub(super) duration: Numbered<f64, Histogram<f64>>,
    pub(super) first_chunk: Numbered<f64, Histogram<f64>>,
    pub(super) output_chunk: Numbered<f64, Histogram<f64>>,
}

/// Sums of tokens over all calls.
#[derive(Debug)]
pub(super) struct TokenCounters {
    pub(super) input: Numbered<u64, Counter<u64>>,
    pub(super) output: Numbered<u64, Counter<u64>>,
    pub(super) cache_read: Numbered<u64, Counter<u64>>,
    pub(super) cache_write: Numbered<u64, Counter<u64>>,
    pub(super) reasoning: Numbered<u64, Counter<u64>>,
}

/// Distributions of the tokens of one call.
#[derive(Debug)]
pub(super) struct TokenHistograms {
    pub(super) input: Numbered<u64, Histogram<u64>>,
    pub(super) output: Numbered<u64, Histogram<u64>>,
    /// Both directions, as the conventions had it up to 1.41.
    pub(super) usage: Numbered<u64, Histogram<u64>>,
}

impl Instruments {
    pub(crate) fn new(meter: &Meter) -> Self {
        let counter_in = |name: &'static str, unit: &'static str| {
            let counter = meter.u64_counter(name).with_unit(unit);
            Numbered::new(counter.with_description(semconv::description(name)).build())
        };
        let counter = |name: &'static str| counter_in(name, semconv::TOKEN_UNIT);
        let tokens = |name: &'static str| {
            let histogram = meter.u64_histogram(name).with_unit(semconv::TOKEN_UNIT);
            let histogram = histogram.with_description(semconv::description(name));
            Numbered::new(histogram.with_boundaries(semconv::TOKEN_BUCKETS.to_vec()).build())
        };
        let instruments = Self {
            prompt_size: counter(semconv::PROMPT_SIZE),
            inference: Times::new(meter, semconv::INFERENCE_TIMES),
            operation: Times::new(meter, semconv::OPERATION_TIMES),
            used: TokenCounters {
                input: counter(semconv::INFERENCE_USAGE_INPUT),
                output: counter(semconv::INFERENCE_USAGE_OUTPUT),
                cache_read: counter(semconv::INFERENCE_USAGE_CACHE_READ),
                cache_write: counter(semconv::INFERENCE_USAGE_CACHE_WRITE),
                reasoning: counter(semconv::INFERENCE_USAGE_REASONING),
            },
            per_call: TokenHistograms {
                input: tokens(semconv::INFERENCE_OPERATION_INPUT),
                output: tokens(semconv::INFERENCE_OPERATION_OUTPUT),
                usage: tokens(semconv::CLIENT_TOKEN_USAGE),
            },
            cost: Numbered::new(
                meter
                    .f64_counter(semconv::COST)
                    .with_unit(semconv::CURRENCY_UNIT)
                    .with_description(semconv::description(semconv::COST))
                    .build(),
            ),
            unknown_cost: counter_in(semconv::COST_UNKNOWN, semconv::CALL_UNIT),
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
        };
        // Prometheus' `increase()` compares two samples: without a 0 before it, the first call is not seen.
        instruments.prompt_size(&[Some(0), Some(0)], false);
        instruments
    }

    /// What bounds the labels of these instruments; the layer that uses them first says how many models it
    /// admits.
    pub(super) fn budget(&self, config: &Config) -> &LabelBudget {
        self.budget
            .get_or_init(|| Box::new(LabelBudget::new(config.max_models)))
    }

    /// TaskWeaver's counter: input, then output. `binds`: the provider supports bound instruments.
    pub(super) fn prompt_size(&self, counts: &[Option<u64>; 2], binds: bool) {
        for (count, (direction, number)) in counts.iter().zip([(semconv::INPUT, 1), (semconv::OUTPUT, 2)]) {
            if let Some(tokens) = count {
                let mut labels = Labels::new();
                labels.push(semconv::DIRECTION, direction);
                self.prompt_size
                    .record(*tokens, &FixedSeries { number, labels }, binds);
            }
        }
    }
}

impl Times {
    fn new(meter: &Meter, [duration, first_chunk, output_chunk]: [&'static str; 3]) -> Self {
        let seconds = |name: &'static str| {
            let histogram = meter.f64_histogram(name).with_unit(semconv::SECOND_UNIT);
            let histogram = histogram.with_description(semconv::description(name));
            Numbered::new(
                histogram
                    .with_boundaries(semconv::SECOND_BUCKETS.to_vec())
                    .build(),
            )
        };
        Self {
            duration: seconds(duration),
            first_chunk: seconds(first_chunk),
            output_chunk: seconds(output_chunk),
        }
    }
}
