//! `throughline-viewer`: receives OTLP, or opens files of it, and serves the page.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use throughline_viewer::{Viewer, ViewerConfig};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Shows traces, prompts, tokens and cost in a browser.
///
/// Without a command, receives OTLP over gRPC and HTTP. The first line of the output is the address of the
/// page.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = false)]
struct Cli {
    #[command(flatten)]
    page: PageArgs,
    /// Address of the receiver of OTLP over gRPC.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4317")]
    grpc: SocketAddr,
    /// Address of the receiver of OTLP over HTTP.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4318")]
    http: SocketAddr,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Args)]
struct PageArgs {
    /// Address of the page.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4319", global = true)]
    listen: SocketAddr,
    /// Host name under which browsers may open the page, beside localhost and IP addresses. Can be repeated.
    #[arg(long, value_name = "NAME", global = true)]
    host: Vec<String>,
    /// Size of the stored telemetry, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=65_536), global = true)]
    max_mib: u32,
    /// Number of stored traces.
    #[arg(long, value_name = "COUNT", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..), global = true)]
    max_traces: u32,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Shows files of OTLP/JSON lines, as the exporter `file` and the collector write them, with their rotated
    /// parts. Receives nothing.
    Open {
        /// Files, such as trace.jsonl.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let ended = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("the runtime cannot be started: {error}"))
        .and_then(|runtime| runtime.block_on(run(cli)));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<(), String> {
    let PageArgs {
        listen,
        host,
        max_mib,
        max_traces,
    } = cli.page;
    let config = ViewerConfig::default()
        .with_max_bytes((max_mib as usize) << 20)
        .with_max_traces(max_traces as usize);
    let viewer = Viewer::new(host.into_iter().fold(config, ViewerConfig::with_host));
    match cli.command {
        Some(Command::Open { files }) => {
            for file in files {
                open(&viewer, &file)?;
            }
            let page = bind(listen, "--listen").await?;
            announce(&page)?;
            viewer
                .serve_page(page, interrupted())
                .await
                .map_err(|error| error.to_string())
        }
        None => {
            let page = bind(listen, "--listen").await?;
            let grpc = bind(cli.grpc, "--grpc").await?;
            let http = bind(cli.http, "--http").await?;
            announce(&page)?;
            let address = |listener: &TcpListener| listener.local_addr().map(|address| address.to_string());
            say(&format!(
                "receiving OTLP over gRPC at {} and over HTTP at http://{}",
                address(&grpc).map_err(|error| error.to_string())?,
                address(&http).map_err(|error| error.to_string())?
            ))?;
            let (stop, stopped) = watch::channel(false);
            let shutdown = || {
                let mut stopped = stopped.clone();
                async move {
                    // An error means that the sender is gone, which is also the end.
                    let _ = stopped.wait_for(|stopped| *stopped).await;
                }
            };
            let stopper = async move {
                interrupted().await;
                stop.send_replace(true);
                Ok(())
            };
            tokio::try_join!(
                viewer.serve_page(page, shutdown()),
                viewer.serve_grpc(grpc, shutdown()),
                viewer.serve_http(http, shutdown()),
                stopper
            )
            .map(drop)
            .map_err(|error| error.to_string())
        }
    }
}

fn open(viewer: &Viewer, file: &Path) -> Result<(), String> {
    let shown = file.display();
    let report = viewer
        .add_file(file)
        .map_err(|error| format!("{shown} cannot be read: {error}"))?;
    for line in &report.invalid {
        complain(&format!(
            "{}:{}: skipped: {}",
            line.file.display(),
            line.line,
            line.reason
        ));
    }
    if report.invalid_lines > report.invalid.len() as u64 {
        complain(&format!(
            "{shown}: {} lines are skipped in all",
            report.invalid_lines
        ));
    }
    if report.lines == 0 {
        return Err(format!(
            "{shown} has no telemetry; lines of OTLP/JSON are accepted, as the exporter `file` writes them"
        ));
    }
    Ok(())
}

async fn bind(address: SocketAddr, option: &str) -> Result<TcpListener, String> {
    let bound = TcpListener::bind(address).await;
    bound
        .map_err(|error| format!("cannot listen on {address}: {error}; choose another address with {option}"))
}

/// Prints the address of the page, which is the first line.
fn announce(page: &TcpListener) -> Result<(), String> {
    let address = page.local_addr().map_err(|error| error.to_string())?;
    if !address.ip().is_loopback() {
        complain(&format!(
            "warning: everyone who can reach {address} can read the telemetry; the page has no password"
        ));
    }
    say(&format!("http://{address}/"))
}

async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminated.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    // Without a handler, the signal ends the process by itself.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn say(line: &str) -> Result<(), String> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")
        .and_then(|()| stdout.flush())
        .map_err(|error| format!("standard output: {error}"))
}

fn complain(line: &str) {
    // There is no other place to report to.
    let _ = writeln!(io::stderr().lock(), "{line}");
}
