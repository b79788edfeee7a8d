//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use throughline::telemetry::Exporter;

/// The question of the demonstration.
const QUERY: &str = "What is the total amount by region?";

/// Asks a small multi-agent service about a table of sales, and shows the trace of the request.
///
/// Without arguments it starts the service and a scripted model in this process, asks one question, and prints the
/// answer, the trace, the tokens by role and the counter prompt_size by direction.
#[derive(Debug, Parser)]
#[command(name = "quickstart", version, after_help = AFTER)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Asks one question; traced only with --tracing.
    Run {
        /// The question, such as "Which product sold most?"
        query: String,
        /// Record and export traces and metrics.
        #[arg(long)]
        tracing: bool,
    },
}

#[derive(Debug, Args)]
struct Options {
    /// Where traces and metrics go.
    #[arg(long, global = true, value_enum, default_value = "console")]
    exporter: ExporterName,
    /// The collector, for --exporter otlp: port 4317 is gRPC; port 4318, or a URL with a path, is HTTP.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        default_value = "http://127.0.0.1:4317"
    )]
    otlp_endpoint: String,
    /// The base URL of an OpenAI-compatible model, such as https://api.openai.com/v1 [default: a scripted model]
    #[arg(long, global = true, value_name = "URL")]
    model_url: Option<String>,
    /// The model's name.
    #[arg(long, global = true, value_name = "NAME", default_value = "scripted")]
    model: String,
    /// The model's key.
    #[arg(
        long,
        global = true,
        env = "OPENAI_API_KEY",
        hide_env_values = true,
        value_name = "KEY"
    )]
    api_key: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ExporterName {
    /// A tree of each trace, on standard output.
    Console,
    /// OpenTelemetry's protocol, to a collector.
    Otlp,
}

const AFTER: &str = "\
Examples:
  quickstart
  quickstart run \"Which product sold most?\" --tracing
  quickstart run \"What is the average amount by month?\" --tracing --exporter otlp --otlp-endpoint http://127.0.0.1:4318
  quickstart --model-url https://api.openai.com/v1 --model gpt-4o-mini
  quickstart --model scripted-429

The scripted model also plays the faults of a real one. By name: scripted-401, scripted-429, scripted-500,
scripted-nonsense (answers what is no chat completion), scripted-cut (its stream breaks off).
When a task fails, the message says why, the trace shows where, and the exit code is 1.";

/// What to do.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) query: String,
    pub(crate) tracing: bool,
    pub(crate) exporter: Exporter,
    pub(crate) otlp_endpoint: String,
    pub(crate) model_url: Option<String>,
    pub(crate) model: String,
    pub(crate) api_key: Option<String>,
}

impl Cli {
    pub(crate) fn task(self) -> Task {
        let (query, tracing) = match self.command {
            None => (QUERY.to_owned(), true),
            Some(Command::Run { query, tracing }) => (query, tracing),
        };
        let Options {
            exporter,
            otlp_endpoint,
            model_url,
            model,
            api_key,
        } = self.options;
        let exporter = match exporter {
            ExporterName::Console => Exporter::Console,
            ExporterName::Otlp => Exporter::Otlp,
        };
        let api_key = api_key.filter(|key| !key.is_empty());
        Task {
            query,
            tracing,
            exporter,
            otlp_endpoint,
            model_url,
            model,
            api_key,
        }
    }
}
