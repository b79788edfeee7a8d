//! The command line.

use clap::Parser;
use throughline::LlmLayer;
use throughline_forward::Upstream;

/// Forwards requests to a model provider unchanged, and traces them.
///
/// Set the base URL of a client to the address of the proxy, which is the first line on standard output.
/// Configure the export of traces and metrics with environment variables. Without them, the proxy forwards
/// and records nothing.
#[derive(Debug, Parser)]
#[command(name = "proxy", version, after_help = AFTER)]
pub(crate) struct Cli {
    /// The provider's URL. A request for /v1/models is sent to URL/v1/models.
    #[arg(long, value_name = "URL")]
    pub(crate) upstream: Upstream,
    /// The port on 127.0.0.1 to listen on; 0 selects a free one.
    #[arg(long, value_name = "N", default_value_t = 8080)]
    pub(crate) port: u16,
    /// Add OpenInference's attributes to the spans, for Phoenix.
    #[arg(long)]
    openinference: bool,
}

const AFTER: &str = "\
Examples:
  proxy --upstream https://api.openai.com
  OTEL_TRACES_EXPORTER=console proxy --upstream http://127.0.0.1:11434 --port 8081
  OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317 proxy --upstream https://api.anthropic.com
  OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:6006 OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf \\
      OTEL_METRICS_EXPORTER=none OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY \\
      proxy --upstream http://127.0.0.1:11434 --openinference

Then, in another terminal:
  curl http://127.0.0.1:8080/v1/chat/completions -H \"Authorization: Bearer $OPENAI_API_KEY\" \\
      -H 'Content-Type: application/json' \\
      -d '{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}'
  OPENAI_BASE_URL=http://127.0.0.1:8080/v1 python your_program.py

Prompts and answers are recorded only if OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT enables it.
The proxy listens on the loopback interface only. It stores no key and requires none. Protocol
upgrades (WebSocket) are not forwarded.";

impl Cli {
    /// Returns the layer that observes the model calls.
    pub(crate) fn layer(&self) -> LlmLayer {
        LlmLayer::new().with_openinference(self.openinference)
    }
}
