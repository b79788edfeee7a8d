//! A mock of the model providers, with the answers of `aimock.json`.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::process::Command;

use crate::peer::{Peer, free_address, peers};

/// A running mock.
pub(crate) struct Aimock {
    _peer: Peer,
    pub(crate) address: SocketAddr,
}

impl Aimock {
    /// Starts it.
    pub(crate) async fn start() -> Self {
        let address = free_address();
        let mut command = Command::new("node");
        command
            .arg(peers().join("node_modules/.bin/llmock"))
            .args([
                "--host",
                "127.0.0.1",
                "--port",
                &address.port().to_string(),
                "--strict",
            ])
            .args(["--fixtures", concat!(env!("CARGO_MANIFEST_DIR"), "/aimock.json")]);
        Self {
            _peer: Peer::start("aimock", command, address).await,
            address,
        }
    }

    /// The header of each request that reached it.
    pub(crate) async fn received(&self, header: &str) -> Vec<String> {
        let url = format!("http://{}/__aimock/journal", self.address);
        let answer = reqwest::get(url).await.expect("the journal");
        let journal: Value = answer.json().await.expect("JSON");
        let entries = journal.as_array().expect("a list");
        entries
            .iter()
            .filter_map(|entry| entry["headers"][header].as_str())
            .map(str::to_owned)
            .collect()
    }
}
