//! Runs `examples/service` like a browser.

use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::post;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use throughline_test_support::process::{Ran, Running, example, example_with, expect_help};
use throughline_test_support::{Collector, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// The time limit for a byte to arrive.
const DEADLINE: Duration = Duration::from_secs(30);

const ANSWER: &str = "This answer arrives word by word.";

/// A running service, with the collector that it exports to.
struct Service {
    running: Running,
    address: String,
    collector: Collector,
}

impl Service {
    async fn start(arguments: &[&str]) -> Self {
        let (collector, url) = Collector::start().await;
        let variables = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ];
        Self::start_with(arguments, &variables, collector).await
    }

    async fn start_with(arguments: &[&str], variables: &[(&str, &str)], collector: Collector) -> Self {
        let mut command = example_with("service", &[&["--port", "0"], arguments].concat());
        command.envs(variables.iter().copied());
        let mut running = Running::start(command);
        let address = running.line("http://").await;
        Self {
            running,
            address,
            collector,
        }
    }

    /// Opens a WebSocket for questions.
    async fn connect(&self) -> LiveSocket {
        let url = format!("ws://{}/api/chat/live", self.address);
        let (socket, _) = tokio_tungstenite::connect_async(url).await.expect("a WebSocket");
        LiveSocket(socket)
    }

    async fn stop(self) -> (Ran, Collector) {
        self.running.signal("TERM").await;
        (self.running.end().await, self.collector)
    }
}

struct LiveSocket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl LiveSocket {
    async fn send_question(&mut self) {
        self.0.send(Message::text("Hi")).await.expect("sent");
    }

    async fn next(&mut self) -> Option<Message> {
        let message = time::timeout(DEADLINE, self.0.next()).await.expect("in time");
        message.map(|message| message.expect("no error"))
    }

    /// Returns the rest of an answer.
    async fn answer(&mut self) -> String {
        let mut answer = String::new();
        loop {
            match self.next().await {
                Some(Message::Text(text)) if text.is_empty() => return answer,
                Some(Message::Text(text)) => answer += &text,
                other => panic!("{other:?} after {answer:?}"),
            }
        }
    }
}

/// Reads until the received text ends with `end`.
async fn until(stream: &mut TcpStream, end: &str) -> String {
    let mut read = Vec::new();
    while !read.ends_with(end.as_bytes()) {
        match time::timeout(DEADLINE, stream.read_u8()).await {
            Ok(Ok(byte)) => read.push(byte),
            other => panic!("{other:?} before {end:?}: {}", String::from_utf8_lossy(&read)),
        }
    }
    String::from_utf8(read).expect("text")
}

async fn write(stream: &mut TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).await.expect("written");
}

/// The names of the spans of the last signal, indented by their depth, with their routes.
fn outline(collector: &Collector) -> Vec<String> {
    let tree = collector.tree(&[]);
    let is_span = |line: &&str| !line.trim_start().starts_with(['-', '!']);
    tree.lines().filter(is_span).map(str::to_owned).collect()
}

#[tokio::test]
async fn a_browser_gets_events_and_a_live_answer() {
    let service = Service::start(&[]).await;
    let url = format!("http://{}", service.address);
    let page = reqwest::get(&url)
        .await
        .expect("a page")
        .text()
        .await
        .expect("text");
    assert!(
        page.contains("new EventSource(\"/api/chat/events?\""),
        "the page: {page}"
    );
    let health = reqwest::get(format!("{url}/health")).await.expect("an answer");
    assert_eq!(health.text().await.expect("text"), "ok", "the health check");
    let me: Value = reqwest::get(format!("{url}/api/me"))
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON");
    assert_eq!(me, json!({ "address": "127.0.0.1" }), "the caller");

    let events = reqwest::get(format!("{url}/api/chat/events?question=Hi"))
        .await
        .expect("a stream");
    assert_eq!(
        events.headers()["content-type"],
        "text/event-stream",
        "for EventSource"
    );
    let events = events.text().await.expect("text");
    let words: String = events
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .collect();
    assert_eq!(words, ANSWER, "the answer: {events}");
    assert!(
        events.contains("event: done\n"),
        "the last event says that there is no more: {events}"
    );

    let mut socket = service.connect().await;
    for _ in 0..2 {
        socket.send_question().await;
        assert_eq!(socket.answer().await, ANSWER, "over the WebSocket");
    }

    // The answer to the close follows the end of the last question.
    socket.0.close(None).await.expect("sent");
    while let Some(message) = socket.next().await {
        drop(message);
    }
    let mut socket = service.connect().await;

    let (stopped, closed) = tokio::join!(service.stop(), socket.next());
    assert!(
        matches!(closed, Some(Message::Close(_))),
        "the service closes it: {closed:?}"
    );
    let (ran, collector) = stopped;
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "it ends well");
    let expected = [
        "Server GET /",
        "Server GET /api/me",
        "Server GET /api/chat/events",
        "  Client chat scripted",
        "    Client POST",
        "Server GET /api/chat/live",
        "  Internal live question",
        "    Client chat scripted",
        "      Client POST",
        "  Internal live question",
        "    Client chat scripted",
        "      Client POST",
        "Server GET /api/chat/live",
    ];
    assert_eq!(outline(&collector), expected, "the health check is not recorded");
    let tree = collector.tree(&[]);
    assert_eq!(
        tree.matches("gen_ai.usage.output_tokens=8").count(),
        3,
        "the tokens of each call: {tree}"
    );
}

/// The service used to end while the answer was being written, and its spans were lost.
#[tokio::test]
async fn a_question_in_progress_is_answered_at_shutdown() {
    let service = Service::start(&[]).await;
    let mut socket = service.connect().await;
    socket.send_question().await;
    let first = socket.next().await;
    assert_eq!(first, Some(Message::text("This ")), "the first word");

    let rest = async {
        let answer = socket.answer().await;
        (answer, socket.next().await)
    };
    let ((ran, collector), (answer, closed)) = tokio::join!(service.stop(), rest);
    assert_eq!(
        answer, "answer arrives word by word.",
        "the service completes the answer"
    );
    assert!(
        matches!(closed, Some(Message::Close(_))),
        "the service closes it: {closed:?}"
    );
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "it ends well");
    let expected = [
        "Server GET /api/chat/live",
        "  Internal live question",
        "    Client chat scripted",
        "      Client POST",
    ];
    assert_eq!(outline(&collector), expected, "no span is lost");
    let tree = collector.tree(&[]);
    assert!(
        tree.contains("gen_ai.usage.output_tokens=8"),
        "the tokens: {tree}"
    );
}

/// A file is read by `init_from_env`, and the layer is `LlmLayer::new()`.
#[tokio::test]
async fn the_target_model_of_a_file_estimates_the_tokens() {
    let answer = json!({ "choices": [{ "index": 0, "delta": { "content": "Hello" } }] });
    let body = format!("data: {answer}\n\ndata: [DONE]\n\n");
    let answer = async move || ([("content-type", "text/event-stream")], body);
    let model = Router::new().route("/chat/completions", post(answer));
    let model = format!("http://{}", serve(model).await);
    for (target, encoding) in [(None, "o200k_base?"), (Some("gpt-4"), "cl100k_base?")] {
        let (collector, url) = Collector::start().await;
        let file = json!({
            "tracing.enabled": true,
            "tracing.exporter": "otlp",
            "tracing.endpoint": format!("{url}/v1/traces"),
            "tracing.tokenizer_target_model": target,
        });
        let path = format!(
            "{}/target_{}.json",
            env!("CARGO_TARGET_TMPDIR"),
            target.unwrap_or("none")
        );
        std::fs::write(&path, file.to_string()).expect("written");
        let variables = [("THROUGHLINE_CONFIG", path.as_str())];
        let service = Service::start_with(&["--model-url", &model], &variables, collector).await;
        let url = format!("http://{}/api/chat/events?question=Hi", service.address);
        let events = reqwest::get(url)
            .await
            .expect("a stream")
            .text()
            .await
            .expect("text");
        assert!(events.contains("data: Hello\n"), "the answer: {events}");

        let (ran, collector) = service.stop().await;
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "it ends well");
        let tree = collector.tree(&[]);
        let expected = format!("throughline.tokens.encoding={encoding:?}");
        assert_eq!(tree.matches(&expected).count(), 1, "the model {target:?}: {tree}");
    }
}

/// Without `TCP_NODELAY`, the first event of an answer waits until the head of the response is acknowledged.
/// On a connection that has carried a request before, that takes about 40 ms.
#[tokio::test]
async fn events_are_not_stalled() {
    const ANSWERS: usize = 12;
    /// Delayed acknowledgements take at least 40 ms on Linux. Without them, an event takes less than one.
    const STALLED: Duration = Duration::from_millis(30);
    let model = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/v1", model.local_addr().expect("an address"));
    let service = Service::start(&["--model-url", &url]).await;
    let mut browser = TcpStream::connect(&service.address).await.expect("it listens");
    let request = format!(
        "GET /api/chat/events?question=Hi HTTP/1.1\r\nhost: {}\r\n\r\n",
        service.address
    );

    let mut waits = Vec::new();
    for answer in 0..ANSWERS {
        write(&mut browser, &request).await;
        let (mut model, _) = model.accept().await.expect("a connection");
        model.set_nodelay(true).expect("set");
        until(&mut model, "\r\n\r\n").await;
        write(
            &mut model,
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n",
        )
        .await;
        until(&mut browser, "\r\n\r\n").await;
        let chunk = json!({ "choices": [{ "index": 0, "delta": { "content": format!("<{answer}>") } }] });
        let sent = Instant::now();
        write(&mut model, &format!("data: {chunk}\n\n")).await;
        until(&mut browser, &format!("data: <{answer}>\n\n\r\n")).await;
        waits.push(sent.elapsed());
        drop(model);
        until(&mut browser, "\r\n0\r\n\r\n").await;
    }
    waits.sort();
    // Half of them, so that a busy machine does not matter.
    let median = waits[ANSWERS / 2];
    assert!(median < STALLED, "an event takes {median:?}: {waits:?}");
    drop(browser);
    service.stop().await;
}

#[tokio::test]
async fn help_shows_how_to_try_it() {
    let parts = [
        "--port",
        "--model-url",
        "OTEL_TRACES_EXPORTER=console service",
        "curl -N",
    ];
    expect_help(example("service"), &parts).await;
}
