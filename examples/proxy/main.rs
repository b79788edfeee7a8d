//! A proxy in front of a model provider, with one trace and one count of tokens for whoever sends through it.
//!
//! Whatever path, method and headers come are sent on, and the answer passes as it is: status, headers and bytes, each
//! when it comes. The proxy adds a server span, a span for each model call with its tokens, and a client span.
//!
//! Run with
//!
//! ```text
//! OTEL_TRACES_EXPORTER=console cargo run --example proxy -- --upstream https://api.openai.com
//! cargo run --example proxy -- --help
//! ```

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line program talks"
)]

mod cli;
mod hop;
mod proxy;

use std::error::Error;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use throughline::telemetry;
use tokio::net::TcpListener;
use tokio::time;

use crate::cli::Cli;

/// How long answers that are under way may take when the proxy is told to stop, and then the last spans.
const GRACE: Duration = Duration::from_secs(30);

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: &Cli) -> Result<(), Box<dyn Error>> {
    // Off unless an `OTEL_*` variable turns it on; the proxy works all the same.
    let telemetry = telemetry::init_from_env()?;
    let app = proxy::app(&cli.upstream, cli.layer())?;
    let port = cli.port;
    let listener = TcpListener::bind(("127.0.0.1", port)).await;
    let listener = listener.map_err(|error| format!("--port {port} cannot be listened on: {error}"))?;
    println!("http://{}", listener.local_addr()?);

    // With the caller's address, which is the span's `client.address`.
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, app).with_graceful_shutdown(stop());
    tokio::select! {
        ended = served => ended?,
        () = late() => eprintln!("warning: answers were still under way after {GRACE:?}"),
    }
    // It is done when the last tokens are counted and the last spans delivered.
    if let Err(error) = telemetry.shutdown_within(GRACE) {
        eprintln!("warning: {error}"); // The proxy has done its work all the same.
    }
    Ok(())
}

/// Ends at Ctrl-C and when the process is asked to terminate.
async fn stop() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupted => {},
                _ = terminated.recv() => {},
            }
            return;
        }
    }
    let _ = interrupted.await;
}

async fn late() {
    stop().await;
    time::sleep(GRACE).await;
}
