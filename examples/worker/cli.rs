//! The command line.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use throughline::telemetry::{Exporter, TelemetryConfig};

/// Counts the words of texts, with a queue and child processes, and shows one trace across both.
///
/// The sender writes the trace context to the metadata of each message. The worker reads the context from
/// there, and starts a child process for the job with the context in the environment variable TRACEPARENT.
/// The child is this program with the subcommand count. It has its own service name in the trace.
#[derive(Debug, Parser)]
#[command(name = "worker", version, after_help = AFTER)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// A text to count the words of. Can be repeated.
    #[arg(
        long = "job",
        value_name = "TEXT",
        default_values = ["one thread through every service", "and through every queue and process"]
    )]
    pub(crate) jobs: Vec<String>,
    /// The program that the worker starts for each job [default: this one]
    #[arg(long, value_name = "PATH")]
    pub(crate) child: Option<PathBuf>,
    /// The exporter for spans [default: console]
    #[arg(long, global = true, value_enum)]
    exporter: Option<ExporterName>,
    /// The collector. Port 4317 is tried with gRPC first, any other with HTTP; a URL with a path uses HTTP. Implies
    /// --exporter otlp [default: http://127.0.0.1:4318]
    #[arg(long, global = true, value_name = "URL")]
    otlp_endpoint: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Counts the words of one text. Continues the trace of TRACEPARENT. The worker runs this for each job.
    Count {
        /// The text.
        text: String,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ExporterName {
    /// A tree of its own spans per process: on standard output by the worker, on standard error by a child.
    Console,
    /// OTLP, to a collector, which receives the spans of all processes.
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

If a child process cannot be started or fails, the program prints the reason, the span of the job records the
error, and the exit code is 1.";

impl Cli {
    /// Returns the configuration of telemetry. A child prints its tree on standard error: standard output is
    /// its answer.
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

    /// Returns the arguments that make a child use the same exporter.
    pub(crate) fn child_arguments(&self) -> Vec<OsString> {
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
        self.otlp_endpoint.as_deref().unwrap_or("http://127.0.0.1:4318")
    }
}
