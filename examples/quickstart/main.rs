//! One agent request, traced from end to end.
//!
//! A small service with the roles of `TaskWeaver` answers questions about a table of sales. The Planner asks
//! the model what to compute. The `CodeInterpreter` lets the `CodeGenerator` request a plan and the Executor
//! run it. Then the Planner requests the reply. All roles call the model over HTTP.
//!
//! Run with
//!
//! ```text
//! cargo run --example quickstart
//! cargo run --example quickstart -- run "Which product sold most?" --tracing --otlp-endpoint http://127.0.0.1:4318
//! cargo run --example quickstart -- serve --exporter prometheus
//! cargo run --example quickstart -- --help
//! ```

#![expect(
    clippy::indexing_slicing,
    reason = "indexing a JSON value returns null for a missing member"
)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program prints"
)]

mod app;
mod cli;
mod model;
mod model_server;
mod plan;
mod roles;
mod server;
mod stop;
mod telemetry_options;

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use throughline::telemetry::{self, Telemetry};
use tokio::runtime::Runtime;

use crate::cli::{Cli, Job};
use crate::stop::Stop;

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the job between the start and the shutdown of telemetry, so that the last spans are exported even if
/// it fails.
fn run(cli: &Cli) -> Result<(), Box<dyn Error>> {
    let telemetry = telemetry::init(cli.telemetry()?)?;
    if let Some(note) = cli.note_if_off().filter(|_| !telemetry.is_enabled()) {
        eprintln!("note: {note}");
    }
    let runtime = Runtime::new()?;
    let done = runtime.block_on(work(cli, &telemetry));
    // Cancels the remaining requests, which ends their spans, before the last spans are exported.
    runtime.shutdown_timeout(RUNTIME_TIMEOUT);
    if let Err(error) = telemetry.shutdown_within(EXPORT_TIMEOUT) {
        eprintln!("warning: {error}"); // The job is done, so this is not an error.
    }
    done
}

async fn work(cli: &Cli, telemetry: &Telemetry) -> Result<(), Box<dyn Error>> {
    let mut stop = Stop::new()?;
    let app = app::app(cli.model().await?);
    match cli.job() {
        Job::Run(query) => {
            let url = format!("http://{}/task", server::start(app).await?);
            tokio::select! {
                answer = app::send(&url, query) => println!("{}\n", answer?),
                () = stop.requested() => return Err("interrupted".into()),
            }
        }
        Job::Serve(port) => server::serve(app, port, telemetry, &mut stop).await?,
    }
    Ok(())
}

/// The time limit for tasks to end at their next await, and for tokens to be counted.
const RUNTIME_TIMEOUT: Duration = Duration::from_secs(30);

/// The time limit for exporting the last spans. It is generous, for busy machines.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(30);
