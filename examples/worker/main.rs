//! A trace that crosses a queue and a process: what is in the message's metadata, and in the child's environment.
//!
//! A sender puts jobs into a queue, a worker takes each out and starts a child process that counts the words of its text.
//! Neither the queue nor the process knows anything of tracing: the context travels as strings beside the job
//! (`throughline::propagation::carrier`) and in the variable `TRACEPARENT` (`throughline::propagation::env`).
//!
//! | span | service name | kind | parent |
//! |---|---|---|---|
//! | `submit` | `worker` | internal | what `TRACEPARENT` names, if it is set |
//! | `send jobs` | `worker` | producer | `submit` |
//! | `process jobs` | `worker` | consumer | `send jobs`, from the message's metadata |
//! | `count` | `word-counter` | internal | `process jobs`, from the child's `TRACEPARENT` |
//!
//! Names, kinds and attributes are those of OpenTelemetry's conventions for messaging and for command line programs.
//!
//! Run with
//!
//! ```text
//! cargo run --example worker
//! cargo run --example worker -- --otlp-endpoint http://127.0.0.1:4317
//! cargo run --example worker -- --help
//! ```

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line program talks"
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

/// How long the last spans may take, on a machine that is busy.
const DELIVERY: Duration = Duration::from_secs(30);

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

/// Sends the jobs, lets the worker do them, prints what came of it, and delivers the spans whatever it is.
async fn run(cli: &Cli) -> Result<(), Box<dyn Error>> {
    let telemetry = telemetry::init(cli.telemetry("worker"))?;
    let done = work(cli).await;
    if let Err(error) = telemetry.shutdown_within(DELIVERY) {
        eprintln!("warning: {error}"); // The jobs are done all the same.
    }
    done
}

async fn work(cli: &Cli) -> Result<(), Box<dyn Error>> {
    let (sender, receiver) = queue::queue();
    let child = Child::new(cli)?;
    let worker = tokio::spawn(worker::run(receiver, child));
    // A trace that a shell or a job runner began goes on here; without one, this span is the root.
    span::open_in(env::extract(), || SpanBuilder::from_name("submit"))
        .around(async {
            for text in &cli.jobs {
                sender.send(text).await;
            }
        })
        .await;
    // The worker ends when the queue is empty and nobody can send any more.
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
