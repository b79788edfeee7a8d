//! The command line.

use clap::Parser;

/// A service that answers questions with a model: as server-sent events, and over a WebSocket.
///
/// The first line on standard output is its address. Configure the export of traces and metrics with
/// environment variables.
#[derive(Debug, Parser)]
#[command(name = "service", version, after_help = AFTER)]
pub(crate) struct Cli {
    /// The port on 127.0.0.1 to listen on; 0 selects a free one.
    #[arg(long, value_name = "N", default_value_t = 3000)]
    pub(crate) port: u16,
    /// The base URL of a model with OpenAI's API, such as http://127.0.0.1:11434/v1 [default: a built-in one]
    #[arg(long, value_name = "URL")]
    pub(crate) model_url: Option<String>,
    /// The name of the model.
    #[arg(long, value_name = "NAME", default_value = "scripted")]
    pub(crate) model: String,
}

const AFTER: &str = "\
Examples:
  OTEL_TRACES_EXPORTER=console service
  OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 service --port 8080
  service --model-url http://127.0.0.1:11434/v1 --model llama3.2

Then, in another terminal:
  curl -N 'http://127.0.0.1:3000/api/chat/events?question=Hi'
  curl http://127.0.0.1:3000/api/me";
