//! The command line.

use clap::{Parser, ValueEnum};
use throughline::telemetry::Exporter;

/// Shows how to add tracing to a service that already has logs, tower-http and reqwest. Comments mark each
/// change.
///
/// The program starts the service and the rates service that it depends on, and requests one price. It prints
/// the price and the trace on standard output, and the logs of the service, with trace ids, on standard
/// error.
#[derive(Debug, Parser)]
#[command(name = "existing_service", version, after_help = AFTER)]
pub(crate) struct Cli {
    /// The item to request the price of: chair, desk or lamp.
    #[arg(long, value_name = "NAME", default_value = "desk")]
    pub(crate) item: String,
    /// The base URL of the rates service, such as http://127.0.0.1:8080 [default: a built-in one]
    #[arg(long, value_name = "URL")]
    pub(crate) rates_url: Option<String>,
    /// The exporter for traces and metrics [default: console]
    #[arg(long, value_enum)]
    exporter: Option<ExporterName>,
    /// The collector. Port 4317 is tried with gRPC first, any other with HTTP; a URL with a path uses HTTP. Implies
    /// --exporter otlp [default: http://127.0.0.1:4318]
    #[arg(long, value_name = "URL")]
    otlp_endpoint: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ExporterName {
    /// A tree of the trace and one line per metric, on standard output.
    Console,
    /// OTLP, to a collector.
    Otlp,
}

const AFTER: &str = "\
Examples:
  existing_service
  existing_service --item lamp 2>/dev/null
  existing_service --otlp-endpoint http://127.0.0.1:4318
  existing_service --rates-url http://127.0.0.1:9

If the rates service is down or the item is unknown, the program prints an error, the logs and the trace show
where it failed, and the exit code is 1.";

impl Cli {
    pub(crate) fn exporter(&self) -> Exporter {
        match (self.exporter, &self.otlp_endpoint) {
            (Some(ExporterName::Console), _) | (None, None) => Exporter::Console,
            (Some(ExporterName::Otlp), _) | (None, Some(_)) => Exporter::Otlp,
        }
    }

    pub(crate) fn otlp_endpoint(&self) -> &str {
        self.otlp_endpoint.as_deref().unwrap_or("http://127.0.0.1:4318")
    }
}
