//! The child process: seen from the worker that starts it, and from within.

use std::error::Error;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::process::Stdio;

use throughline::opentelemetry::trace::SpanBuilder;
use throughline::opentelemetry::{Context, KeyValue};
use throughline::propagation::env;
use throughline::{span, telemetry};
use tokio::process::Command;

use crate::DELIVERY;
use crate::cli::Cli;

/// How to start a child.
#[derive(Debug)]
pub(crate) struct Child {
    program: PathBuf,
    arguments: Vec<OsString>,
}

/// Why a child gave no number, in words for the user.
#[derive(Debug)]
pub(crate) struct ChildError(String);

impl Child {
    /// This program, or the one that was asked for.
    pub(crate) fn new(cli: &Cli) -> std::io::Result<Self> {
        let program = cli.child.clone().map_or_else(std::env::current_exe, Ok)?;
        Ok(Self {
            program,
            arguments: cli.of_child(),
        })
    }

    /// Has a child count the words of a text, in the current span.
    pub(crate) async fn count(&self, text: &str) -> Result<u64, ChildError> {
        let failed = |why: &dyn fmt::Display| {
            ChildError(format!("the child process {} {why}", self.program.display()))
        };
        let mut command = Command::new(&self.program);
        // `--`: a text may begin with a dash.
        command.args(&self.arguments).args(["count", "--", text]);
        // Its answer is for the worker, what it says on standard error for the user.
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        // `TRACEPARENT`, `TRACESTATE` and `BAGGAGE`; those of the worker's own environment are taken away.
        env::inject(&Context::current(), command.as_std_mut());
        let started = command.spawn();
        let started = started.map_err(|error| failed(&format_args!("cannot be started: {error}")))?;
        let output = started.wait_with_output().await;
        let output = output.map_err(|error| failed(&format_args!("cannot be waited for: {error}")))?;
        if !output.status.success() {
            return Err(failed(&format_args!("failed: {}", output.status)));
        }
        let said = String::from_utf8_lossy(&output.stdout);
        said.trim()
            .parse()
            .map_err(|_| failed(&format_args!("did not answer with a number: {said:?}")))
    }
}

impl fmt::Display for ChildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for ChildError {}

/// The child's own `main`: one span, in the trace that its environment names.
pub(crate) fn main(cli: &Cli, text: &str) -> Result<(), Box<dyn Error>> {
    let telemetry = telemetry::init(cli.telemetry("word-counter"))?;
    {
        let _span = span::open_in(env::extract(), execution).enter();
        println!("{}", text.split_whitespace().count());
        span::set_span_attribute("process.exit.code", 0);
    }
    // A process that ends takes with it what has not been delivered; and that is no reason for the job to fail.
    if let Err(error) = telemetry.shutdown_within(DELIVERY) {
        eprintln!("warning: {error}");
    }
    Ok(())
}

/// A span by the conventions for command line programs (<https://opentelemetry.io/docs/specs/semconv/cli/cli-spans/>).
fn execution() -> SpanBuilder {
    let name = std::env::current_exe().ok();
    let name = name.as_ref().and_then(|path| path.file_name());
    let name = name.map(|name| name.to_string_lossy().into_owned());
    SpanBuilder::from_name("count").with_attributes([
        KeyValue::new("process.executable.name", name.unwrap_or_default()),
        KeyValue::new("process.pid", i64::from(std::process::id())),
    ])
}
