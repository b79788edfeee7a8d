//! The child process: how the worker starts it, and what it does.

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

use crate::SHUTDOWN_TIMEOUT;
use crate::cli::Cli;

/// The command line that starts a child process.
#[derive(Debug)]
pub(crate) struct Child {
    program: PathBuf,
    arguments: Vec<OsString>,
}

/// An error message for the user.
#[derive(Debug)]
pub(crate) struct ChildError(String);

impl Child {
    /// Uses the program of `--child`. Default: this program.
    pub(crate) fn new(cli: &Cli) -> std::io::Result<Self> {
        let program = cli.child.clone().map_or_else(std::env::current_exe, Ok)?;
        Ok(Self {
            program,
            arguments: cli.child_arguments(),
        })
    }

    /// Starts a child process that counts the words of a text. Its parent span is the current one.
    pub(crate) async fn count(&self, text: &str) -> Result<u64, ChildError> {
        let failed = |why: &dyn fmt::Display| {
            ChildError(format!("the child process {} {why}", self.program.display()))
        };
        let mut command = Command::new(&self.program);
        // `--`, because a text may begin with a dash.
        command.args(&self.arguments).args(["count", "--", text]);
        // The worker reads standard output; standard error goes to the user.
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        // Sets `TRACEPARENT`, `TRACESTATE` and `BAGGAGE`, and removes those that the worker itself inherited.
        env::inject(&Context::current(), command.as_std_mut());
        let started = command.spawn();
        let started = started.map_err(|error| failed(&format_args!("cannot be started: {error}")))?;
        let output = started.wait_with_output().await;
        let output = output.map_err(|error| failed(&format_args!("cannot be waited for: {error}")))?;
        if !output.status.success() {
            return Err(failed(&format_args!("failed: {}", output.status)));
        }
        let answer = String::from_utf8_lossy(&output.stdout);
        answer
            .trim()
            .parse()
            .map_err(|_| failed(&format_args!("did not print a number: {answer:?}")))
    }
}

impl fmt::Display for ChildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for ChildError {}

/// The `main` of the child process: records one span in the trace of the environment.
pub(crate) fn main(cli: &Cli, text: &str) -> Result<(), Box<dyn Error>> {
    let telemetry = telemetry::init(cli.telemetry("word-counter"))?;
    {
        let _span = span::open_in(env::extract(), execution).enter();
        println!("{}", text.split_whitespace().count());
        span::set_span_attribute("process.exit.code", 0);
    }
    // Exports the span before the process ends. A failed export does not fail the job.
    if let Err(error) = telemetry.shutdown_within(SHUTDOWN_TIMEOUT) {
        eprintln!("warning: {error}");
    }
    Ok(())
}

/// Creates a span by the conventions for command-line programs
/// (<https://opentelemetry.io/docs/specs/semconv/cli/cli-spans/>).
fn execution() -> SpanBuilder {
    let name = std::env::current_exe().ok();
    let name = name.as_ref().and_then(|path| path.file_name());
    let name = name.map(|name| name.to_string_lossy().into_owned());
    SpanBuilder::from_name("count").with_attributes([
        KeyValue::new("process.executable.name", name.unwrap_or_default()),
        KeyValue::new("process.pid", i64::from(std::process::id())),
    ])
}
