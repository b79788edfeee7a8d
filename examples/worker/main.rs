//! One trace across a queue and a child process.
//!
//! A sender puts jobs into a queue. A worker takes them out and starts a child process per job, which counts
//! the words of its text. The queue has no support for tracing: the context travels in the metadata of the
//! message (`throughline::propagation::carrier`). The child process receives it in the environment variable
//! `TRACEPARENT` (`throughline::propagation::env`).
//!
//! | span | service name | kind | parent |
//! |---|---|---|---|
//! | `submit` | `worker` | internal | the span of `TRACEPARENT`, if it is set |
//! | `send jobs` | `worker` | producer | `submit` |
//! | `process jobs` | `worker` | consumer | `send jobs`, from the message's metadata |
//! | `count` | `word-counter` | internal | `process jobs`, from the child's `TRACEPARENT` |
//!
//! Names, kinds and attributes follow the OpenTelemetry conventions for messaging and for command-line
//! programs.
//!
//! Run with
//!
//! ```text
//! cargo run --example worker
//! cargo run --example worker -- --otlp-endpoint http://127.0.0.1:4318
//! cargo run --example worker -- --help
//! ```

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program prints"
)]

mod child;
mod cli;
mod queue;
mod worker;

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use throughline::opentelemetry::trace::SpanBuilder;
use throughline::propagation::env;
use throughline::{span, telemetry};

use crate::child::Child;
use crate::cli::{Cli, Command};

/// The time limit for exporting the last spans. It is generous, for busy machines.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(30);

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match &cli.command {
        Some(Command::Count { text }) => child::main(&cli, text),
        None => run(&cli).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Sends the jobs, waits for the worker, prints the results, and exports the spans in any case.
async fn run(cli: &Cli) -> Result<(), Box<dyn Error>> {
    let telemetry = telemetry::init(cli.telemetry("worker"))?;
    let done = work(cli).await;
    if let Err(error) = telemetry.shutdown_within(SHUTDOWN_TIMEOUT) {
        eprintln!("warning: {error}"); // The jobs are done, so this is not an error.
    }
    done
}

async fn work(cli: &Cli) -> Result<(), Box<dyn Error>> {
    let (sender, receiver) = queue::queue();
    let child = Child::new(cli)?;
    let worker = tokio::spawn(worker::run(receiver, child));
    // Continues the trace of a shell or a job runner. Without one, this span is the root.
    span::open_in(env::extract(), || SpanBuilder::from_name("submit"))
        .around(async {
            for text in &cli.jobs {
                sender.send(text).await;
            }
        })
        .await;
    // The worker ends when the queue is empty and all senders are dropped.
    drop(sender);
    let mut failed = None;
    for (text, counted) in worker.await? {
        match counted {
            Ok(words) => println!("{words} words: {text}"),
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    println!();
    failed.map_or(Ok(()), |error| Err(error.into()))
}
