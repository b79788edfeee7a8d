//! The command line.

use clap::{Parser, ValueEnum};
use throughline::telemetry::Exporter;

/// Shows a service that already has logs, tower-http and reqwest, with our layers added: the diff is in its comments.
///
/// It starts the service and the rates it depends on, asks for one price, and prints the price and the trace on standard
/// output, and the service's logs, each with the ids of the trace, on standard error.
#[derive(Debug, Parser)]
#[command(name = "existing_service", version, after_help = AFTER)]
pub(crate) struct Cli {
    /// The item whose price is asked for: chair, desk or lamp.
    #[arg(long, value_name = "NAME", default_value = "desk")]
    pub(crate) item: String,
    /// The base URL of the rates, such as http://127.0.0.1:8080 [default: rates of its own]
    #[arg(long, value_name = "URL")]
    pub(crate) rates_url: Option<String>,
    /// Where traces and metrics go [default: console]
    #[arg(long, value_enum)]
    exporter: Option<ExporterName>,
    /// The collector: port 4317 is gRPC; port 4318, or a URL with a path, is HTTP. Implies --exporter otlp
    /// [default: http://127.0.0.1:4317]
    #[arg(long, value_name = "URL")]
    otlp_endpoint: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ExporterName {
    /// A tree of the trace and a line for each metric, on standard output.
    Console,
    /// OpenTelemetry's protocol, to a collector.
    Otlp,
}

const AFTER: &str = "\
Examples:
  existing_service
  existing_service --item lamp 2>/dev/null
  existing_service --otlp-endpoint http://127.0.0.1:4318
  existing_service --rates-url http://127.0.0.1:9

When the rates are down or the item is unknown, the message says so, logs and trace show where, and the exit code is 1.";

impl Cli {
    pub(crate) fn exporter(&self) -> Exporter {
        match (self.exporter, &self.otlp_endpoint) {
            (Some(ExporterName::Console), _) | (None, None) => Exporter::Console,
            (Some(ExporterName::Otlp), _) | (None, Some(_)) => Exporter::Otlp,
        }
    }

    pub(crate) fn otlp_endpoint(&self) -> &str {
        self.otlp_endpoint.as_deref().unwrap_or("http://127.0.0.1:4317")
    }
}
