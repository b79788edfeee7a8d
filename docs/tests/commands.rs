//! The commands of the guide work, and so does the service of its first page.

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails with a message")]

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use throughline_test_support::{TEST_TIMEOUT, poll_until};
use tokio::process::Command;
use tokio::time::timeout;

/// A block may have to compile an example first.
const COMPILE_TIMEOUT: Duration = Duration::from_secs(900);

#[tokio::test]
async fn every_command_of_the_guide_succeeds() {
    let mut run = 0;
    for page in pages() {
        for block in blocks(&read(&page), "sh") {
            let mut command = Command::new("bash");
            command
                .args(["-euo", "pipefail", "-c", &block])
                .current_dir(root());
            finish(command, &format!("{}: {block}", page.display())).await;
            run += 1;
        }
    }
    assert!(run >= 4, "only {run} commands were found");
}

#[tokio::test]
async fn the_service_of_the_first_page_prints_the_trace_of_a_request() {
    let page = read(&root().join("docs/src/start.md"));
    let manifest = blocks(&page, "toml").remove(0);
    let program = blocks(&page, "rust").remove(0);
    let project = root().join("target/guide-start/hello");
    fs::create_dir_all(project.join("src")).expect("a folder");
    let throughline = format!("path = {:?}", root().display().to_string());
    let manifest = manifest.replace("path = \"../throughline\"", &throughline);
    assert!(
        manifest.contains(&throughline),
        "the manifest names a path to Throughline:\n{manifest}"
    );
    fs::write(project.join("Cargo.toml"), format!("{manifest}\n[workspace]\n")).expect("a manifest");
    // The versions that the workspace was tested with.
    fs::copy(root().join("Cargo.lock"), project.join("Cargo.lock")).expect("a lock file");
    let port = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = port.local_addr().expect("an address");
    drop(port);
    let program = program.replace("127.0.0.1:3000", &address.to_string());
    fs::write(project.join("src/main.rs"), program).expect("a program");

    let mut build = Command::new(env!("CARGO"));
    // In the target folder and with the debug information of the workspace, so that less is compiled again.
    build
        .args(["build", "-q", "--target-dir"])
        .arg(root().join("target"))
        .env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only")
        .env("CARGO_PROFILE_DEV_BUILD_OVERRIDE_DEBUG", "line-tables-only");
    build.current_dir(&project);
    finish(build, "cargo build of the project of the first page").await;

    let mut service = Command::new(root().join("target/debug/hello"));
    service
        .env("OTEL_SERVICE_NAME", "hello")
        .env("OTEL_TRACES_EXPORTER", "console");
    let service = service
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the service starts");
    let url = format!("http://{address}/relay/Ada");
    let answer = poll_until(format!("an answer from {url}"), TEST_TIMEOUT, async || {
        reqwest::get(&url).await.ok()?.text().await.ok()
    });
    assert_eq!(answer.await, "Hello, Ada!", "the answer");

    let id = service.id().expect("a running service").to_string();
    let mut stop = Command::new("kill");
    stop.args(["-INT", &id]);
    finish(stop, "kill").await;
    let output = timeout(TEST_TIMEOUT, service.wait_with_output()).await;
    let output = output.expect("the service stops in time").expect("its output");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}\n{printed}", output.status);
    for name in ["GET /relay/{name}", "└─ GET ", "└─ GET /hello/{name}"] {
        assert!(printed.contains(name), "{name:?} is not in the trace:\n{printed}");
    }
}

/// Runs a command to its end, and fails with what it printed if it fails.
async fn finish(mut command: Command, what: &str) {
    command.stdin(Stdio::null()).kill_on_drop(true);
    let output = timeout(COMPILE_TIMEOUT, command.output()).await;
    let output = output.unwrap_or_else(|_| panic!("{what}: not finished after {COMPILE_TIMEOUT:?}"));
    let output = output.unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(
        output.status.success(),
        "{what}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("a folder")
        .to_owned()
}

fn pages() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("docs/src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of pages") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The code blocks of a page in one language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else {
            continue;
        };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        if info.split(',').next() == Some(language) {
            found.push(block.join("\n"));
        }
    }
    found
}
