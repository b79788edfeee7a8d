//! The command line.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use throughline::telemetry::{Exporter, TelemetryConfig};

/// Counts the words of texts by way of a queue and of child processes, and shows that the trace crosses both.
///
/// The sender writes the trace's context into each message's metadata; the worker reads it there, and starts a child
/// process for the job with the context in its environment variable TRACEPARENT. The child is this program again, with
/// the subcommand count, and a service of its own in the trace.
#[derive(Debug, Parser)]
#[command(name = "worker", version, after_help = AFTER)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// A text whose words are to be counted; may be given several times.
    #[arg(
        long = "job",
        value_name = "TEXT",
        default_values = ["one thread through every service", "and through every queue and process"]
    )]
    pub(crate) jobs: Vec<String>,
    /// The program that the worker starts for each job [default: this one]
    #[arg(long, value_name = "PATH")]
    pub(crate) child: Option<PathBuf>,
    /// Where the spans go [default: console]
    #[arg(long, global = true, value_enum)]
    exporter: Option<ExporterName>,
    /// The collector: port 4317 is gRPC; port 4318, or a URL with a path, is HTTP. Implies --exporter otlp
    /// [default: http://127.0.0.1:4317]
    #[arg(long, global = true, value_name = "URL")]
    otlp_endpoint: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Counts the words of one text: what the worker starts for each job. Continues the trace of TRACEPARENT.
    Count {
        /// The text.
        text: String,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ExporterName {
    /// A tree, on standard output by the worker and on standard error by each child: every process shows its own spans.
    Console,
    /// OpenTelemetry's protocol, to a collector, where the spans of all processes meet.
    Otlp,
}

const AFTER: &str = "\
Examples:
  worker
  worker --job \"to be or not to be\"
  worker --otlp-endpoint http://127.0.0.1:4318
  TRACEPARENT=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 worker
  worker count \"to be or not to be\"
  worker --child /nowhere

When a child cannot be started or fails, the message says why, its job's span shows it, and the exit code is 1.";

impl Cli {
    /// The configuration of this process's telemetry. A child's standard output is its answer, so its tree goes beside it.
    pub(crate) fn telemetry(&self, service: &str) -> TelemetryConfig {
        let config = TelemetryConfig::default()
            .with_enabled(true)
            .with_service_name(service)
            .with_endpoint(self.otlp_endpoint())
            .with_exporter(self.exporter());
        match self.command {
            Some(Command::Count { .. }) => config.with_console_writer(io::stderr()),
            None => config,
        }
    }

    /// The arguments that make a child send its spans to the same place.
    pub(crate) fn of_child(&self) -> Vec<OsString> {
        let arguments: &[&str] = match self.exporter() {
            Exporter::Otlp => &["--exporter", "otlp", "--otlp-endpoint", self.otlp_endpoint()],
            _ => &["--exporter", "console"],
        };
        arguments.iter().map(OsString::from).collect()
    }

    fn exporter(&self) -> Exporter {
        match (self.exporter, &self.otlp_endpoint) {
            (Some(ExporterName::Console), _) | (None, None) => Exporter::Console,
            (Some(ExporterName::Otlp), _) | (None, Some(_)) => Exporter::Otlp,
        }
    }

    fn otlp_endpoint(&self) -> &str {
        self.otlp_endpoint.as_deref().unwrap_or("http://127.0.0.1:4317")
    }
}
