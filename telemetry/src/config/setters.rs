//! A setter for each field.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use crate::config::fields::Field;
use crate::config::parse::limited;
use crate::config::{
    Compression, ConsoleWriter, Exporter, Exporters, FileConfig, HistogramBuckets, MetricTemporality,
    Propagator, Protocol, SamplingRule, SignalConfig, SpanLimits, TailRule, TelemetryConfig, TlsConfig,
};
use crate::hook::{Builders, StartupHook};
use crate::log_level::LogLevel;
use crate::signal::Signal;

impl TelemetryConfig {
    /// Sets whether telemetry is on. Default: `false`.
    #[must_use]
    pub fn with_enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self.provenance.is_enabled_set = true;
        self
    }

    /// Sets the resource's `service.name`. Default: `unknown_service:` followed by the name of the program.
    #[must_use]
    pub fn with_service_name(mut self, name: impl Into<String>) -> Self {
        self.service_name = Some(name.into());
        self
    }

    /// Sets the exporter of spans and metrics, or several of them: `[Exporter::Otlp, Exporter::Console]`.
    /// Default: [`Exporter::Console`](crate::Exporter::Console).
    #[must_use]
    pub fn with_exporter(mut self, exporters: impl Into<Exporters>) -> Self {
        self.exporter = exporters.into();
        self.provenance.is_exporter_set = true;
        for signal in [Signal::Traces, Signal::Metrics] {
            self.signals.get_mut(signal).exporter = None;
            let exporters = self.exporter.clone();
            self.set_in_code(|field| {
                field == Field::ExporterOf(signal) || exporters.iter().any(|it| field.concerns(signal, it))
            });
        }
        self
    }

    /// Sets the collector's URL, such as `http://127.0.0.1:4318`. The URL can have a path, such as that of a
    /// proxy. For HTTP, `/v1/traces` or `/v1/metrics` is appended unless the path already ends with it.
    /// Default: `http://127.0.0.1:4318`, or port 4317 if the protocol is gRPC.
    #[must_use]
    pub fn with_endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Some(url.into());
        for signal in Signal::ALL {
            self.signals.get_mut(signal).endpoint = None;
        }
        self
    }

    /// Sets the protocol of requests to the collector. Default: gRPC if the endpoint has port 4317 and no path,
    /// otherwise HTTP with protobuf. If the port only answers in the other one, the first delivery finds it out.
    /// This requires the feature of the other one.
    #[must_use]
    pub fn with_protocol(mut self, protocol: Protocol) -> Self {
        self.protocol = Some(protocol);
        for signal in Signal::ALL {
            self.signals.get_mut(signal).protocol = None;
        }
        self
    }

    /// Sets the compression of requests to the collector. Default: none.
    #[must_use]
    pub fn with_compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        for signal in Signal::ALL {
            self.signals.get_mut(signal).compression = None;
        }
        self
    }

    /// Sets the share of new traces that are sampled, from 0.0 to 1.0. Default: 1.0.
    #[must_use]
    pub fn with_sampling_rate(mut self, rate: f64) -> Self {
        self.sdk.sampler = None;
        self.sampling_rate = rate;
        self
    }

    /// Sets whether a span with a parent takes its parent's sampling decision. Default: `true`.
    #[must_use]
    pub fn with_parent_based(mut self, parent_based: bool) -> Self {
        self.sdk.sampler = None;
        self.parent_based = parent_based;
        self
    }

    /// Sets the model whose tokenizer estimates tokens that a provider does not report, such as `gpt-4`, for
    /// all layers of the process that do not set a model. Default: none, so that a layer uses its
    /// default.
    #[must_use]
    pub fn with_tokenizer_target_model(mut self, model: impl Into<String>) -> Self {
        self.tokenizer_target_model = Some(model.into());
        self
    }

    /// Sets the propagators. Default: W3C trace context and baggage. If empty, the global propagator is not
    /// changed.
    #[must_use]
    pub fn with_propagators(mut self, propagators: impl IntoIterator<Item = Propagator>) -> Self {
        self.propagators = propagators.into_iter().collect();
        self
    }

    /// Sets the maximum length in characters of string attribute values on spans. Longer values are
    /// truncated. Default: no limit.
    #[must_use]
    pub fn with_attribute_value_length_limit(mut self, characters: usize) -> Self {
        self.attribute_value_length_limit = Some(characters);
        self
    }

    /// Sets the resource's `service.version`. Default: none.
    #[must_use]
    pub fn with_service_version(mut self, version: impl Into<String>) -> Self {
        self.service_version = Some(version.into());
        self
    }

    /// Adds an attribute to the resource, such as `deployment.environment.name`. A later value replaces an
    /// earlier one of the same key.
    #[must_use]
    pub fn with_resource_attribute(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.set_resource_attribute(key.into(), value.into());
        self
    }

    /// Adds a sampling rate for a route. The first rule that matches applies.
    #[must_use]
    pub fn with_sampling_rule(mut self, route: impl Into<String>, rate: f64) -> Self {
        self.sampling_rules.push(SamplingRule::new(route, rate));
        self
    }

    /// Sets the rule for exporting unsampled traces with errors or a long duration. Default: none.
    #[must_use]
    pub fn with_tail(mut self, rule: TailRule) -> Self {
        self.tail = Some(rule);
        self
    }

    /// Sets the certificates of the connection to an `https` endpoint. Default: the system's roots.
    #[must_use]
    pub fn with_tls(mut self, tls: TlsConfig) -> Self {
        self.tls = tls;
        self.set_in_code(Field::is_tls);
        for signal in Signal::ALL {
            self.signals.get_mut(signal).tls = TlsConfig::default();
        }
        self
    }

    /// Adds a header, such as an API key, to every request to the collector. It takes precedence over a
    /// header of the same name in `OTEL_EXPORTER_OTLP_HEADERS`.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.insert(name, value.into());
        self
    }

    /// Sets the exporters of spans only. Default: the exporters of spans and metrics.
    #[must_use]
    pub fn with_traces_exporter(self, exporters: impl Into<Exporters>) -> Self {
        self.with_exporters_of(Signal::Traces, exporters.into())
    }

    /// Sets the exporters of metrics. Default: the exporters of spans.
    #[must_use]
    pub fn with_metrics_exporter(self, exporters: impl Into<Exporters>) -> Self {
        self.with_exporters_of(Signal::Metrics, exporters.into())
    }

    /// Adds an exporter of spans, metrics and log records to the exporters that are selected already.
    ///
    /// ```
    /// use throughline_telemetry::{Exporter, TelemetryConfig};
    ///
    /// let config = TelemetryConfig::default().with_exporter(Exporter::Otlp).with_added_exporter(Exporter::Viewer);
    /// ```
    #[must_use]
    pub fn with_added_exporter(mut self, exporter: Exporter) -> Self {
        for signal in Signal::ALL
            .into_iter()
            .filter(|signal| exporter.supports(*signal))
        {
            let exporters = self.exporters_of(signal).iter().chain([exporter]).collect();
            self = self.with_exporters_of(signal, exporters);
        }
        self
    }

    fn with_exporters_of(mut self, signal: Signal, exporters: Exporters) -> Self {
        self.set_in_code(|field| field == Field::ExporterOf(signal));
        self.signals.get_mut(signal).exporter = Some(exporters);
        self
    }

    /// Sets the exporters of the log records that
    /// [`Telemetry::logger_provider`](crate::Telemetry::logger_provider) receives. Default: none, unless the
    /// environment sends signals over OTLP or to a file.
    #[must_use]
    pub fn with_logs_exporter(self, exporters: impl Into<Exporters>) -> Self {
        self.with_exporters_of(Signal::Logs, exporters.into())
    }

    /// Sets the settings of one signal that differ from those of all signals. Settings without a value do not
    /// change.
    #[must_use]
    pub fn with_signal(mut self, signal: Signal, settings: SignalConfig) -> Self {
        for field in settings.fields(signal) {
            self.fix_in_code(field);
        }
        self.signals.get_mut(signal).merge(settings);
        self
    }

    /// Sets the time limit of a delivery over OTLP, for all signals; zero is no limit. Default: 10 s.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.sdk.timeout = Some(limited(timeout));
        self.fix_in_code(Field::Timeout);
        for signal in Signal::ALL {
            let own = self.signals.get_mut(signal);
            own.timeout = None;
            own.export_timeout = None;
            self.fix_in_code(Field::TimeoutOf(signal));
            self.fix_in_code(Field::ExportTimeout(signal));
        }
        self
    }

    /// Sets the temporality of metrics over OTLP. Default: [`MetricTemporality::Cumulative`].
    #[must_use]
    pub fn with_temporality(mut self, temporality: MetricTemporality) -> Self {
        self.sdk.temporality = temporality;
        self.fix_in_code(Field::MetricTemporality);
        self
    }

    /// Sets the buckets of histograms whose view sets none. They apply to all exporters of metrics. Prometheus
    /// does not support exponential buckets. Default: [`HistogramBuckets::Explicit`].
    #[must_use]
    pub fn with_histogram_buckets(mut self, buckets: HistogramBuckets) -> Self {
        self.sdk.metric_views.histogram_buckets = buckets;
        self.fix_in_code(Field::HistogramBuckets);
        self
    }

    /// Sets the maximum numbers of attributes, events and links of a span. Default: 128 of each.
    #[must_use]
    pub fn with_span_limits(mut self, limits: SpanLimits) -> Self {
        self.sdk.span_limits = limits;
        for field in [
            Field::SpanAttributeCount,
            Field::SpanEventCount,
            Field::SpanLinkCount,
            Field::EventAttributeCount,
            Field::LinkAttributeCount,
        ] {
            self.fix_in_code(field);
        }
        self
    }

    /// Sets the least severe message that this crate logs about itself: from [`LogLevel::Error`] on, none.
    /// Default: [`LogLevel::Info`].
    #[must_use]
    pub fn with_log_level(mut self, level: LogLevel) -> Self {
        self.sdk.log_level = level;
        self
    }

    /// Sets whether metrics about telemetry itself are exported with the others, by the [conventions for
    /// SDKs](https://opentelemetry.io/docs/specs/semconv/otel/sdk-metrics/): `otel.sdk.processor.*.queue.size`,
    /// `.queue.capacity` and `.processed`, and `otel.sdk.exporter.*.exported`. They are the counts of a
    /// [diagnosis](crate::DeliveryCounts). Default: `false`.
    #[must_use]
    pub fn with_self_metrics(mut self, self_metrics: bool) -> Self {
        self.sdk.self_metrics = self_metrics;
        self
    }

    /// Sets the host and port on which the Prometheus exporter listens. Default: `127.0.0.1:9464`. With
    /// `None`, serve [`Telemetry::prometheus_page`](crate::Telemetry::prometheus_page) from a route.
    #[must_use]
    pub fn with_prometheus_listen(mut self, address: Option<&str>) -> Self {
        self.prometheus_listen = address.map(str::to_owned);
        self
    }

    /// Sets the host and port on which the page of the viewer listens. Default: `127.0.0.1:4319`. With
    /// `None`, nest `Telemetry::viewer_router` in a router of the program. Everyone who can reach the address
    /// can read the telemetry.
    #[must_use]
    pub fn with_viewer_listen(mut self, address: Option<&str>) -> Self {
        self.viewer_listen = address.map(str::to_owned);
        self
    }

    /// Sets the path and the rotation of the file exporter. Default: `throughline-{pid}.jsonl` in the current
    /// directory.
    #[must_use]
    pub fn with_file(mut self, file: FileConfig) -> Self {
        self.file = file;
        self
    }

    /// Sets the maximum bytes of spans that wait for their exporter, and the same for log records. Beyond it,
    /// items are dropped and counted. Default: 64 MiB.
    #[must_use]
    pub fn with_max_queue_bytes(mut self, bytes: usize) -> Self {
        self.max_queue_bytes = bytes;
        self
    }

    /// Sets the maximum bytes of a request to a collector, before compression. Larger batches are split; a
    /// span, log record or data point that exceeds the limit alone is dropped and counted. Default: 4 MiB.
    #[must_use]
    pub fn with_max_request_bytes(mut self, bytes: usize) -> Self {
        self.max_request_bytes = bytes;
        self
    }

    /// Sets a closure that adds processors, readers or views to the configured builders. It runs when
    /// telemetry starts, and again for each [service](crate::Telemetry::for_service). Default: none.
    ///
    /// A hook turns telemetry on, unless [`with_enabled`](Self::with_enabled) or another source has turned it
    /// off. If nothing else sets an exporter, only the hook exports.
    ///
    /// To refer to a hook from a configuration file, use
    /// [`register_startup_hook`](crate::register_startup_hook).
    #[must_use]
    pub fn with_startup_hook(mut self, hook: impl Fn(Builders) -> Builders + Send + Sync + 'static) -> Self {
        self.startup_hook = Some(StartupHook::Closure(Arc::new(hook)));
        self.turn_on_for_hook();
        self
    }

    /// Sets the writer of the console exporter, which then prints without colour. Default: standard output.
    #[must_use]
    pub fn with_console_writer(mut self, writer: impl Write + Send + 'static) -> Self {
        self.console_writer = Some(ConsoleWriter::new(writer));
        self
    }
}
