//! Runs an example, to its end or until it is told to stop, and keeps what it prints.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};

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

/// An example that serves until it is told to stop.
#[derive(Debug)]
pub struct Server {
    child: Child,
    out: BufReader<ChildStdout>,
    /// The first line that it printed, which is its address.
    pub address: String,
}

impl Server {
    /// Starts it and waits for its address.
    pub async fn start(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the example is built and starts");
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut address = String::new();
        tokio::time::timeout(DEADLINE, out.read_line(&mut address))
            .await
            .expect("it says its address in time")
            .unwrap();
        let address = address.trim().to_owned();
        Self { child, out, address }
    }

    /// Asks it to terminate, and waits for its end.
    pub async fn stop(self) -> Ran {
        let Self { child, mut out, .. } = self;
        let id = child.id().expect("it runs").to_string();
        Command::new("kill").arg(id).status().await.expect("kill");
        let mut rest = String::new();
        let rest = async {
            out.read_to_string(&mut rest).await.unwrap();
            rest
        };
        let end = async { tokio::join!(rest, child.wait_with_output()) };
        let (out, output) = tokio::time::timeout(DEADLINE, end)
            .await
            .expect("the example ends in time");
        let output = output.unwrap();
        Ran {
            code: output.status.code(),
            out,
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
