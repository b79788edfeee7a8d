//! The service of `src/service.rs`, as its own process.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time;

use crate::peer::DEADLINE;

/// A running service.
pub(crate) struct Service {
    child: Child,
    url: String,
}

impl Service {
    /// Starts it with these variables and no other ones of its kind.
    pub(crate) async fn start(variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_service"));
        let foreign = |key: &str| key.starts_with("OTEL_") || key.starts_with("THROUGHLINE_");
        for (key, _) in std::env::vars().filter(|(key, _)| foreign(key)) {
            command.env_remove(key);
        }
        command
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().expect("the service starts");
        let mut address = String::new();
        let mut lines = BufReader::new(child.stdout.take().expect("its output"));
        lines.read_line(&mut address).await.expect("its address");
        let url = format!("http://{}/chat", address.trim());
        Self { child, url }
    }

    /// Sends so many requests, one after the other; every one succeeds.
    pub(crate) async fn send_requests(&self, times: usize) {
        let client = reqwest::Client::new();
        for _ in 0..times {
            let response = client.post(&self.url).send().await.expect("an answer");
            assert_eq!(response.status(), 200, "the service answers");
        }
    }

    /// Orders an end, and returns whether it was a success, and what was printed on standard error.
    pub(crate) async fn end(mut self, order: &str) -> (bool, String) {
        let mut orders = self.child.stdin.take().expect("its input");
        orders.write_all(order.as_bytes()).await.expect("ordered");
        self.ended().await
    }

    /// Presses Ctrl-C.
    pub(crate) async fn interrupt(self) -> (bool, String) {
        let id = self.child.id().expect("it runs").to_string();
        let mut kill = Command::new("kill");
        kill.args(["-INT", &id]).status().await.expect("kill");
        self.ended().await
    }

    async fn ended(mut self) -> (bool, String) {
        let mut errors = self.child.stderr.take().expect("its errors");
        let mut text = String::new();
        let end = async {
            errors.read_to_string(&mut text).await.expect("text");
            self.child.wait().await.expect("its status").success()
        };
        let success = time::timeout(DEADLINE, end).await.expect("it ends in time");
        (success, text)
    }
}
