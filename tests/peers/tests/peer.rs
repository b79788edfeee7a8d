//! Starts a peer, waits until it answers, and stops it.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use throughline_test_support::process::program;
use throughline_test_support::{Vacant, poll_until};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time;

/// How long a peer may take to start, or to show what it received.
pub(crate) const DEADLINE: Duration = Duration::from_secs(180);

/// A running peer; it stops when this is dropped.
pub(crate) struct Peer {
    child: Child,
    log: PathBuf,
}

impl Peer {
    /// Starts a program that listens on `address`; what it prints goes to a file named after it.
    pub(crate) async fn start(name: &str, mut command: Command, address: SocketAddr) -> Self {
        let log = peers().join(format!("{name}-{}.log", address.port()));
        let file = File::create(&log).expect("a log file");
        command
            .stdout(file.try_clone().expect("the log file"))
            .stderr(file)
            .kill_on_drop(true);
        let child = command.spawn().unwrap_or_else(|error| {
            panic!("{name} does not start: {error}; tests/peers/run installs it");
        });
        let peer = Self { child, log };
        until(&format!("{name} listens"), async || {
            TcpStream::connect(address).await.ok()
        })
        .await;
        peer
    }

    /// Stops it and waits for its end.
    pub(crate) async fn stop(mut self) {
        self.child.kill().await.expect("it runs");
    }

    /// The lines that the peer printed so far.
    pub(crate) fn printed(&self) -> String {
        let mut printed = std::fs::read_to_string(&self.log).expect("the log");
        printed.truncate(printed.rfind('\n').map_or(0, |end| end + 1));
        printed
    }

    /// Asks it to end, and returns all that it printed.
    pub(crate) async fn end(mut self) -> String {
        let id = self.child.id().expect("it runs").to_string();
        let mut kill = Command::new("kill");
        let sent = kill.args(["-TERM", &id]).status().await.expect("kill");
        assert!(sent.success(), "kill -TERM");
        let ended = time::timeout(DEADLINE, self.child.wait()).await;
        ended.expect("it ends in time").expect("its status");
        self.printed()
    }
}

/// Where the peers are installed.
pub(crate) fn peers() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/peers");
    root.canonicalize().expect("tests/peers/run installs the peers")
}

/// The gateway's program, which `tests/peers/run` builds.
pub(crate) fn gateway_program() -> PathBuf {
    let mut path = std::env::current_exe().expect("the test");
    path.pop();
    path.set_file_name("throughline-gateway");
    path
}

/// Returns the command of a gateway whose providers are all at `upstream`, with more of its configuration.
pub(crate) fn gateway(upstream: SocketAddr, more: &str) -> Command {
    let path = peers().join(format!("gateway-{}.yaml", upstream.port()));
    let providers = ["openai", "anthropic", "gemini"]
        .map(|api| format!("  - {{ name: {api}, api: {api}, base_url: 'http://{upstream}' }}\n"))
        .concat();
    let yaml = format!("listeners: [{{ address: 127.0.0.1:0 }}]\nproviders:\n{providers}{more}\n");
    std::fs::write(&path, yaml).expect("a file");
    let mut command = program(gateway_program());
    command.arg("--config").arg(path);
    command
}

/// The one file below the peers' packages whose name ends so.
pub(crate) fn installed(ending: &str) -> PathBuf {
    let mut folders = vec![peers().join("venv/lib")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                return path;
            }
        }
    }
    panic!(
        "no {ending} below {}; tests/peers/run installs it",
        peers().display()
    );
}

/// An address of the loopback interface for a peer to listen on, which no other test uses.
pub(crate) fn free_address() -> SocketAddr {
    static HELD: Mutex<Vec<Vacant>> = Mutex::new(Vec::new());
    let vacant = Vacant::new();
    let address = vacant.address();
    HELD.lock().expect("unpoisoned").push(vacant);
    address
}

/// Polls until there is a value.
pub(crate) async fn until<T>(what: &str, poll: impl AsyncFnMut() -> Option<T>) -> T {
    poll_until(what, DEADLINE, poll).await
}
