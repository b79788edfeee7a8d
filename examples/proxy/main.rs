//! A proxy in front of a model provider that records a trace and the tokens of each request.
//!
//! The proxy forwards path, method and headers, and returns the status, headers and body of the answer
//! unchanged and without delay. It records a server span, a client span, and for each model call a span with
//! its tokens.
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
    reason = "a command-line program prints"
)]

mod cli;
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

/// The time limit for requests in progress when the proxy stops, and then for exporting the last spans.
const GRACE_PERIOD: Duration = Duration::from_secs(30);

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
    // Off unless an `OTEL_*` variable enables it. The proxy works either way.
    let telemetry = telemetry::init_from_env()?;
    let app = proxy::app(&cli.upstream, cli.layer())?;
    let port = cli.port;
    let listener = TcpListener::bind(("127.0.0.1", port)).await;
    let listener = listener.map_err(|error| format!("cannot listen on --port {port}: {error}"))?;
    println!("http://{}", listener.local_addr()?);

    // Provides the caller's address for the span's `client.address`.
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, app).with_graceful_shutdown(stop());
    tokio::select! {
        ended = served => ended?,
        () = grace_period_exceeded() => eprintln!("warning: requests were still in progress after {GRACE_PERIOD:?}"),
    }
    // Waits for the last tokens to be counted and the last spans to be exported.
    if let Err(error) = telemetry.shutdown_within(GRACE_PERIOD) {
        eprintln!("warning: {error}"); // The requests were forwarded, so this is not an error.
    }
    Ok(())
}

/// Completes on Ctrl-C or SIGTERM.
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

/// Completes when the grace period after the stop signal has passed.
async fn grace_period_exceeded() {
    stop().await;
    time::sleep(GRACE_PERIOD).await;
}
