//! The commands of the guide work, and so does the service of its first page.

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails with a message")]

mod guide;

use std::env;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use throughline_test_support::{TEST_TIMEOUT, poll_until};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use self::guide::{blocks, pages, read};

/// A block may have to compile an example first.
const COMPILE_TIMEOUT: Duration = Duration::from_secs(900);

/// A file that the viewer opens.
const TRACE: &str = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331","name":"work","startTimeUnixNano":"1700000000000000000","endTimeUnixNano":"1700000001000000000"}]}]}]}"#;

/// The file with a key in the configuration of the gateway.
const SECRET: &str = "/run/secrets/azure";

/// Runs the examples from a build with the features of the whole workspace. `cargo run` would compile many dependencies
/// again with fewer features. Another step of the gate checks that the examples compile with those.
#[tokio::test]
async fn every_command_of_the_guide_succeeds() {
    build(&["--examples"]).await;
    let mut run = 0;
    for page in pages() {
        for block in blocks(&read(&page), "sh") {
            let text = block.replace("cargo run -q --example ", "target/debug/examples/");
            let mut command = Command::new("bash");
            command
                .args(["-euo", "pipefail", "-c", &text])
                .current_dir(root());
            finish(&mut command, &format!("{}: {block}", page.display())).await;
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
        .arg(root().join("target"));
    for name in [
        "CARGO_PROFILE_DEV_DEBUG",
        "CARGO_PROFILE_DEV_BUILD_OVERRIDE_DEBUG",
    ] {
        build.env(name, env::var(name).as_deref().unwrap_or("line-tables-only"));
    }
    build.current_dir(&project);
    finish(&mut build, "cargo build of the project of the first page").await;

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
    finish(&mut stop, "kill").await;
    let output = timeout(TEST_TIMEOUT, service.wait_with_output()).await;
    let output = output.expect("the service stops in time").expect("its output");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}\n{printed}", output.status);
    for name in ["GET /relay/{name}", "└─ GET ", "└─ GET /hello/{name}"] {
        assert!(printed.contains(name), "{name:?} is not in the trace:\n{printed}");
    }
}

/// How a command of a block of `text` is tested. It starts a server, needs files, or belongs to the reader.
enum Shown {
    /// With these arguments, it prints the address that it serves, and this page of it is found.
    Serves(&'static str, &'static str),
    /// It ends without an error.
    Ends,
    /// The test of the first page does the same.
    InTheFirstPage,
    /// It is a program of the reader.
    NotOurs,
}

/// The programs of the workspace that the pages start with `cargo run -p`.
const PROGRAMS: [&str; 2] = ["throughline-gateway", "throughline-viewer"];

#[rustfmt::skip]
const SHOWN: &[(&str, Shown)] = &[
    ("OTEL_TRACES_EXPORTER=console cargo run -p throughline-gateway", Shown::Serves("--listen 127.0.0.1:0", "healthz")),
    ("OPENAI_BASE_URL=http://127.0.0.1:12000/v1 python your_program.py", Shown::NotOurs),
    ("cargo run -p throughline-gateway -- --config gateway.yaml --check", Shown::Ends),
    ("cargo run -p throughline-gateway -- --config gateway.yaml", Shown::Serves("--listen 127.0.0.1:0", "healthz")),
    ("cargo new hello", Shown::InTheFirstPage),
    ("cd hello", Shown::InTheFirstPage),
    ("OTEL_SERVICE_NAME=hello OTEL_TRACES_EXPORTER=console cargo run", Shown::InTheFirstPage),
    ("curl http://127.0.0.1:3000/relay/Ada", Shown::InTheFirstPage),
    ("cargo run -p throughline-viewer", Shown::Serves("--listen 127.0.0.1:0 --grpc 127.0.0.1:0 --http 127.0.0.1:0", "")),
    ("cargo run -p throughline-viewer -- open trace.jsonl", Shown::Serves("--listen 127.0.0.1:0", "")),
];

/// The blocks of `text` were not run, so that a command in them could have been wrong.
#[tokio::test]
async fn every_command_of_a_text_block_works() {
    let mut lines = Vec::new();
    for page in pages() {
        let blocks = blocks(&read(&page), "text");
        lines.extend(
            blocks
                .iter()
                .flat_map(|block| block.lines())
                .map(str::to_owned)
                .filter(|line| is_command(line)),
        );
    }
    let mut listed: Vec<&str> = SHOWN.iter().map(|(line, _)| *line).collect();
    listed.sort_unstable();
    lines.sort_unstable();
    assert_eq!(
        lines, listed,
        "the commands of the pages, and those that are listed here"
    );

    let folder = root().join("target/guide-commands");
    fs::create_dir_all(&folder).expect("a folder");
    let file = |name: &str| folder.join(name).display().to_string();
    let gateway = read(&root().join("docs/src/gateway.md"));
    let gateway = blocks(&gateway, "yaml").remove(0);
    assert!(
        gateway.contains(SECRET),
        "the configuration names a file:\n{gateway}"
    );
    fs::write(file("gateway.yaml"), gateway.replace(SECRET, &file("key"))).expect("a configuration");
    fs::write(file("key"), "secret").expect("a key");
    fs::write(file("trace.jsonl"), TRACE).expect("a file of traces");
    // Another step of the gate checks that each package compiles with its own features alone.
    build(&PROGRAMS.map(|name| format!("--bin={name}"))).await;
    for (line, shown) in SHOWN {
        let mut text = (*line).to_owned();
        for program in PROGRAMS {
            text = text.replace(
                &format!("cargo run -p {program}"),
                &format!("target/debug/{program}"),
            );
        }
        text = text.replace(" -- ", " ");
        for name in ["gateway.yaml", "trace.jsonl"] {
            text = text.replace(name, &file(name));
        }
        let mut command = Command::new("bash");
        command.current_dir(root()).env("OPENAI_API_KEY", "secret");
        match shown {
            Shown::Serves(arguments, page) => {
                command.args([
                    "-c",
                    &format!("exec {text} {arguments}").replace("exec OTEL", "exec env OTEL"),
                ]);
                serves(command, page, line).await;
            }
            Shown::Ends => finish(command.args(["-c", &text]), line).await,
            Shown::InTheFirstPage | Shown::NotOurs => {}
        }
    }
}

/// Builds programs with the features of the whole workspace. Also builds an example, since Cargo enables the features of
/// dev-dependencies only then.
async fn build(programs: &[impl AsRef<str>]) {
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "-q", "--workspace", "--example=quickstart"]);
    build.args(programs.iter().map(AsRef::as_ref)).current_dir(root());
    finish(&mut build, "cargo build").await;
}

/// Whether a line is a command, after the variables that are set for it.
fn is_command(line: &str) -> bool {
    let is_variable = |word: &&str| word.contains('=');
    let mut words = line.split(' ').skip_while(is_variable);
    matches!(
        words.next(),
        Some("cargo" | "cd" | "curl" | "python" | "docker" | "npm" | "export")
    )
}

/// Starts a server, and gets a page from the address that it prints first.
async fn serves(mut command: Command, page: &str, what: &str) {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    let mut server = command.spawn().unwrap_or_else(|error| panic!("{what}: {error}"));
    let mut printed = BufReader::new(server.stdout.take().expect("its output")).lines();
    let line = timeout(COMPILE_TIMEOUT, printed.next_line()).await;
    let line = line.unwrap_or_else(|_| panic!("{what}: nothing is printed after {COMPILE_TIMEOUT:?}"));
    let address = line
        .expect("its output")
        .unwrap_or_else(|| panic!("{what}: it ended"));
    let url = format!("{}/{page}", address.trim_end_matches('/'));
    let response = reqwest::get(&url)
        .await
        .unwrap_or_else(|error| panic!("{what}: {url}: {error}"));
    assert_eq!(response.status(), 200, "{what}: {url}");
}

/// Runs a command to its end, and fails with what it printed if it fails.
async fn finish(command: &mut Command, what: &str) {
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
