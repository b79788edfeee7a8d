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
//! cargo run --example quickstart -- run "Which product sold most?" --tracing --otlp-endpoint http://127.0.0.1:4317
//! cargo run --example quickstart -- serve --exporter prometheus
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

/// Does the job between the start of telemetry and its end, so that no last span is lost, whatever becomes of the job.
fn run(cli: &Cli) -> Result<(), Box<dyn Error>> {
    let telemetry = telemetry::init(cli.telemetry()?)?;
    let runtime = Runtime::new()?;
    let done = runtime.block_on(work(cli, &telemetry));
    // Ends the requests that nobody waits for any more, and so their spans, before the last spans are delivered.
    runtime.shutdown_timeout(LEFTOVERS);
    if let Err(error) = telemetry.shutdown_within(DELIVERY) {
        eprintln!("warning: {error}"); // The job is done all the same.
    }
    done
}

async fn work(cli: &Cli, telemetry: &Telemetry) -> Result<(), Box<dyn Error>> {
    let mut stop = Stop::new()?;
    let app = app::app(cli.model(telemetry.tokenizer_target_model()).await?);
    match cli.job() {
        Job::Ask(query) => {
            let url = format!("http://{}/task", server::start(app).await?);
            tokio::select! {
                answer = app::send(&url, query) => println!("{}\n", answer?),
                () = stop.asked() => return Err("interrupted".into()),
            }
        }
        Job::Serve(port) => server::serve(app, port, telemetry, &mut stop).await?,
    }
    Ok(())
}

/// How long tasks may take to end at their next await, and tokens to be counted.
const LEFTOVERS: Duration = Duration::from_secs(30);

/// How long the last spans may take, on a machine that is busy.
const DELIVERY: Duration = Duration::from_secs(30);
