//! A setter for each field.

use std::io::Write;
use std::sync::Arc;

use crate::config::fields::Field;
use crate::config::{
    Compression, ConsoleWriter, Exporter, FileConfig, Propagator, Protocol, SamplingRule, TailRule,
    TelemetryConfig, TlsConfig,
};
use crate::hook::{Builders, StartupHook};
use crate::signal::Signal;

impl TelemetryConfig {
    /// Turns telemetry on or off. Default: off.
    #[must_use]
    pub fn with_enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }

    /// Names the service: the resource's `service.name`.
    #[must_use]
    pub fn with_service_name(mut self, name: impl Into<String>) -> Self {
        self.service_name = Some(name.into());
        self
    }

    /// Says where spans and metrics go. Default: the console.
    #[must_use]
    pub fn with_exporter(mut self, exporter: Exporter) -> Self {
        self.exporter = exporter;
        for signal in [Signal::Traces, Signal::Metrics] {
            self.signals.get_mut(signal).exporter = None;
            self.set_in_code(|field| field.concerns(signal, exporter));
        }
        self
    }

    /// Sets the collector's URL, as `http://127.0.0.1:4317`. For HTTP a path is that of a proxy: `/v1/traces` and
    /// `/v1/metrics` are appended to it, unless it ends so already.
    #[must_use]
    pub fn with_endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Some(url.into());
        for signal in Signal::ALL {
            self.signals.get_mut(signal).endpoint = None;
        }
        self
    }

    /// Sets how to speak to the collector. Default: by the endpoint's port and path.
    #[must_use]
    pub fn with_protocol(mut self, protocol: Protocol) -> Self {
        self.protocol = Some(protocol);
        for signal in Signal::ALL {
            self.signals.get_mut(signal).protocol = None;
        }
        self
    }

    /// Sets how requests to the collector are made smaller. Default: not at all.
    #[must_use]
    pub fn with_compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        for signal in Signal::ALL {
            self.signals.get_mut(signal).compression = None;
        }
        self
    }

    /// Sets the share of new traces that is recorded, 0.0 to 1.0. Default: 1.0.
    #[must_use]
    pub fn with_sampling_rate(mut self, rate: f64) -> Self {
        self.sampling_rate = rate;
        self
    }

    /// Sets whether a span with a parent takes its parent's sampling decision. Default: it does.
    #[must_use]
    pub fn with_parent_based(mut self, parent_based: bool) -> Self {
        self.parent_based = parent_based;
        self
    }

    /// Names the model whose tokenizer counts what a provider does not report. Default: `gpt-4`.
    #[must_use]
    pub fn with_tokenizer_target_model(mut self, model: impl Into<String>) -> Self {
        self.tokenizer_target_model = model.into();
        self
    }

    /// Sets the headers that are read and written. Default: W3C trace context and baggage. None at all leaves the global
    /// propagator as it is.
    #[must_use]
    pub fn with_propagators(mut self, propagators: impl IntoIterator<Item = Propagator>) -> Self {
        self.propagators = propagators.into_iter().collect();
        self
    }

    /// Cuts longer texts on spans to so many characters. Default: no limit.
    #[must_use]
    pub fn with_attribute_value_length_limit(mut self, characters: usize) -> Self {
        self.attribute_value_length_limit = Some(characters);
        self
    }

    /// Tells the service's version: the resource's `service.version`. Default: none.
    #[must_use]
    pub fn with_service_version(mut self, version: impl Into<String>) -> Self {
        self.service_version = Some(version.into());
        self
    }

    /// Adds an attribute to the resource, such as `deployment.environment.name`; the later value of a key wins.
    #[must_use]
    pub fn with_resource_attribute(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.set_resource_attribute(key.into(), value.into());
        self
    }

    /// Adds the share of a route's traces; the first rule that matches decides.
    #[must_use]
    pub fn with_sampling_rule(mut self, route: impl Into<String>, rate: f64) -> Self {
        self.sampling_rules.push(SamplingRule::new(route, rate));
        self
    }

    /// Keeps traces that were not sampled if they have an error or were slow. Default: they are not kept.
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

    /// Sends a header, such as a key, with every request to the collector; it wins over one of that name in
    /// `OTEL_EXPORTER_OTLP_HEADERS`.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.insert(name, value.into());
        self
    }

    /// Sends metrics elsewhere than spans.
    #[must_use]
    pub fn with_metrics_exporter(mut self, exporter: Exporter) -> Self {
        self.set_in_code(|field| field == Field::ExporterOf(Signal::Metrics));
        self.signals.get_mut(Signal::Metrics).exporter = Some(exporter);
        self
    }

    /// Sets where the log records go that [`Telemetry::logger_provider`](crate::Telemetry::logger_provider) takes. Default:
    /// nowhere, unless the environment sends signals over OTLP or to a file.
    #[must_use]
    pub fn with_logs_exporter(mut self, exporter: Exporter) -> Self {
        self.set_in_code(|field| field == Field::ExporterOf(Signal::Logs));
        self.signals.get_mut(Signal::Logs).exporter = Some(exporter);
        self
    }

    /// Sets the host and port of the Prometheus exporter's listener. Default: `127.0.0.1:9464`. Without one, serve
    /// [`Telemetry::prometheus_page`](crate::Telemetry::prometheus_page) from a route.
    #[must_use]
    pub fn with_prometheus_listen(mut self, address: Option<&str>) -> Self {
        self.prometheus_listen = address.map(str::to_owned);
        self
    }

    /// Sets where the file exporter writes. Default: `throughline-{pid}.jsonl` in the current folder.
    #[must_use]
    pub fn with_file(mut self, file: FileConfig) -> Self {
        self.file = file;
        self
    }

    /// Sets the most bytes of spans, and as many of log records, that wait for their exporter. What finds no room is dropped
    /// and counted. Default: 64 MiB.
    #[must_use]
    pub fn with_max_queue_bytes(mut self, bytes: usize) -> Self {
        self.max_queue_bytes = bytes;
        self
    }

    /// Sets the most bytes of a request to a collector, before compression. Larger ones are split, and a span, log record or
    /// data point that is too large alone is dropped and counted. Default: 4 MiB.
    #[must_use]
    pub fn with_max_request_bytes(mut self, bytes: usize) -> Self {
        self.max_request_bytes = bytes;
        self
    }

    /// Lets a closure add processors, readers or views to what is configured, when telemetry starts, and again for each
    /// [service](crate::Telemetry::for_service).
    ///
    /// [`register_startup_hook`](crate::register_startup_hook) gives one a name instead, for a configuration file.
    #[must_use]
    pub fn with_startup_hook(mut self, hook: impl Fn(Builders) -> Builders + Send + Sync + 'static) -> Self {
        self.startup_hook = Some(StartupHook::Closure(Arc::new(hook)));
        self
    }

    /// Sends what the console exporter prints elsewhere, without colour. Default: standard output.
    #[must_use]
    pub fn with_console_writer(mut self, writer: impl Write + Send + 'static) -> Self {
        self.console_writer = Some(ConsoleWriter::new(writer));
        self
    }
}
