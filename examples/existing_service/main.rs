//! A service with logs, tower-http and reqwest, to which tracing was added.
//!
//! The service returns the price of an item in dollars, by the exchange rate of another service. A comment
//! `ADDED` marks each addition. A comment `BEFORE` marks each changed line and shows the original. Nothing
//! was removed. The log lines are the same as before, with `trace_id` and `span_id` added at the front.
//!
//! | before | now |
//! |---|---|
//! | `tracing` events as JSON lines | the same, with trace ids (feature `logs`): `main.rs` |
//! | a router with tower-http's `TraceLayer` | the same, inside a `ServerLayer`: `app.rs` |
//! | a reqwest client | the same, inside a `ClientLayer`: `rates.rs` |
//! | a function with `#[instrument]` | the same, and its span is part of the trace (feature `trace-layer`): `main.rs` |
//!
//! Run with
//!
//! ```text
//! cargo run --example existing_service
//! cargo run --example existing_service -- --otlp-endpoint http://127.0.0.1:4318
//! cargo run --example existing_service -- --help
//! ```

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program prints"
)]

mod app;
mod cli;
mod rates;
mod rates_server;

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
// ADDED
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use clap::Parser;
use serde_json::Value;
// ADDED
use throughline::telemetry::{self, Telemetry, TelemetryConfig, logs::Correlated};
use tokio::net::TcpListener;
use tracing::Level;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::cli::Cli;
use crate::rates::Rates;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Prints the logs of the service and of tower-http as JSON lines.
// BEFORE: without the argument.
fn log_as_json(telemetry: &Telemetry) {
    let lines = tracing_subscriber::fmt::layer()
        .json()
        // ADDED: `trace_id` and `span_id` as the first members of each line that belongs to a trace.
        .map_event_format(Correlated::json)
        .with_writer(io::stderr)
        .with_filter(
            Targets::new()
                .with_target("existing_service", Level::INFO)
                .with_target("tower_http", Level::DEBUG),
        );
    // ADDED: records the spans of `#[instrument]`. That of tower-http says what the span of `ServerLayer` says.
    let spans = Targets::new().with_target("existing_service", Level::INFO);
    let spans = telemetry.trace_layer().with_filter(spans);
    tracing_subscriber::registry().with(lines).with(spans).init();
}

async fn run(cli: Cli) -> Result<(), Box<dyn Error>> {
    // ADDED: installs the providers and the propagator that the layers use. In production, use
    // `telemetry::init_from_env()?`, which is off unless an `OTEL_*` variable enables it.
    let config = TelemetryConfig::default()
        .with_enabled(true)
        .with_service_name("prices")
        .with_exporter(cli.exporter())
        .with_endpoint(cli.otlp_endpoint());
    let telemetry = telemetry::init(config)?;
    log_as_json(&telemetry);

    let answer = request_price(&cli).await.map(|price| println!("{price}\n"));

    // ADDED: exports all recorded telemetry before the process ends, within a deadline.
    if let Err(error) = telemetry.shutdown_within(Duration::from_secs(30)) {
        eprintln!("warning: {error}");
    }
    answer
}

/// Starts the service and sends it one request, from a client without tracing.
async fn request_price(cli: &Cli) -> Result<String, Box<dyn Error>> {
    let rates_url = match &cli.rates_url {
        Some(url) => url.clone(),
        None => format!("http://{}", serve(rates_server::app()).await?),
    };
    let service = serve(app::app(Rates::new(&rates_url))).await?;
    let url = format!("http://{service}/prices/{}", cli.item);
    let reply: Value = reqwest::get(url).await?.json().await?;
    match (reply.get("price"), reply.get("error")) {
        (Some(price), _) => Ok(format!("{} for {price} dollars", cli.item)),
        (_, Some(Value::String(error))) => Err(error.clone().into()),
        _ => Err(format!("the service answered {reply}").into()),
    }
}

/// Serves a router on a free port of the loopback interface.
async fn serve(app: Router) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    // Without `TCP_NODELAY`, an event of a stream waits until the previous one is acknowledged.
    let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
    // ADDED: provides the caller's address for the span's `client.address`.
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(address)
}
