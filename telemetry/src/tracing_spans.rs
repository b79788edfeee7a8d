//! Spans of the `tracing` crate, such as those of `#[instrument]`, in the same traces.
//!
//! ```
//! use throughline_telemetry::{TelemetryConfig, init};
//! use tracing::Level;
//! use tracing_subscriber::filter::Targets;
//! use tracing_subscriber::layer::{Layer, SubscriberExt};
//! use tracing_subscriber::util::SubscriberInitExt;
//!
//! let telemetry = init(TelemetryConfig::default())?;
//! let spans = Targets::new()
//!     .with_default(Level::INFO)
//!     .with_target("my_service", Level::DEBUG);
//! tracing_subscriber::registry()
//!     .with(telemetry.trace_layer().with_filter(spans))
//!     .init();
//!
//! #[tracing::instrument]
//! async fn price(item: &str) -> f64 {
//!     9.5 // calls of an instrumented client, and functions with #[traced], become children of this span
//! }
//! # telemetry.shutdown_or_warn();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The layer is that of tracing-opentelemetry. While a `tracing` span is entered, it is also the current
//! OpenTelemetry span, so spans of both kinds nest as the calls do: a `ServerLayer` is the parent of
//! `#[instrument]`, which is the parent of a `ClientLayer`.
//!
//! | of a `tracing` span | in the trace |
//! |---|---|
//! | name, or the field `otel.name` | the name |
//! | the field `otel.kind` | the kind; otherwise `Internal` |
//! | fields | attributes; those that are not declared with the span are lost |
//! | level `ERROR` of an event in the span, or the field `otel.status_code` | the status |
//! | events in the span | events of the span, in addition to the [log records](crate::Telemetry::logger_provider) of the feature `logs` |
//! | module and line | `target`, `code.*` |
//!
//! Values are recorded as they are: unlike exported logs, they are not searched for secrets. Spans of the
//! libraries that exporters use, such as hyper, h2, tonic and tower, are not recorded, because each export
//! would cause another one.
//!
//! # Libraries that report model calls themselves
//!
//! Some clients of model providers create `tracing` spans with the tokens of each call. If such a client also
//! sends through an `LlmLayer`, the tokens stand on two spans, and a sum over all spans counts them twice.
//! Turn off one of both:
//!
//! - To keep the spans of `LlmLayer`, which also counts streams that break off and feeds the metrics, use
//!   [`without_model_calls`] as a filter:
//!   `telemetry.trace_layer().with_filter(filter_fn(without_model_calls))`.
//! - To keep the spans of the library, give the layer the role `Role::Proxy`: its spans then carry no
//!   `gen_ai.usage.*`, and it records no metrics of tokens.

use opentelemetry::trace::TracerProvider;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;

use crate::exporter_library::is_exporter_library;
use crate::guard::Telemetry;

impl Telemetry {
    /// Returns a layer that [records `tracing` spans](self), or `None` if no spans are recorded. `None` is
    /// also a layer.
    ///
    /// Without a filter, it records spans of all levels and libraries except those that exporters use.
    #[must_use]
    pub fn trace_layer<S>(&self) -> Option<impl Layer<S> + Send + Sync + 'static + use<S>>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        let tracer = self.tracer_provider()?.tracer("tracing");
        let layer = tracing_opentelemetry::layer()
            .with_tracer(tracer)
            .with_threads(false)
            .with_tracked_inactivity(false);
        Some(layer.with_filter(FilterFn::new(|metadata| !is_exporter_library(metadata.target()))))
    }
}

/// Returns whether a span or event is to be recorded beside an `LlmLayer`: `false` for spans that are declared
/// with `gen_ai.usage.input_tokens`, which are the model calls of other libraries.
///
/// It is the filter for programs whose model calls pass through an `LlmLayer` anyway. Known libraries with
/// such spans are rig, genai with its feature `otel`, and langchain-rust. The children of an omitted span
/// become children of its parent.
#[must_use]
pub fn without_model_calls(metadata: &Metadata<'_>) -> bool {
    !metadata.is_span() || metadata.fields().field("gen_ai.usage.input_tokens").is_none()
}
