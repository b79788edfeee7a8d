//! Logs with trace ids: in printed lines, and in `tracing` events that are exported as OTLP log records.
//!
//! ```
//! use throughline_telemetry::{TelemetryConfig, init, logs};
//! use tracing_subscriber::filter::LevelFilter;
//! use tracing_subscriber::layer::SubscriberExt;
//! use tracing_subscriber::util::SubscriberInitExt;
//!
//! let telemetry = init(TelemetryConfig::default())?;
//! tracing_subscriber::registry()
//!     .with(LevelFilter::INFO)
//!     .with(logs::text()) // or logs::json(); supports with_writer(std::io::stderr) etc.
//!     .with(telemetry.log_layer()) // to the logs exporter, if there is one
//!     .init();
//! # telemetry.shutdown_or_warn();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | case | result |
//! |---|---|
//! | an event inside a span, in text | `trace_id=… span_id=…` before the line |
//! | an event inside a span, in JSON | the members `trace_id` and `span_id` first in the object |
//! | an event outside a span | nothing is added |
//! | logs are exported | the event becomes a log record with the ids of the span; events of the exporters' own libraries are not exported |
//! | an exported record contains a secret, such as a key in a URL or a header with a token | the secret is replaced by `REDACTED` ([rules](throughline_tracing_layer::redaction)); printed lines are not changed |
//!
//! Logs are exported if a variable turns telemetry on and sends signals over OTLP or to a file, such as
//! `OTEL_EXPORTER_OTLP_ENDPOINT`. They are also exported if their exporter is set by `OTEL_LOGS_EXPORTER`, by
//! `logs_exporter` in a file, or by [`with_logs_exporter`](crate::TelemetryConfig::with_logs_exporter).
//! `OTEL_LOGS_EXPORTER=none` turns them off.
//!
//! The ids are those of the current OpenTelemetry span, which the layers of Throughline and
//! `tracing-opentelemetry` set. To add the ids to another format, use [`Correlated`]:
//! `layer.map_event_format(Correlated::text)`.

use std::fmt;

use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{
    DefaultFields, Format, FormatEvent, FormatFields, Full, Json, JsonFields, Writer,
};
use tracing_subscriber::layer::{self, Layer};
use tracing_subscriber::registry::LookupSpan;

use crate::exporter_library::is_exporter_library;
use crate::guard::Telemetry;

/// Returns a layer that prints events as text with the ids of their trace. Default writer: standard output.
#[must_use]
pub fn text<S>() -> tracing_subscriber::fmt::Layer<S, DefaultFields, Correlated<Format<Full>>>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    tracing_subscriber::fmt::layer().map_event_format(Correlated::text)
}

/// Returns a layer that prints events as JSON with the ids of their trace. Default writer: standard output.
#[must_use]
pub fn json<S>() -> tracing_subscriber::fmt::Layer<S, JsonFields, Correlated<Format<Json>>>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    tracing_subscriber::fmt::layer()
        .json()
        .map_event_format(Correlated::json)
}

/// An event format that adds the ids of the current span to another format.
#[derive(Debug, Clone)]
pub struct Correlated<F> {
    format: F,
    is_json: bool,
}

impl<F> Correlated<F> {
    /// Returns a format that writes the ids before a line of text.
    #[must_use]
    pub fn text(format: F) -> Self {
        Self {
            format,
            is_json: false,
        }
    }

    /// Returns a format that writes the ids as the first members of a JSON object.
    #[must_use]
    pub fn json(format: F) -> Self {
        Self {
            format,
            is_json: true,
        }
    }
}

impl<S, N, F> FormatEvent<S, N> for Correlated<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        ctx: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let span = Context::map_current(|cx| cx.span().span_context().clone());
        if !span.is_valid() {
            return self.format.format_event(ctx, writer, event);
        }
        let (trace, id) = (span.trace_id(), span.span_id());
        if !self.is_json {
            write!(writer, "trace_id={trace} span_id={id} ")?;
            return self.format.format_event(ctx, writer, event);
        }
        let mut line = String::new();
        self.format.format_event(ctx, Writer::new(&mut line), event)?;
        match line.strip_prefix('{') {
            Some(members) => {
                let comma = if members.starts_with('}') { "" } else { "," };
                write!(
                    writer,
                    "{{\"trace_id\":\"{trace}\",\"span_id\":\"{id}\"{comma}{members}"
                )
            }
            None => writer.write_str(&line),
        }
    }
}

impl Telemetry {
    /// Returns a layer that exports `tracing` events as log records, or `None` if [no logs are
    /// exported](self). `None` is also a layer.
    ///
    /// Events of the libraries that exporters use are not exported, because each export would cause another
    /// one.
    #[must_use]
    pub fn log_layer<S>(&self) -> Option<impl Layer<S> + Send + Sync + 'static + use<S>>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let bridge = OpenTelemetryTracingBridge::new(self.logger_provider()?);
        let bridge = WithoutExporterEvents(bridge);
        Some(bridge.with_filter(FilterFn::new(|metadata| !is_exporter_library(metadata.target()))))
    }
}

/// Forwards events, except those that arrive through the `log` crate from an exporter's library. Their target
/// is in a field. A `tracing-subscriber` filter cannot do this, because its `event_enabled` affects the next
/// event.
#[derive(Debug)]
struct WithoutExporterEvents<L>(L);

impl<S: Subscriber, L: Layer<S>> Layer<S> for WithoutExporterEvents<L> {
    fn on_event(&self, event: &Event<'_>, cx: layer::Context<'_, S>) {
        let mut passes = TargetFilter(true);
        if event.metadata().target() == "log" {
            event.record(&mut passes);
        }
        if passes.0 {
            self.0.on_event(event, cx);
        }
    }
}

struct TargetFilter(bool);

impl Visit for TargetFilter {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "log.target" {
            self.0 = !is_exporter_library(value);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
    use tracing_subscriber::fmt::MakeWriter;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Debug, Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("unpoisoned").write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Lines {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    /// Returns the printed lines of an event outside a span and of one inside a span.
    fn printed(layer: impl Layer<tracing_subscriber::Registry> + Send + Sync, lines: &Lines) -> String {
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::info!(answer = 42, "outside");
            let span = SpanContext::new(
                TraceId::from(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736),
                SpanId::from(0x00f0_67aa_0ba9_02b7),
                TraceFlags::SAMPLED,
                false,
                TraceState::NONE,
            );
            let _current = Context::new().with_remote_span_context(span).attach();
            tracing::info!(answer = 42, "inside");
        });
        String::from_utf8(lines.0.lock().expect("unpoisoned").clone()).expect("UTF-8")
    }

    #[test]
    fn text_lines_carry_the_ids() {
        let lines = Lines::default();
        let layer = text()
            .map_event_format(|_| {
                let format = tracing_subscriber::fmt::format().without_time();
                Correlated::text(format.with_target(false))
            })
            .with_ansi(false)
            .with_writer(lines.clone());
        let expected = " INFO outside answer=42\n\
                        trace_id=4bf92f3577b34da6a3ce929d0e0e4736 span_id=00f067aa0ba902b7  INFO inside answer=42\n";
        assert_eq!(printed(layer, &lines), expected, "text");
    }

    #[test]
    fn json_lines_carry_the_ids_as_members() {
        let lines = Lines::default();
        let layer = json()
            .map_event_format(|_| {
                let format = tracing_subscriber::fmt::format().json().without_time();
                Correlated::json(format.with_target(false))
            })
            .with_writer(lines.clone());
        let expected = r#"{"level":"INFO","fields":{"message":"outside","answer":42}}
{"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7","level":"INFO","fields":{"message":"inside","answer":42}}
"#;
        assert_eq!(printed(layer, &lines), expected, "JSON");
    }

    /// The log lines of reqwest about its root certificates used to be exported, through the `log` crate.
    #[test]
    fn events_of_exporters_through_log_are_not_exported() {
        let lines = Lines::default();
        let layer = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .without_time()
            .with_writer(lines.clone());
        let layer = WithoutExporterEvents(layer);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::info!(target: "log", { log.target = "rustls_platform_verifier::verification" }, "theirs");
            tracing::info!(target: "log", { log.target = "shop::orders" }, "ours");
        });
        let printed = String::from_utf8(lines.0.lock().expect("unpoisoned").clone()).expect("UTF-8");
        assert_eq!(
            printed, " INFO log: ours log.target=\"shop::orders\"\n",
            "one of two"
        );
    }
}
