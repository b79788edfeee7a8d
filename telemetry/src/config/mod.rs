//! What telemetry is to do: plain data, its defaults, and where it can come from.

mod debug;
mod environment;
mod exporter;
mod fields;
mod file;
mod file_config;
mod headers;
mod keys;
mod sampling;
mod setters;
#[cfg(test)]
mod tests;
mod tls;
mod writer;

use std::collections::BTreeMap;

pub use exporter::{Compression, Exporter, Propagator, Protocol};
pub(crate) use fields::pairs;
pub use file_config::FileConfig;
pub(crate) use headers::Headers;
pub use sampling::{SamplingRule, TailRule};
pub use tls::TlsConfig;
pub(crate) use writer::ConsoleWriter;

use crate::error::{InitError, Place};
use crate::hook::Hook;
use crate::signal::{PerSignal, Signal};
use crate::target::Target;

/// What telemetry is to do. The default is off: nothing is recorded and nothing is exported.
///
/// Each field has a setter of the same name. Its debug form shows URLs without secrets, and no headers. Values are checked by [`init`](crate::init), and, when they come from a file
/// or the environment, where they are read. The [crate](crate) documentation has the table of keys and variables.
#[derive(Clone, PartialEq)]
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
    /// The model whose tokenizer counts what a provider does not report, for
    /// [`Telemetry::tokenizer_target_model`](crate::Telemetry::tokenizer_target_model). Default: `gpt-4`.
    pub tokenizer_target_model: String,
    /// The headers that are read and written, the first read last. Default: W3C trace context and baggage.
    pub propagators: Vec<Propagator>,
    /// The most characters of a text on a span; longer ones are cut. Default: no limit.
    pub attribute_value_length_limit: Option<usize>,
    /// The resource's `service.version`. Default: none.
    pub service_version: Option<String>,
    /// What else the resource says, such as `deployment.environment.name`; it wins over what can be read of the process.
    /// Default: nothing.
    pub resource_attributes: BTreeMap<String, String>,
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
    pub(crate) headers: Headers,
    pub(crate) startup_hook: Option<Hook>,
    pub(crate) signals: PerSignal<SignalConfig>,
    pub(crate) console_writer: Option<ConsoleWriter>,
}

/// What one signal does differently from the others.
#[derive(Clone, Default, PartialEq)]
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
            resource_attributes: BTreeMap::new(),
            sampling_rules: Vec::new(),
            tail: None,
            tls: TlsConfig::default(),
            file: FileConfig::default(),
            prometheus_listen: Some("127.0.0.1:9464".into()),
            headers: Headers::default(),
            startup_hook: None,
            signals: PerSignal::default(),
            console_writer: None,
        }
    }
}

impl TelemetryConfig {
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
            let key = "the exporter of traces (tracing.exporter, OTEL_TRACES_EXPORTER)";
            let accepted = "one that takes traces, and Prometheus for metrics alone (metrics_exporter, OTEL_METRICS_EXPORTER)";
            return Err(InitError::value(Place::Code, key, "prometheus", accepted));
        }
        if self.exporter_of(Signal::Logs) == Exporter::Prometheus {
            let key = "logs_exporter (OTEL_LOGS_EXPORTER)";
            let accepted = "one that takes logs, and Prometheus for metrics alone";
            return Err(InitError::value(Place::Code, key, "prometheus", accepted));
        }
        Ok(())
    }
}
