//! Runs an example and captures its output.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::collector::Collector;

/// The time limit of an example, in debug mode on a busy machine.
const DEADLINE: Duration = Duration::from_secs(300);

/// The result of an example.
#[derive(Debug)]
#[non_exhaustive]
pub struct Ran {
    /// The exit code. `None` if a signal ended the process.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// A running example. It is killed on drop.
#[derive(Debug)]
pub struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    out: String,
}

/// Returns the command of an example's binary, which `cargo test` builds in the folder of the test.
#[must_use]
pub fn example(name: &str) -> Command {
    let mut path: PathBuf = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.push("examples");
    path.push(name);
    program(path)
}

/// Returns the command of a program, without the variables of the developer's environment that affect
/// telemetry.
#[must_use]
pub fn program(path: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(path);
    // The developer's environment must not affect the test.
    let foreign = |key: &str| {
        let prefixes = ["OTEL_", "THROUGHLINE_"];
        let names = ["BAGGAGE", "OPENAI_API_KEY", "TRACEPARENT", "TRACESTATE"];
        prefixes.iter().any(|prefix| key.starts_with(prefix)) || names.contains(&key)
    };
    for (key, _) in std::env::vars().filter(|(key, _)| foreign(key)) {
        command.env_remove(key);
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Returns the command of an example with these arguments.
#[must_use]
pub fn example_with(name: &str, arguments: &[&str]) -> Command {
    let mut command = example(name);
    command.args(arguments);
    command
}

/// Runs a command to its end.
pub async fn run(command: Command) -> Ran {
    Running::start(command).end().await
}

/// Runs a command to its end with `--exporter otlp` and a collector, over HTTP.
pub async fn collected(mut command: Command) -> (Ran, Collector) {
    let (collector, url) = Collector::start().await;
    let endpoint = format!("{url}/v1/traces");
    command.args(["--exporter", "otlp", "--otlp-endpoint", &endpoint]);
    (run(command).await, collector)
}

/// Runs a command with `--help`, and expects all of these parts in its output.
pub async fn expect_help(mut command: Command, parts: &[&str]) {
    command.arg("--help");
    let ran = run(command).await;
    assert_eq!(ran.code, Some(0), "exit code; {}", ran.err);
    for part in parts {
        assert!(ran.out.contains(part), "the help lacks {part:?}:\n{}", ran.out);
    }
}

impl Running {
    /// Starts a command.
    #[must_use]
    pub fn start(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the example is built and starts");
        Self {
            stdout: BufReader::new(child.stdout.take().unwrap()),
            child,
            out: String::new(),
        }
    }

    /// Waits for a line of standard output with this prefix, and returns the rest of it.
    pub async fn line(&mut self, start: &str) -> String {
        let find = async {
            loop {
                let mut line = String::new();
                let read = self.stdout.read_line(&mut line).await.unwrap();
                assert!(read > 0, "no line starts with {start:?}:\n{}", self.out);
                self.out += &line;
                if let Some(rest) = line.trim_end().strip_prefix(start) {
                    return rest.to_owned();
                }
            }
        };
        timeout(DEADLINE, find)
            .await
            .expect("the example prints the line in time")
    }

    /// Sends a signal, such as `INT`.
    pub async fn signal(&self, name: &str) {
        let id = self.child.id().expect("it runs");
        let mut kill = Command::new("sh");
        let sent = kill.arg("-c").arg(format!("kill -{name} {id}")).status().await;
        assert!(sent.unwrap().success(), "kill -{name}");
    }

    /// Waits for the end of the process.
    pub async fn end(mut self) -> Ran {
        let mut stderr = self.child.stderr.take().unwrap();
        let mut err = String::new();
        let read = async {
            tokio::try_join!(
                self.stdout.read_to_string(&mut self.out),
                stderr.read_to_string(&mut err)
            )?;
            self.child.wait().await
        };
        let status = timeout(DEADLINE, read)
            .await
            .expect("the example ends in time")
            .unwrap();
        Ran {
            code: status.code(),
            out: self.out,
            err,
        }
    }
}
