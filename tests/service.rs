//! Runs `examples/service` like a browser.

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use throughline_test_support::Collector;
use throughline_test_support::process::{Ran, Running, example, example_with, expect_help};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time;
use tokio_tungstenite::tungstenite::Message;

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
        let mut command = example_with("service", &[&["--port", "0"], arguments].concat());
        command
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", url)
            .env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf");
        let mut running = Running::start(command);
        let address = running.line("http://").await;
        Self {
            running,
            address,
            collector,
        }
    }

    async fn stop(self) -> (Ran, Collector) {
        self.running.signal("TERM").await;
        (self.running.end().await, self.collector)
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
        "the browser is told the end: {events}"
    );

    let socket = tokio_tungstenite::connect_async(format!("ws://{}/api/chat/live", service.address)).await;
    let (mut socket, _) = socket.expect("a WebSocket");
    for _ in 0..2 {
        socket.send(Message::text("Hi")).await.expect("sent");
        let mut answer = String::new();
        loop {
            let message = time::timeout(DEADLINE, socket.next()).await.expect("in time");
            match message.expect("a message").expect("no error") {
                Message::Text(text) if text.is_empty() => break,
                Message::Text(text) => answer += &text,
                other => panic!("{other:?} after {answer}"),
            }
        }
        assert_eq!(answer, ANSWER, "over the WebSocket");
    }

    // The answer to the close follows the end of the last question.
    socket.close(None).await.expect("sent");
    while let Some(message) = time::timeout(DEADLINE, socket.next()).await.expect("in time") {
        drop(message);
    }
    let socket = tokio_tungstenite::connect_async(format!("ws://{}/api/chat/live", service.address)).await;
    let (mut socket, _) = socket.expect("a WebSocket");

    let (stopped, closed) = tokio::join!(service.stop(), time::timeout(DEADLINE, socket.next()));
    let closed = closed.expect("in time");
    assert!(
        matches!(closed, Some(Ok(Message::Close(_)))),
        "it says goodbye: {closed:?}"
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

/// Each event used to wait until the previous one was acknowledged, about 40 ms, since `TCP_NODELAY` was not set.
#[tokio::test]
async fn events_are_not_stalled() {
    const EVENTS: usize = 24;
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

    let mut gaps = Vec::new();
    for event in 0..EVENTS {
        let chunk = json!({ "choices": [{ "index": 0, "delta": { "content": format!("<{event}>") } }] });
        let sent = Instant::now();
        write(&mut model, &format!("data: {chunk}\n\n")).await;
        until(&mut browser, &format!("data: <{event}>\n\n\r\n")).await;
        gaps.push(sent.elapsed());
    }
    gaps.sort();
    // Half of them, so that a busy machine does not matter.
    let median = gaps[EVENTS / 2];
    assert!(median < STALLED, "an event takes {median:?}: {gaps:?}");
    drop(model);
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
