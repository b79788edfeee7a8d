//! The command line.

use std::error::Error;

use clap::{Args, Parser, Subcommand};
use throughline::llm::Capture;
use throughline::telemetry::{Exporter, InitError, TelemetryConfig};

use crate::model::Model;
use crate::telemetry_options::TelemetryOptions;
use crate::{model_server, server};

/// The question when no subcommand is used.
const DEFAULT_QUERY: &str = "What is the total amount by region?";

/// Sends a question about a table of sales to a small multi-agent service, and shows the trace of the
/// request.
///
/// Without arguments, it starts the service and a scripted model in this process, sends one question, and
/// prints the answer, the trace and the tokens by role. With --exporter console, it also prints the metrics,
/// such as the counter prompt_size by direction.
#[derive(Debug, Parser)]
#[command(name = "quickstart", version, after_help = AFTER)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    telemetry: TelemetryOptions,
    #[command(flatten)]
    model: ModelOptions,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Sends one question. Traced only with --tracing, or if an OTEL_* variable enables it.
    Run {
        /// The question, such as "Which product sold most?"
        query: String,
        /// Record and export traces and metrics.
        #[arg(long)]
        tracing: bool,
    },
    /// Serves POST /task with {"query": "…"} until Ctrl-C or SIGTERM, with tracing. Beside the exporters, a
    /// page shows the traces. Its address is the first line of the output.
    ///
    /// THROUGHLINE_VIEWER_LISTEN selects another address of the page, and "none" turns it off.
    ///
    /// When it stops, it completes the requests in progress and exports their spans.
    Serve {
        /// The port on 127.0.0.1; 0 selects a free one.
        #[arg(long, default_value_t = 8000)]
        port: u16,
    },
}

#[derive(Debug, Args)]
struct ModelOptions {
    /// The base URL of an OpenAI-compatible model, such as https://api.openai.com/v1 [default: a scripted
    /// model]
    #[arg(long, global = true, value_name = "URL")]
    model_url: Option<String>,
    /// The name of the model.
    #[arg(long, global = true, value_name = "NAME", default_value = "scripted")]
    model: String,
    /// The API key of the model.
    #[arg(
        long,
        global = true,
        env = "OPENAI_API_KEY",
        hide_env_values = true,
        value_name = "KEY"
    )]
    api_key: Option<String>,
    /// Record prompts, answers, the posts between the roles and the plan on the spans, like
    /// OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY.
    #[arg(long, global = true)]
    capture: bool,
}

const AFTER: &str = "\
Examples:
  quickstart
  quickstart --exporter console
  quickstart run \"Which product sold most?\" --tracing
  quickstart run \"What is the average amount by month?\" --tracing --otlp-endpoint http://127.0.0.1:4318
  quickstart run \"Which product sold most?\" --tracing --capture --file trace.jsonl
  quickstart serve --exporter prometheus
  quickstart serve --otlp-endpoint http://127.0.0.1:4318 --metrics-listen 127.0.0.1:9464
  quickstart --model-url https://api.openai.com/v1 --model gpt-4o-mini
  quickstart --model scripted-429

The OpenTelemetry variables also apply, such as OTEL_TRACES_EXPORTER, OTEL_EXPORTER_OTLP_ENDPOINT and
OTEL_SDK_DISABLED, and so does THROUGHLINE_CONFIG, the path of a configuration file. Options override them.

The scripted model can simulate failures. Set --model to scripted-401, scripted-429, scripted-500,
scripted-nonsense (the answer is not a chat completion), scripted-cut (the stream breaks off) or scripted-crash
(the plan makes the Executor panic).

If a task fails, the program prints the reason, the trace shows the failed span, and the exit code is 1.";

/// The selected action.
#[derive(Debug)]
pub(crate) enum Job<'a> {
    Run(&'a str),
    Serve(u16),
}

impl Cli {
    pub(crate) fn job(&self) -> Job<'_> {
        match &self.command {
            None => Job::Run(DEFAULT_QUERY),
            Some(Command::Run { query, .. }) => Job::Run(query),
            Some(Command::Serve { port }) => Job::Serve(*port),
        }
    }

    pub(crate) fn telemetry(&self) -> Result<TelemetryConfig, InitError> {
        let untraced = matches!(self.command, Some(Command::Run { tracing: false, .. }));
        let is_brief = matches!(self.job(), Job::Run(_));
        let config = self.telemetry.config(!untraced, is_brief)?;
        Ok(match self.command {
            Some(Command::Serve { .. }) if config.enabled => config.with_added_exporter(Exporter::Viewer),
            _ => config,
        })
    }

    /// Returns a note for a run whose options ask for telemetry, although it is off.
    pub(crate) fn note_if_off(&self) -> Option<String> {
        let option = self.telemetry.first_set()?;
        let why = match self.command {
            Some(Command::Run { tracing: false, .. }) => "add --tracing",
            _ => "a variable or a file turns telemetry off",
        };
        Some(format!("{option} has no effect, since nothing is traced: {why}"))
    }

    /// Returns the selected model, and starts the scripted one if needed.
    pub(crate) async fn model(&self) -> Result<Model, Box<dyn Error>> {
        let ModelOptions {
            model_url,
            model,
            api_key,
            capture,
        } = &self.model;
        let url = match model_url {
            Some(url) => url.clone(),
            None => format!("http://{}/v1", server::start(model_server::app()).await?),
        };
        let key = api_key.clone().filter(|key| !key.is_empty());
        let capture = if *capture {
            Capture::SpanOnly
        } else {
            Capture::from_env()
        };
        Ok(Model::new(&url, model, key, capture)?)
    }
}
