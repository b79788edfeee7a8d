//! Runs `examples/quickstart serve`, and stops it in different states.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::routing;
use axum::{Json, Router};
use serde_json::{Value, json};
use throughline_test_support::process::{Ran, Running, example_with, expect_help, run};
use throughline_test_support::{Collector, serve};
use tokio::process::Command;
use tokio::sync::Semaphore;
use tokio::time::timeout;

const QUERY: &str = "Which product sold most?";
const ANSWER: &str = "By the sales table: chair: 1250, desk: 5200, lamp: 1500.";

fn quickstart(arguments: &[&str]) -> Command {
    example_with("quickstart", arguments)
}

/// A running service and the URL of its tasks.
struct Service {
    running: Running,
    url: String,
}

impl Service {
    async fn start(arguments: &[&str]) -> Self {
        let mut command = quickstart(&[&["serve", "--port", "0"], arguments].concat());
        // The export interval is an hour, so only the shutdown exports spans.
        command.env("OTEL_BSP_SCHEDULE_DELAY", "3600000");
        command.env("THROUGHLINE_VIEWER_LISTEN", "127.0.0.1:0");
        let mut running = Running::start(command);
        let line = running.line("tasks: curl ").await;
        let (url, _) = line.split_once(' ').expect("an URL");
        let url = url.to_owned();
        running.line("Press Ctrl-C to stop").await;
        Self { running, url }
    }

    async fn post(&self, query: &str) -> (StatusCode, Value) {
        post(&self.url, query).await
    }

    async fn stop(self, signal: &str) -> Ran {
        self.running.signal(signal).await;
        self.running.end().await
    }
}

async fn post(url: &str, query: &str) -> (StatusCode, Value) {
    let request = reqwest::Client::new().post(url).json(&json!({ "query": query }));
    let response = request.send().await.expect("an answer");
    let status = response.status();
    let text = response.text().await.expect("a whole answer");
    (status, serde_json::from_str(&text).unwrap_or_default())
}

/// Starts a model that signals each request, and answers 503 when it is released.
async fn slow_model() -> (String, Arc<Semaphore>, Arc<Semaphore>) {
    let (received, answer) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let (arrived, waits) = (Arc::clone(&received), Arc::clone(&answer));
    let model = routing::post(async move || {
        arrived.add_permits(1);
        waits.acquire().await.expect("it is open").forget();
        (
            StatusCode::SERVICE_UNAVAILABLE,
            Json(json!({ "error": { "message": "late" } })),
        )
    });
    let address = serve(Router::new().route("/v1/chat/completions", model)).await;
    (format!("http://{address}/v1"), received, answer)
}

/// Returns a file path for a test.
fn file(test: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{test}.jsonl"));
    let _ = std::fs::remove_file(&path);
    path
}

/// Returns the name and `error.type` of the server spans, in start order.
fn requests(collector: &Collector) -> Vec<String> {
    let tree = collector.tree(&[]);
    let mut requests = Vec::new();
    for line in tree.lines() {
        if let Some(name) = line.strip_prefix("Server ") {
            requests.push(name.to_owned());
        } else if let (Some(last), Some(error)) = (requests.last_mut(), line.strip_prefix("  - error.type="))
        {
            last.push_str(error);
        }
    }
    requests
}

fn read(path: &Path) -> Collector {
    Collector::read(&std::fs::read_to_string(path).expect("the file"))
}

#[tokio::test]
async fn ctrl_c_and_sigterm_lose_no_last_span() {
    for signal in ["INT", "TERM"] {
        let path = file(&format!("serve-{signal}"));
        let service = Service::start(&["--file", path.to_str().expect("text")]).await;
        for _ in 0..3 {
            let answered = service.post(QUERY).await;
            assert_eq!(
                answered,
                (StatusCode::OK, json!({ "answer": ANSWER })),
                "{signal}"
            );
        }
        let ran = service.stop(signal).await;
        assert_eq!(
            (ran.code, ran.err.as_str()),
            (Some(0), ""),
            "{signal}: it ends well"
        );
        let spans = read(&path);
        assert_eq!(
            requests(&spans),
            ["POST /task"; 3],
            "{signal}: every request is in the file"
        );
        assert_eq!(
            spans.spans().len(),
            3 * 11,
            "{signal}: with all that is beneath it"
        );
        assert_eq!(
            spans.counter("prompt_size"),
            ["direction=\"input\" 279", "direction=\"output\" 54"],
            "{signal}: and the last tokens"
        );
    }
}

#[tokio::test]
async fn request_in_progress_is_completed_and_recorded() {
    let (model, received, answer) = slow_model().await;
    let (collector, endpoint) = Collector::start().await;
    let endpoint = format!("{endpoint}/v1/traces");
    let mut service = Service::start(&["--model-url", &model, "--otlp-endpoint", &endpoint]).await;
    let url = service.url.clone();
    let waiting = tokio::spawn(async move { post(&url, QUERY).await });
    received.acquire().await.expect("it is open").forget();
    service.running.signal("INT").await;
    service.running.line("stopping").await;
    answer.add_permits(1);
    let (status, _) = waiting.await.expect("the task ends");
    assert_eq!(
        status,
        StatusCode::BAD_GATEWAY,
        "the answer came after the signal"
    );
    let ran = service.running.end().await;
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(requests(&collector), ["POST /task [error]\"502\""], "{}", ran.err);
}

#[tokio::test]
async fn second_ctrl_c_cancels_requests_and_their_spans_record_it() {
    let (model, received, _answer) = slow_model().await;
    let path = file("second");
    let place = path.to_str().expect("text");
    let mut service = Service::start(&["--model-url", &model, "--file", place]).await;
    let url = service.url.clone();
    let waiting = tokio::spawn(async move {
        reqwest::Client::new()
            .post(url)
            .json(&json!({ "query": QUERY }))
            .send()
            .await
    });
    received.acquire().await.expect("it is open").forget();
    service.running.signal("INT").await;
    service.running.line("stopping").await;
    let ran = service.stop("INT").await;
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "it ends at once");
    assert!(
        waiting.await.expect("the task ends").is_err(),
        "the caller has no answer"
    );
    let spans = read(&path);
    assert_eq!(
        requests(&spans),
        ["POST /task [error]\"cancelled\""],
        "the request's span in\n{}",
        std::fs::read_to_string(&path).expect("the file")
    );
    let names: Vec<String> = spans.spans().into_iter().map(|span| span.name).collect();
    assert_eq!(
        names.len(),
        4,
        "with its agent, its model call and its attempt: {names:?}"
    );
}

#[tokio::test]
async fn panic_is_recorded_and_the_service_continues() {
    let path = file("panic");
    let place = path.to_str().expect("text");
    let service = Service::start(&["--model", "scripted-crash", "--file", place]).await;
    for _ in 0..2 {
        assert_eq!(
            service.post(QUERY).await.0,
            StatusCode::INTERNAL_SERVER_ERROR,
            "it answers"
        );
    }
    let ran = service.stop("INT").await;
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(
        ran.err.contains("the plan crashed"),
        "the panic is reported: {}",
        ran.err
    );
    let spans = read(&path);
    assert_eq!(
        requests(&spans),
        ["POST /task [error]\"panic\""; 2],
        "{}",
        spans.tree(&[])
    );
    let tool = "Internal execute_tool Executor [error: panicked]";
    assert!(
        spans.tree(&[]).contains(tool),
        "the tool's too:\n{}",
        spans.tree(&[])
    );
}

#[tokio::test]
async fn ctrl_c_in_run_ends_the_task_and_loses_no_span() {
    let (model, received, _answer) = slow_model().await;
    let path = file("run");
    let place = path.to_str().expect("text");
    let arguments = ["run", QUERY, "--tracing", "--model-url", &model, "--file", place];
    let running = Running::start(quickstart(&arguments));
    received.acquire().await.expect("it is open").forget();
    running.signal("INT").await;
    let ran = running.end().await;
    assert_eq!(
        (ran.code, ran.out.as_str(), ran.err.as_str()),
        (Some(1), "", "error: interrupted\n")
    );
    assert_eq!(
        requests(&read(&path)),
        ["POST /task [error]\"cancelled\""],
        "the span of the request"
    );
}

#[tokio::test]
async fn metrics_are_served_to_a_prometheus() {
    let mut command = quickstart(&[]);
    command.args([
        "serve",
        "--port",
        "0",
        "--exporter",
        "prometheus",
        "--metrics-listen",
        "127.0.0.1:0",
    ]);
    command.env("THROUGHLINE_VIEWER_LISTEN", "none");
    let mut running = Running::start(command);
    let line = running.line("tasks: curl ").await;
    let page = running.line("metrics: ").await;
    let (url, _) = line.split_once(' ').expect("an URL");
    assert_eq!(post(url, QUERY).await.0, StatusCode::OK, "it answers");
    let text = read_page(&page).await;
    for part in [
        "prompt_size_total{direction=\"input\"} 93",
        "prompt_size_total{direction=\"output\"} 18",
        "http_server_request_duration_seconds_count{",
        "gen_ai_client_inference_time_to_first_chunk_seconds_count{",
        "service_name=\"quickstart\"",
    ] {
        assert!(text.contains(part), "the page lacks {part:?}:\n{text}");
    }
    running.signal("INT").await;
    let ran = running.end().await;
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "it ends well");
    assert!(
        !ran.out.contains("trace "),
        "no traces on the console:\n{}",
        ran.out
    );
}

/// Reads the page of metrics. A slow client may receive none, and retries.
async fn read_page(url: &str) -> String {
    let read = async {
        loop {
            match reqwest::get(url).await {
                Ok(page) => return page.text().await.expect("text"),
                Err(_) => tokio::task::yield_now().await,
            }
        }
    };
    let deadline = Duration::from_secs(60);
    timeout(deadline, read).await.expect("the page")
}

#[tokio::test]
async fn first_line_is_the_address_of_the_page_that_shows_the_traces() {
    let mut command = quickstart(&["serve", "--port", "0"]);
    command.env("THROUGHLINE_VIEWER_LISTEN", "127.0.0.1:0");
    let mut running = Running::start(command);
    let first = running.line("").await;
    let page = first
        .strip_prefix("page: ")
        .expect("the first line is the address of the page");
    let line = running.line("tasks: curl ").await;
    let (url, _) = line.split_once(' ').expect("an URL");
    assert_eq!(post(url, QUERY).await.0, StatusCode::OK, "it answers");
    let read = async {
        loop {
            let list = reqwest::get(format!("{page}api/traces"))
                .await
                .expect("the page answers");
            let list: Value = list.json().await.expect("JSON");
            if list["matched"] == 1 && list["traces"][0]["complete"] == true {
                return list;
            }
            tokio::task::yield_now().await;
        }
    };
    let list = timeout(Duration::from_secs(60), read)
        .await
        .expect("the trace in time");
    assert_eq!(
        list["traces"][0]["name"], "POST /task",
        "the trace of the request"
    );
    assert_eq!(list["traces"][0]["root_service"], "quickstart", "its service");
    running.signal("TERM").await;
    assert_eq!(running.end().await.code, Some(0), "it ends");
}

#[tokio::test]
async fn occupied_port_is_reported() {
    let taken = serve(Router::new()).await;
    let mut command = quickstart(&[]);
    command.args(["serve", "--port", &taken.port().to_string()]);
    command.env("THROUGHLINE_VIEWER_LISTEN", "none");
    let ran = run(command).await;
    assert_eq!(ran.code, Some(1), "exit code");
    let error = format!("error: cannot listen on --port {}: ", taken.port());
    assert!(ran.err.starts_with(&error), "{}", ran.err);
}

#[tokio::test]
async fn options_override_the_environment() {
    let (by_variable, variable) = Collector::start().await;
    let (by_option, option) = Collector::start().await;
    let endpoint = |url: &str| format!("{url}/v1/traces");
    let option = endpoint(&option);
    let cases: [(&str, &[&str], usize, usize); 4] = [
        ("", &["run", QUERY], 11, 0),
        ("OTEL_SDK_DISABLED=true", &["run", QUERY, "--tracing"], 0, 0),
        ("", &["--otlp-endpoint", &option], 0, 11),
        ("OTEL_TRACES_EXPORTER=none", &["run", QUERY], 0, 0),
    ];
    let mut sums = (0, 0);
    for (more, arguments, more_by_variable, more_by_option) in cases {
        let mut command = quickstart(arguments);
        command
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint(&variable))
            .envs(more.split_once('='));
        let ran = run(command).await;
        assert_eq!(ran.code, Some(0), "{more} {arguments:?}: {}", ran.err);
        sums = (sums.0 + more_by_variable, sums.1 + more_by_option);
        let seen = (by_variable.spans().len(), by_option.spans().len());
        assert_eq!(
            seen, sums,
            "{more} {arguments:?}: spans by the variable, and by the option"
        );
    }
}

#[tokio::test]
async fn help_lists_options_and_examples() {
    let parts = ["serve", "--metrics-listen", "OTEL_SDK_DISABLED", "scripted-crash"];
    expect_help(quickstart(&[]), &parts).await;
    let parts = ["POST /task", "Ctrl-C", "--port", "--exporter", "prometheus"];
    expect_help(quickstart(&["serve"]), &parts).await;
}
