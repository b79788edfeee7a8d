//! TaskWeaver's `add_prompt_size`, for model calls that no layer sees.

use std::sync::LazyLock;

use opentelemetry::Context;
use throughline_tracing_layer::provider::LazyInstruments;
use throughline_tracing_layer::span::set_span_attribute;

use super::instruments::Instruments;
use crate::Convention;
use crate::semconv::legacy;

/// Which way tokens go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Direction {
    /// To the model.
    Input,
    /// From the model.
    Output,
}

/// Adds tokens to the counter `prompt_size`, and puts them on the current span as TaskWeaver's `prompt_size`
/// or `output_size`.
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
/// add_prompt_size(30, Direction::Output);
///
/// provider.force_flush()?;
/// let exported = format!("{:?}", metrics.get_finished_metrics()?);
/// assert!(exported.contains("prompt_size") && exported.contains("value: 120") && exported.contains("value: 30"));
/// # Ok::<(), opentelemetry_sdk::error::OTelSdkError>(())
/// ```
pub fn add_prompt_size(tokens: u64, direction: Direction) {
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
        crate::scope_of_instrumentation(Convention::from_env()),
        Instruments::new,
    )
});
