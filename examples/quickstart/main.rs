//! One agent request, traced from end to end.
//!
//! A small service with `TaskWeaver`'s roles answers questions about a table of sales: the Planner asks the model what to
//! compute, the `CodeInterpreter` has its `CodeGenerator` ask for a plan and its Executor run it, and the Planner asks for
//! a reply. Every role talks to the model over HTTP.
//!
//! Run with
//!
//! ```text
//! cargo run --example quickstart
//! cargo run --example quickstart -- run "Which product sold most?" --tracing --exporter console
//! cargo run --example quickstart -- --help
//! ```

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value answers null for what is not there"
)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line program talks"
)]

mod app;
mod cli;
mod model;
mod model_server;
mod plan;
mod roles;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;
use throughline::telemetry::{self, TelemetryConfig};
use tokio::net::TcpListener;

use crate::cli::{Cli, Task};
use crate::model::Model;

#[tokio::main]
async fn main() -> ExitCode {
    let task = Cli::parse().task();
    match run(&task).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Starts what the task needs, sends it, prints the answer, and flushes the telemetry whether there is one or not.
async fn run(task: &Task) -> Result<(), Box<dyn Error>> {
    let config = TelemetryConfig::default()
        .with_enabled(task.tracing)
        .with_service_name("quickstart")
        .with_exporter(task.exporter)
        .with_endpoint(&task.otlp_endpoint);
    let telemetry = telemetry::init(config)?;
    let answer = answer(task).await.map(|answer| println!("{answer}\n"));
    if let Err(error) = telemetry.shutdown() {
        eprintln!("warning: {error}"); // The task is done all the same.
    }
    answer
}

async fn answer(task: &Task) -> Result<String, Box<dyn Error>> {
    let model_url = match &task.model_url {
        Some(url) => url.clone(),
        None => format!("http://{}/v1", serve(model_server::app()).await?),
    };
    let model = Model::new(&model_url, &task.model, task.api_key.clone())?;
    let service = serve(app::app(model)).await?;
    app::send(&format!("http://{service}/task"), &task.query).await
}

/// Serves a router on a free port of the loopback interface.
async fn serve(app: axum::Router) -> std::io::Result<std::net::SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(address)
}
