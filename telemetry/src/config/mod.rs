//! What telemetry is to do: plain data, its defaults, and where it can come from.

mod environment;
mod exporter;
mod fields;
mod file;
mod file_config;
mod sampling;
#[cfg(test)]
mod tests;
mod tls;
mod writer;

pub use exporter::{Compression, Exporter, Propagator, Protocol};
pub use file_config::FileConfig;
pub use sampling::{SamplingRule, TailRule};
pub use tls::TlsConfig;
pub(crate) use writer::ConsoleWriter;

use std::io::Write;
use std::sync::Arc;

use crate::error::{InitError, Place};
use crate::hook::{Builders, Hook};
use crate::signal::{PerSignal, Signal};
use crate::target::Target;

/// What telemetry is to do. The default is off: nothing is recorded and nothing is exported.
///
/// Each field has a setter of the same name. Values are checked by [`init`](crate::init), and, when they come from a file
/// or the environment, where they are read. The [crate](crate) documentation has the table of keys and variables.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TelemetryConfig {
    /// Whether anything is recorded at all. Default: `false`.
    pub enabled: bool,
    /// The resource's `service.name`. Default: the SDK's `unknown_service:` and the program's name.
    pub service_name: Option<String>,
    /// Where spans and metrics go. Default: [`Exporter::Console`].
    pub exporter: Exporter,
    /// The collector's URL. Default: `http://127.0.0.1:4317`, or `http://127.0.0.1:4318` if `protocol` is HTTP.
    pub endpoint: Option<String>,
    /// How to speak to the collector. Default: HTTP if the endpoint has a path or the port 4318, else gRPC.
    pub protocol: Option<Protocol>,
    /// How requests to the collector are made smaller. Default: not at all.
    pub compression: Compression,
    /// The share of new traces that is recorded, 0.0 to 1.0. Default: 1.0.
    pub sampling_rate: f64,
    /// Whether a span with a parent takes its parent's sampling decision. Default: `true`.
    pub parent_based: bool,
    /// The model whose tokenizer counts what a provider does not report. Default: `gpt-4`.
    pub tokenizer_target_model: String,
    /// The headers that are read and written, the first read last. Default: W3C trace context and baggage.
    pub propagators: Vec<Propagator>,
    /// The most characters of a text on a span; longer ones are cut. Default: no limit.
    pub attribute_value_length_limit: Option<usize>,
    /// The resource's `service.version`. Default: none.
    pub service_version: Option<String>,
    /// The shares of single routes; the first rule that matches decides. Default: none.
    pub sampling_rules: Vec<SamplingRule>,
    /// Which traces are kept though they were not sampled. Default: none.
    pub tail: Option<TailRule>,
    /// The certificates of the connection to the collector.
    pub tls: TlsConfig,
    /// Where the file exporter writes.
    pub file: FileConfig,
    /// The host and port of the Prometheus exporter's listener; `None` for none. Default: `127.0.0.1:9464`.
    pub prometheus_listen: Option<String>,
    pub(crate) startup_hook: Option<Hook>,
    pub(crate) signals: PerSignal<SignalConfig>,
    pub(crate) console_writer: Option<ConsoleWriter>,
}

/// What one signal does differently from the others.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct SignalConfig {
    pub(crate) exporter: Option<Exporter>,
    pub(crate) endpoint: Option<String>,
    pub(crate) protocol: Option<Protocol>,
    pub(crate) compression: Option<Compression>,
    pub(crate) tls: TlsConfig,
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self {
            enabled: false,
            service_name: None,
            exporter: Exporter::Console,
            endpoint: None,
            protocol: None,
            compression: Compression::None,
            sampling_rate: 1.0,
            parent_based: true,
            tokenizer_target_model: "gpt-4".into(),
            propagators: vec![Propagator::TraceContext, Propagator::Baggage],
            attribute_value_length_limit: None,
            service_version: None,
            sampling_rules: Vec::new(),
            tail: None,
            tls: TlsConfig::default(),
            file: FileConfig::default(),
            prometheus_listen: Some("127.0.0.1:9464".into()),
            startup_hook: None,
            signals: PerSignal::default(),
            console_writer: None,
        }
    }
}

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
            self.signals.at(signal).exporter = None;
        }
        self
    }

    /// Sets the collector's URL, as `http://127.0.0.1:4317`. For HTTP a path is that of a proxy: `/v1/traces` and
    /// `/v1/metrics` are appended to it, unless it ends so already.
    #[must_use]
    pub fn with_endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Some(url.into());
        for signal in Signal::ALL {
            self.signals.at(signal).endpoint = None;
        }
        self
    }

    /// Sets how to speak to the collector. Default: by the endpoint's port and path.
    #[must_use]
    pub fn with_protocol(mut self, protocol: Protocol) -> Self {
        self.protocol = Some(protocol);
        for signal in Signal::ALL {
            self.signals.at(signal).protocol = None;
        }
        self
    }

    /// Sets how requests to the collector are made smaller. Default: not at all.
    #[must_use]
    pub fn with_compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        for signal in Signal::ALL {
            self.signals.at(signal).compression = None;
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
        for signal in Signal::ALL {
            self.signals.at(signal).tls = TlsConfig::default();
        }
        self
    }

    /// Sends metrics elsewhere than spans.
    #[must_use]
    pub fn with_metrics_exporter(mut self, exporter: Exporter) -> Self {
        self.signals.at(Signal::Metrics).exporter = Some(exporter);
        self
    }

    /// Sends the log records that [`Telemetry::logger_provider`](crate::Telemetry::logger_provider) takes. Default: nowhere.
    #[must_use]
    pub fn with_logs_exporter(mut self, exporter: Exporter) -> Self {
        self.signals.at(Signal::Logs).exporter = Some(exporter);
        self
    }

    /// Sets the host and port of the Prometheus exporter's listener. Default: `127.0.0.1:9464`. Without one, serve
    /// [`Telemetry::prometheus_text`](crate::Telemetry::prometheus_text) from a route.
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

    /// Lets a closure add processors, readers or views to what is configured, when telemetry starts, and again for each
    /// [service](crate::Telemetry::for_service).
    ///
    /// [`register_startup_hook`](crate::register_startup_hook) gives one a name instead, for a configuration file.
    #[must_use]
    pub fn with_startup_hook(mut self, hook: impl Fn(Builders) -> Builders + Send + Sync + 'static) -> Self {
        self.startup_hook = Some(Hook::Closure(Arc::new(hook)));
        self
    }

    /// Sends what the console exporter prints elsewhere, without colour. Default: standard output.
    #[must_use]
    pub fn with_console_writer(mut self, writer: impl Write + Send + 'static) -> Self {
        self.console_writer = Some(ConsoleWriter::new(writer));
        self
    }

    /// Logs go nowhere unless they are asked for.
    pub(crate) fn exporter_of(&self, signal: Signal) -> Exporter {
        let common = if signal == Signal::Logs {
            Exporter::None
        } else {
            self.exporter
        };
        self.signals.of(signal).exporter.unwrap_or(common)
    }

    pub(crate) fn check(&self) -> Result<(), InitError> {
        fields::rate(self.sampling_rate).map_err(|accepted| {
            InitError::value(Place::Code, "sampling_rate", self.sampling_rate, accepted)
        })?;
        for rule in &self.sampling_rules {
            let key = format!("sampling_rules.{}", rule.route);
            fields::rate(rule.rate)
                .map_err(|accepted| InitError::value(Place::Code, key, rule.rate, accepted))?;
        }
        for signal in Signal::ALL {
            let target = Target::new(self, signal)?;
            target.tls.root()?;
            target.tls.identity()?;
        }
        if self.exporter_of(Signal::Traces) == Exporter::Prometheus {
            let accepted = "an exporter that takes traces, and Prometheus as the exporter of metrics only";
            return Err(InitError::value(Place::Code, "exporter", "prometheus", accepted));
        }
        let logs = self.exporter_of(Signal::Logs);
        if matches!(logs, Exporter::Console | Exporter::Prometheus) {
            let accepted =
                r#""otlp", "file", "console-json" or "none": a tracing subscriber prints logs for people"#;
            return Err(InitError::value(
                Place::Code,
                "logs_exporter",
                logs.name(),
                accepted,
            ));
        }
        Ok(())
    }
}
