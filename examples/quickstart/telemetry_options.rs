//! The options for the export of traces and metrics. They override the environment.

use clap::{Args, ValueEnum};
use throughline::telemetry::{Exporter, InitError, TelemetryConfig};

#[derive(Debug, Args)]
pub(crate) struct TelemetryOptions {
    /// The exporter for traces and metrics [default: console, without metrics for one question, unless another
    /// option or a variable selects one]
    #[arg(long, global = true, value_enum)]
    exporter: Option<ExporterName>,
    /// The collector. Port 4317 is tried with gRPC first, any other with HTTP; a URL with a path uses HTTP. Implies
    /// --exporter otlp [default: http://127.0.0.1:4318]
    #[arg(long, global = true, value_name = "URL")]
    otlp_endpoint: Option<String>,
    /// The file; {pid} is replaced by the process id. Implies --exporter file [default:
    /// throughline-{pid}.jsonl]
    #[arg(long, global = true, value_name = "PATH", conflicts_with = "otlp_endpoint")]
    file: Option<String>,
    /// Serve metrics on this address for Prometheus to scrape [default with --exporter prometheus:
    /// 127.0.0.1:9464]
    #[arg(long, global = true, value_name = "HOST:PORT")]
    metrics_listen: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ExporterName {
    /// A tree per trace, and at the end a table of the metrics, on standard output.
    Console,
    /// OTLP, to a collector.
    Otlp,
    /// OTLP/JSON lines, for the collector's otlpjsonfile receiver.
    File,
    /// An HTTP endpoint with metrics for Prometheus to scrape; no traces.
    Prometheus,
}

impl TelemetryOptions {
    /// Returns the configuration of the environment with the options applied. `enable` turns telemetry on.
    /// `is_brief` leaves the metrics out if nothing asks for them, so that one trace fits on a screen.
    pub(crate) fn config(&self, enable: bool, is_brief: bool) -> Result<TelemetryConfig, InitError> {
        let mut config = TelemetryConfig::from_env()?;
        if enable && !config.enabled {
            config = config.with_enabled(true);
            if is_brief {
                config = config.with_metrics_exporter(Exporter::None);
            }
            // Read the environment again, so that OTEL_SDK_DISABLED still turns it off.
            config = config.with_env()?;
        }
        if config.service_name.is_none() {
            config = config.with_service_name("quickstart");
        }
        config = match self.exporter() {
            None => config,
            Some(ExporterName::Console) => config.with_exporter(Exporter::Console),
            Some(ExporterName::Otlp) => config.with_exporter(Exporter::Otlp),
            Some(ExporterName::File) => config.with_exporter(Exporter::File),
            Some(ExporterName::Prometheus) => config
                .with_exporter(Exporter::None)
                .with_metrics_exporter(Exporter::Prometheus),
        };
        if let Some(url) = &self.otlp_endpoint {
            config = config.with_endpoint(url);
        }
        if let Some(path) = &self.file {
            let file = config.file.clone().with_path(path);
            config = config.with_file(file);
        }
        if let Some(address) = &self.metrics_listen {
            config = config
                .with_metrics_exporter(Exporter::Prometheus)
                .with_prometheus_listen(Some(address));
        }
        Ok(config)
    }

    /// Returns the first option that has an effect only if telemetry is on.
    pub(crate) fn first_set(&self) -> Option<&'static str> {
        [
            (self.exporter.is_some(), "--exporter"),
            (self.otlp_endpoint.is_some(), "--otlp-endpoint"),
            (self.file.is_some(), "--file"),
            (self.metrics_listen.is_some(), "--metrics-listen"),
        ]
        .into_iter()
        .find_map(|(is_set, option)| is_set.then_some(option))
    }

    fn exporter(&self) -> Option<ExporterName> {
        let otlp = self.otlp_endpoint.as_ref().map(|_| ExporterName::Otlp);
        let file = self.file.as_ref().map(|_| ExporterName::File);
        self.exporter.or(otlp).or(file)
    }
}
