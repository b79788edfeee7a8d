//! The gateway as a program.

use std::error::Error;
use std::future::Future;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use throughline::telemetry::{self, Exporter, Telemetry, TelemetryConfig};
use throughline_gateway::{Config, Gateway, Server};

/// Prints a line on standard output. If it cannot be written, for example to a full disk, it is lost. The macros of the
/// standard library would panic.
macro_rules! announce {
    ($($text:tt)*) => {{ let _ = writeln!(io::stdout(), $($text)*); }};
}

/// Prints a line on standard error. If it cannot be written, it is lost.
macro_rules! report {
    ($($text:tt)*) => {{ let _ = writeln!(io::stderr(), $($text)*); }};
}

/// A request takes 50 to 80 allocations, and its spans are freed by another thread than the one that recorded them. With
/// the allocator of glibc, that is a seventh of the instructions of a request. Without `no_thp`, it asks the system for
/// huge pages, of which each stream then takes more.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A gateway in front of model providers: traces, tokens, cost, retries, fail-over and budgets.
///
/// Without a configuration, it serves the paths of OpenAI, Anthropic and Gemini with the keys of its callers.
/// The addresses it listens on are the first lines on standard output.
#[derive(Debug, Clone, Parser)]
#[command(name = "throughline-gateway", version, after_help = AFTER)]
struct Cli {
    /// A file in YAML, TOML (.toml) or JSON (.json). SIGHUP reads it again.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print what the configuration means, and exit. Keys and files that it names are read too.
    #[arg(long)]
    check: bool,
    /// The address of the first listener, in place of that of the configuration; port 0 selects a free one.
    #[arg(long, value_name = "ADDRESS", value_parser = parse_address)]
    listen: Option<SocketAddr>,
    /// Serve a page that shows the latest traces, model calls and tokens, at telemetry.viewer.listen, by
    /// default 127.0.0.1:4319. Its address is the last line on standard output. Telemetry is on with this
    /// flag.
    #[arg(long)]
    viewer: bool,
}

const AFTER: &str = "\
Examples:
  throughline-gateway
  OTEL_TRACES_EXPORTER=console throughline-gateway
  OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317 throughline-gateway --config gateway.yaml
  throughline-gateway --config gateway.yaml --check
  throughline-gateway --viewer

Then, in another terminal:
  curl http://127.0.0.1:12000/v1/chat/completions -H \"Authorization: Bearer $OPENAI_API_KEY\" \\
      -H 'Content-Type: application/json' \\
      -d '{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}'
  OPENAI_BASE_URL=http://127.0.0.1:12000/v1 python your_program.py
  ANTHROPIC_BASE_URL=http://127.0.0.1:12000 python your_program.py

Telemetry is off unless an OTEL_* variable, the section telemetry or --viewer enables it. Prompts and answers are recorded only if
llm.content or OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT enables it.";

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            report!("error: no runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(&cli)) {
        Ok(code) => code,
        Err(error) => {
            report!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

impl Cli {
    fn read_config(&self) -> Result<Config, throughline_gateway::ConfigError> {
        let config = match &self.config {
            Some(path) => Config::from_file(path)?,
            None => Config::default(),
        };
        Ok(match &self.listen {
            Some(address) => config.with_address(address.to_string()),
            None => config,
        })
    }
}

fn parse_address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse()
        .map_err(|_| "expected an IP address and a port, such as 127.0.0.1:12000 or [::]:12000")
}

async fn run(cli: &Cli) -> Result<ExitCode, Box<dyn Error>> {
    let config = cli.read_config()?;
    warn(&config.warnings());
    if cli.check {
        Gateway::new(&config)?;
        telemetry_config(cli, &config)?;
        announce!("{}", config.to_string().trim_end());
        return Ok(ExitCode::SUCCESS);
    }
    let telemetry_config = telemetry_config(cli, &config)?;
    let telemetry = telemetry::init(telemetry_config)?;
    let gateway = Gateway::new(&config)?;
    let mut server = Server::bind(&config, gateway.clone()).await?;
    if telemetry.prometheus_text().is_some() {
        server = server.with_metrics_page(telemetry.prometheus_page());
    }
    // A program that has read an address may send a signal at once, which ends a process that does not listen
    // for it.
    let stopped = stop()?;
    reload_on_hangup(cli, config.clone(), gateway);
    for address in server.addresses() {
        announce!("http://{address}");
    }
    if let Some(address) = telemetry.viewer_address() {
        announce!("viewer http://{address}");
    }
    let has_ended = server.serve(stopped).await;
    if !has_ended {
        report!(
            "warning: answers were still in progress after {:?}",
            config.shutdown_timeout()
        );
    }
    shut_down(telemetry);
    Ok(ExitCode::SUCCESS)
}

fn warn(warnings: &[String]) {
    for warning in warnings {
        report!("warning: {warning}");
    }
}

/// The section `telemetry`, then the environment, then the flags.
fn telemetry_config(cli: &Cli, config: &Config) -> Result<TelemetryConfig, Box<dyn Error>> {
    let json = config.telemetry_json();
    let file = cli.config.as_ref().map(|path| format!("{}: ", path.display()));
    let mut telemetry = TelemetryConfig::from_json_str(&json)
        .map_err(|error| format!("{}telemetry: {error}", file.unwrap_or_default()))?;
    if !json.contains("\"prometheus") {
        // The gateway serves `/metrics` itself, so that another listener is started only if it is configured.
        telemetry = telemetry.with_prometheus_listen(None);
    }
    if telemetry.service_name.is_none() {
        telemetry = telemetry.with_service_name(env!("CARGO_PKG_NAME"));
    }
    let telemetry = telemetry.with_env()?;
    match cli.viewer {
        true => with_viewer(telemetry),
        false => Ok(telemetry),
    }
}

/// Adds the viewer to the exporters. If telemetry is off, it is the only one.
fn with_viewer(telemetry: TelemetryConfig) -> Result<TelemetryConfig, Box<dyn Error>> {
    if telemetry.viewer_listen.is_none() {
        let message = "telemetry.viewer.listen: is none; expected a host and a port for --viewer, such as 127.0.0.1:4319";
        return Err(message.into());
    }
    let telemetry = match telemetry.enabled {
        true => telemetry,
        false => telemetry.with_enabled(true).with_exporter(Exporter::None),
    };
    Ok(telemetry.with_added_exporter(Exporter::Viewer))
}

/// Waits for the last tokens to be counted and the last spans to be exported.
fn shut_down(telemetry: Telemetry) {
    if let Err(error) = telemetry.shutdown_within(EXPORT_TIMEOUT) {
        report!("warning: {error}"); // The requests were forwarded, so this is not an error.
    }
}

#[cfg(unix)]
fn reload_on_hangup(cli: &Cli, started_with: Config, gateway: Gateway) {
    use tokio::signal::unix::{SignalKind, signal};
    let cli = cli.clone();
    let Some(path) = cli.config.clone() else { return };
    let Ok(mut hangups) = signal(SignalKind::hangup()) else {
        return;
    };
    tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            let reloaded = cli.read_config().and_then(|config| {
                warn(&config.warnings());
                gateway.reload(&config).map(|()| config)
            });
            match reloaded {
                Ok(config) => {
                    warn(&config.restart_warnings(&started_with));
                    report!("reloaded {}", path.display());
                }
                Err(error) => {
                    report!("warning: not reloaded, the previous configuration stays in force: {error}");
                }
            }
        }
    });
}

#[cfg(not(unix))]
fn reload_on_hangup(_: &Cli, _: Config, _: Gateway) {}

/// Returns a future that completes on Ctrl-C or SIGTERM, for which it listens from now on.
#[cfg(unix)]
fn stop() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupts = signal(SignalKind::interrupt())?;
    let mut terminations = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupts.recv() => {},
            _ = terminations.recv() => {},
        }
    })
}

#[cfg(not(unix))]
fn stop() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}

const EXPORT_TIMEOUT: Duration = Duration::from_secs(10);
