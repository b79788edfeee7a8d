//! Runs an example and keeps what it prints.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

/// No example takes longer than this, in debug mode on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// How an example ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct Ran {
    /// The exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// An example's binary: `cargo test` builds it beside this test.
#[must_use]
pub fn example(name: &str) -> Command {
    let mut path: PathBuf = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.push("examples");
    path.push(name);
    let mut command = Command::new(&path);
    // The developer's own environment must not change what is tested.
    let foreign =
        |key: &str| key.starts_with("OTEL_") || key.starts_with("THROUGHLINE_") || key == "OPENAI_API_KEY";
    for (key, _) in std::env::vars().filter(|(key, _)| foreign(key)) {
        command.env_remove(key);
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Runs it to its end.
pub async fn run(mut command: Command) -> Ran {
    let output = tokio::time::timeout(DEADLINE, command.output()).await;
    let output = output
        .expect("the example ends in time")
        .expect("the example is built and starts");
    Ran {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}
