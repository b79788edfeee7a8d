//! Starts a peer, waits until it answers, and stops it.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use throughline_test_support::Vacant;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time;

/// How long a peer may take to start, or to show what it received.
pub(crate) const DEADLINE: Duration = Duration::from_secs(180);
const PAUSE: Duration = Duration::from_millis(50);

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

/// An address of the loopback interface for a peer to listen on, which nobody else is given.
pub(crate) fn free_address() -> SocketAddr {
    static HELD: Mutex<Vec<Vacant>> = Mutex::new(Vec::new());
    let vacant = Vacant::new();
    let address = vacant.address();
    HELD.lock().expect("unpoisoned").push(vacant);
    address
}

/// Asks until there is an answer.
pub(crate) async fn until<T>(what: &str, mut poll: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = poll().await {
            return answer;
        }
        assert!(start.elapsed() < DEADLINE, "{what}: not within {DEADLINE:?}");
        time::sleep(PAUSE).await;
    }
}
