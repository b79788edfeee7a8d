//! The configuration: plain data, its defaults and its sources.

mod composable;
mod debug;
mod declarative;
mod effective;
mod endpoint;
mod environment;
mod expected;
mod exporter;
mod exporters;
mod features;
mod fields;
mod file;
mod file_config;
mod headers;
mod ignored;
mod json;
mod keys;
mod overlay;
mod parse;
mod pattern;
mod provenance;
mod sampling;
mod sdk;
mod setters;
mod signal_config;
mod similar;
mod table;
mod target;
#[cfg(test)]
mod tests;
mod tls;
mod variables;
mod views;
mod writer;
mod yaml;

use std::collections::BTreeMap;
use std::time::Duration;

pub(crate) use composable::{ComposableSampler, SpanParent, SpanRule};
pub(crate) use endpoint::Endpoint;
pub use exporter::{Compression, Exporter, Propagator, Protocol};
pub use exporters::Exporters;
pub use file_config::FileConfig;
pub(crate) use headers::Headers;
pub use ignored::IgnoredVariable;
pub(crate) use parse::pairs;
pub(crate) use pattern::matches_pattern;
pub(crate) use sampling::{ParentSamplers, SamplerTree};
pub use sampling::{SamplingRule, TailRule};
pub(crate) use sdk::SdkConfig;
pub use sdk::{MetricTemporality, SpanLimits};
pub(crate) use signal_config::BatchLimits;
pub use signal_config::SignalConfig;
pub(crate) use target::OtlpTarget;
pub use tls::TlsConfig;
pub use views::HistogramBuckets;
pub(crate) use views::{InstrumentSelector, MetricViews, StreamSettings};
pub(crate) use writer::ConsoleWriter;

use crate::config::expected::Expected;
use crate::config::provenance::Provenance;
use crate::error::{ConfigSource, InitError};
use crate::hook::StartupHook;
use crate::signal::{PerSignal, Signal};

/// The configuration of telemetry. The default is off: nothing is recorded or exported.
///
/// Each field has a setter of the same name. The debug form redacts URLs and omits headers. Values are
/// checked by [`init`](crate::init); values from a file or from the environment are checked when they are
/// read. The [crate](crate) documentation lists all keys and variables.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct TelemetryConfig {
    /// Whether telemetry is on. Default: `false`.
    pub enabled: bool,
    /// The resource's `service.name`. Default: `unknown_service:` followed by the name of the program.
    pub service_name: Option<String>,
    /// The exporters of spans and metrics. Default: [`Exporter::Console`].
    pub exporter: Exporters,
    /// The collector's URL. Default: `http://127.0.0.1:4318`, or `http://127.0.0.1:4317` if `protocol` is
    /// gRPC.
    pub endpoint: Option<String>,
    /// The protocol of requests to the collector. Default: gRPC if the endpoint has port 4317 and no path,
    /// otherwise HTTP with protobuf, or the one in which the port answers.
    pub protocol: Option<Protocol>,
    /// The compression of requests to the collector. Default: none.
    pub compression: Compression,
    /// The share of new traces that are sampled, from 0.0 to 1.0. Default: 1.0.
    pub sampling_rate: f64,
    /// Whether a span with a parent takes its parent's sampling decision. Default: `true`.
    pub parent_based: bool,
    /// The model whose tokenizer estimates tokens that a provider does not report, for all layers of the
    /// process that do not set a model. Default: none, so that a layer uses its default.
    pub tokenizer_target_model: Option<String>,
    /// The propagators; on extraction, the first one is read last. Default: W3C trace context and baggage.
    pub propagators: Vec<Propagator>,
    /// The maximum length in characters of string attribute values on spans. Longer values are truncated.
    /// Default: no limit.
    pub attribute_value_length_limit: Option<usize>,
    /// The resource's `service.version`. Default: none.
    pub service_version: Option<String>,
    /// Additional attributes of the resource, such as `deployment.environment.name`. They take precedence
    /// over detected ones. Default: none.
    pub resource_attributes: BTreeMap<String, String>,
    /// Sampling rates for routes. The first rule that matches applies. Default: none.
    pub sampling_rules: Vec<SamplingRule>,
    /// The rule for exporting unsampled traces at their end. Default: none.
    pub tail: Option<TailRule>,
    /// The certificates of the connection to the collector.
    pub tls: TlsConfig,
    /// The path and the rotation of the file exporter.
    pub file: FileConfig,
    /// The host and port on which the Prometheus exporter listens, or `None`. Default: `127.0.0.1:9464`.
    pub prometheus_listen: Option<String>,
    /// The host and port on which the page of the viewer listens, or `None`. Default: `127.0.0.1:4319`.
    pub viewer_listen: Option<String>,
    /// The maximum bytes of spans that wait for their exporter, and the same for log records. Beyond it,
    /// items are dropped and counted. The same limit applies to spans held for [`tail`](Self::tail). Default:
    /// 64 MiB.
    pub max_queue_bytes: usize,
    /// The maximum bytes of a request to a collector, before compression. Larger batches are split; a span,
    /// log record or data point that exceeds the limit alone is dropped and counted. Default: 4 MiB, the
    /// default limit of a collector.
    pub max_request_bytes: usize,
    /// The headers that are set in code. They take precedence.
    pub(crate) headers: Headers,
    /// The headers that are set in the environment, for all signals.
    pub(crate) variable_headers: Headers,
    pub(crate) sdk: SdkConfig,
    pub(crate) provenance: Provenance,
    pub(crate) startup_hook: Option<StartupHook>,
    pub(crate) signals: PerSignal<SignalConfig>,
    pub(crate) console_writer: Option<ConsoleWriter>,
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self {
            enabled: false,
            service_name: None,
            exporter: Exporter::Console.into(),
            endpoint: None,
            protocol: None,
            compression: Compression::None,
            sampling_rate: 1.0,
            parent_based: true,
            tokenizer_target_model: None,
            propagators: vec![Propagator::TraceContext, Propagator::Baggage],
            attribute_value_length_limit: None,
            service_version: None,
            resource_attributes: BTreeMap::new(),
            sampling_rules: Vec::new(),
            tail: None,
            tls: TlsConfig::default(),
            file: FileConfig::default(),
            prometheus_listen: Some("127.0.0.1:9464".into()),
            viewer_listen: Some("127.0.0.1:4319".into()),
            max_queue_bytes: 64 << 20,
            max_request_bytes: 4 << 20,
            headers: Headers::default(),
            variable_headers: Headers::default(),
            sdk: SdkConfig::default(),
            provenance: Provenance::default(),
            startup_hook: None,
            signals: PerSignal::default(),
            console_writer: None,
        }
    }
}

impl TelemetryConfig {
    /// Returns the variables that are set but ignored. Exporters that cannot be set up are detected by
    /// [`init`](crate::init) and listed by [`Telemetry::diagnose`](crate::Telemetry::diagnose).
    ///
    /// ```
    /// use throughline_telemetry::TelemetryConfig;
    ///
    /// let config = TelemetryConfig::from_vars([("OTEL_TRACES_SAMPLER", "jaeger_remote")])?;
    /// assert_eq!(config.ignored_variables()[0].used, "parentbased_always_on");
    /// # Ok::<(), throughline_telemetry::InitError>(())
    /// ```
    #[must_use]
    pub fn ignored_variables(&self) -> &[IgnoredVariable] {
        &self.provenance.ignored
    }

    /// The exporters of a signal. Logs are exported only if their exporter is set, in code or in the
    /// environment. Jaeger supports traces only.
    pub(crate) fn exporters_of(&self, signal: Signal) -> Exporters {
        match (&self.signals.get(signal).exporter, signal) {
            (Some(own), _) => own.clone(),
            (None, Signal::Logs) => Exporters::default(),
            (None, Signal::Metrics) => self.exporter.without(Exporter::Jaeger),
            (None, Signal::Traces) => self.exporter.clone(),
        }
    }

    /// The timeout of a signal's deliveries over OTLP: the shorter one of the exporter's timeout and the
    /// SDK's timeout, because the SDK does not enforce its own.
    pub(crate) fn timeout(&self, signal: Signal) -> Duration {
        let own = self.signals.get(signal);
        let timeout = own.timeout.or(self.sdk.timeout).unwrap_or(DEFAULT_EXPORT_TIMEOUT);
        own.export_timeout.map_or(timeout, |limit| timeout.min(limit))
    }

    /// The headers of a signal's requests, from code and from the environment. Headers from code take
    /// precedence. The variable of a signal replaces the common variable.
    pub(crate) fn headers(&self, signal: Signal) -> Headers {
        let own = self.signals.get(signal);
        let variable = own.variable_headers.as_ref().unwrap_or(&self.variable_headers);
        own.headers.or(&self.headers.or(variable))
    }

    /// The limits of a signal's batches.
    pub(crate) fn batches(&self, signal: Signal) -> BatchLimits {
        self.signals.get(signal).batches(signal)
    }

    pub(crate) fn check(&self) -> Result<(), InitError> {
        parse::rate(self.sampling_rate).map_err(|accepted| {
            InitError::not_accepted(ConfigSource::Code, "sampling_rate", self.sampling_rate, accepted)
        })?;
        for rule in &self.sampling_rules {
            let key = format!("sampling_rules.{}", rule.route);
            parse::rate(rule.rate)
                .map_err(|accepted| InitError::not_accepted(ConfigSource::Code, key, rule.rate, accepted))?;
        }
        if let Some(model) = &self.tokenizer_target_model {
            parse::target_model(model).map_err(|accepted| {
                InitError::not_accepted(ConfigSource::Code, "tokenizer_target_model", model, accepted)
            })?;
        }
        for signal in Signal::ALL {
            let target = OtlpTarget::new(self, signal)?;
            target.tls.root()?;
            target.tls.identity()?;
        }
        for signal in Signal::ALL {
            self.check_exporters(signal)?;
            self.check_batches(signal)?;
        }
        for (key, bytes) in [
            ("max_queue_bytes", self.max_queue_bytes),
            ("max_request_bytes", self.max_request_bytes),
        ] {
            parse::bytes(bytes)
                .map_err(|accepted| InitError::not_accepted(ConfigSource::Code, key, bytes, accepted))?;
        }
        Ok(())
    }

    fn check_batches(&self, signal: Signal) -> Result<(), InitError> {
        let own = self.signals.get(signal);
        let refused = |setting: &str, value: String, accepted: Expected| {
            let key = format!("{setting} of {signal}");
            Err(InitError::not_accepted(ConfigSource::Code, key, value, accepted))
        };
        if let Some(interval) = own.interval
            && parse::interval(interval).is_err()
        {
            return refused("interval", format!("{interval:?}"), Expected::Interval);
        }
        for (setting, size) in [
            ("max_queue_size", own.max_queue_size),
            ("max_export_batch_size", own.max_export_batch_size),
        ] {
            if let Some(size) = size
                && parse::queue_size(size).is_err()
            {
                return refused(setting, size.to_string(), Expected::QueueSize);
            }
        }
        Ok(())
    }

    fn check_exporters(&self, signal: Signal) -> Result<(), InitError> {
        let exporters = self.exporters_of(signal);
        let Some(exporter) = exporters.iter().find(|exporter| !exporter.supports(signal)) else {
            return Ok(());
        };
        let key = match signal {
            Signal::Traces => "the exporter of traces (tracing.exporter, OTEL_TRACES_EXPORTER)",
            Signal::Metrics => "metrics_exporter (OTEL_METRICS_EXPORTER)",
            Signal::Logs => "logs_exporter (OTEL_LOGS_EXPORTER)",
        };
        let others = match (exporter, signal) {
            (Exporter::Jaeger, _) => "Jaeger for traces only",
            (_, Signal::Traces) => "Prometheus for metrics only (metrics_exporter, OTEL_METRICS_EXPORTER)",
            _ => "Prometheus for metrics only",
        };
        let accepted = format!("one that supports {signal}, and {others}");
        Err(InitError::not_accepted(
            ConfigSource::Code,
            key,
            exporter.as_str(),
            accepted,
        ))
    }
}

/// The specification's default timeout of a delivery.
const DEFAULT_EXPORT_TIMEOUT: Duration = Duration::from_secs(10);
