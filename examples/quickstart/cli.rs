//! The command line.

use std::error::Error;

use clap::{Args, Parser, Subcommand};
use throughline::llm::{Capture, TargetModel};
use throughline::telemetry::{InitError, TelemetryConfig};

use crate::model::Model;
use crate::telemetry_options::TelemetryOptions;
use crate::{model_server, server};

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
    telemetry: TelemetryOptions,
    #[command(flatten)]
    model: ModelOptions,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Asks one question; traced only with --tracing, or if an OTEL_* variable turns it on.
    Run {
        /// The question, such as "Which product sold most?"
        query: String,
        /// Record and export traces and metrics.
        #[arg(long)]
        tracing: bool,
    },
    /// Serves POST /task with {"query": "…"} until Ctrl-C or SIGTERM, traced.
    ///
    /// Requests under way when it stops have their answers, and their spans are delivered before it ends.
    Serve {
        /// The port on 127.0.0.1; 0 is a free one.
        #[arg(long, default_value_t = 8000)]
        port: u16,
    },
}

#[derive(Debug, Args)]
struct ModelOptions {
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
    /// Put prompts, answers, the posts between the roles and the plan on the spans, as
    /// OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY does.
    #[arg(long, global = true)]
    capture: bool,
}

const AFTER: &str = "\
Examples:
  quickstart
  quickstart run \"Which product sold most?\" --tracing
  quickstart run \"What is the average amount by month?\" --tracing --otlp-endpoint http://127.0.0.1:4318
  quickstart run \"Which product sold most?\" --tracing --capture --file trace.jsonl
  quickstart serve --exporter prometheus
  quickstart serve --otlp-endpoint http://127.0.0.1:4317 --metrics-listen 127.0.0.1:9464
  quickstart --model-url https://api.openai.com/v1 --model gpt-4o-mini
  quickstart --model scripted-429

The variables of OpenTelemetry work too, such as OTEL_TRACES_EXPORTER, OTEL_EXPORTER_OTLP_ENDPOINT and
OTEL_SDK_DISABLED, and THROUGHLINE_CONFIG with the path of a configuration file. Options win.

The scripted model also plays the faults of a real one. By name: scripted-401, scripted-429, scripted-500,
scripted-nonsense (answers what is no chat completion), scripted-cut (its stream breaks off), scripted-crash (the plan it
writes makes the Executor panic).
When a task fails, the message says why, the trace shows where, and the exit code is 1.";

/// What to do.
#[derive(Debug)]
pub(crate) enum Job<'a> {
    Ask(&'a str),
    Serve(u16),
}

impl Cli {
    pub(crate) fn job(&self) -> Job<'_> {
        match &self.command {
            None => Job::Ask(QUERY),
            Some(Command::Run { query, .. }) => Job::Ask(query),
            Some(Command::Serve { port }) => Job::Serve(*port),
        }
    }

    pub(crate) fn telemetry(&self) -> Result<TelemetryConfig, InitError> {
        let untraced = matches!(self.command, Some(Command::Run { tracing: false, .. }));
        self.telemetry.config(!untraced)
    }

    /// The model that is asked for; the scripted one is started. Tokens that it does not report are counted as `target`'s.
    pub(crate) async fn model(&self, target: Option<String>) -> Result<Model, Box<dyn Error>> {
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
        let target = target.map(|target| target.parse::<TargetModel>()).transpose();
        let target = target.map_err(|error| format!("tracing.tokenizer_target_model: {error}"))?;
        Ok(Model::new(&url, model, key, capture, target)?)
    }
}
