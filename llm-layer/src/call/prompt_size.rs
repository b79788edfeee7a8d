//! TaskWeaver's `add_prompt_size`, for model calls that no layer sees.

use std::sync::LazyLock;

use opentelemetry::Context;
use throughline_agents::Convention;
use throughline_tokens::{SegmentedCounter, TargetModel};
use throughline_tracing_layer::provider::LazyInstruments;
use throughline_tracing_layer::span::set_span_attribute;

use super::instruments::Instruments;
use crate::semconv::legacy;
use crate::taskweaver;

/// Which way tokens go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Direction {
    /// To the model.
    Input,
    /// From the model.
    Output,
}

/// A number of tokens, or a text whose tokens are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenAmount<'a> {
    /// The number is known.
    Tokens(u64),
    /// The text is counted with the vocabulary of the [target model](TargetModel::process_default) of the
    /// process, by default `gpt-4`, TaskWeaver's default. Without the feature `tiktoken`, the number is
    /// extrapolated from the length.
    Text(&'a str),
}

impl From<u64> for TokenAmount<'_> {
    fn from(tokens: u64) -> Self {
        Self::Tokens(tokens)
    }
}

impl<'a> From<&'a str> for TokenAmount<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for TokenAmount<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl TokenAmount<'_> {
    fn tokens(self) -> u64 {
        let text = match self {
            Self::Tokens(tokens) => return tokens,
            Self::Text(text) => text,
        };
        let tokenizer = taskweaver::tokenizer(TargetModel::process_default().as_ref(), &[]);
        let mut counter = SegmentedCounter::new(tokenizer);
        counter.push(text);
        let rough = counter.approximate();
        counter.finish().map_or(rough, |count| count.tokens)
    }
}

/// Adds tokens to the counter `prompt_size`, and puts them on the current span as TaskWeaver's `prompt_size`
/// or `output_size`. The amount is a number of tokens, or the text of the prompt or of the answer. The first
/// text may take 0.1 s, since the vocabulary is loaded.
///
/// For a model call that no [`LlmLayer`](crate::LlmLayer) sees, as of a model in this process; a layer counts
/// its own. The counter is that of the meter provider that is global at the first call. The span may be
/// absent.
///
/// ```standalone_crate
/// use opentelemetry::global;
/// use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
/// use throughline_llm_layer::{Direction, add_prompt_size};
///
/// let metrics = InMemoryMetricExporter::default();
/// let reader = PeriodicReader::builder(metrics.clone()).build();
/// let provider = SdkMeterProvider::builder().with_reader(reader).build();
/// global::set_meter_provider(provider.clone());
///
/// add_prompt_size(120, Direction::Input);
/// add_prompt_size("The capital of France is Paris.", Direction::Output);
///
/// provider.force_flush()?;
/// let exported = format!("{:?}", metrics.get_finished_metrics()?);
/// assert!(exported.contains("prompt_size") && exported.contains("value: 120"));
/// # #[cfg(feature = "tiktoken")]
/// assert!(exported.contains("value: 7"));
/// # Ok::<(), opentelemetry_sdk::error::OTelSdkError>(())
/// ```
pub fn add_prompt_size<'a>(amount: impl Into<TokenAmount<'a>>, direction: Direction) {
    let tokens = amount.into().tokens();
    let (key, counts) = match direction {
        Direction::Input => (legacy::PROMPT_SIZE, [Some(tokens), None]),
        Direction::Output => (legacy::OUTPUT_SIZE, [None, Some(tokens)]),
    };
    set_span_attribute(key, i64::try_from(tokens).unwrap_or(i64::MAX));
    if let Some(instruments) = Context::map_current(|cx| INSTRUMENTS.in_context(cx)) {
        instruments.prompt_size(&counts, INSTRUMENTS.binds());
    }
}

static INSTRUMENTS: LazyLock<LazyInstruments<Instruments>> = LazyLock::new(|| {
    LazyInstruments::global(
        crate::semconv::instrumentation_scope(Convention::from_env()),
        Instruments::new,
    )
});
