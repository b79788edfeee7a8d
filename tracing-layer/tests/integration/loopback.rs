//! A loopback between a client with connections of its own and a server.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::{Router, routing};
use futures_util::StreamExt;
use opentelemetry::Context;
use opentelemetry::trace::{FutureExt, TraceContextExt, Tracer, TracerProvider};
use throughline_propagation::W3cPropagator;
use throughline_test_support::{Recorder, Vacant};
use throughline_tracing_layer::client::Client;
use throughline_tracing_layer::loopback::Loopback;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time;
use tower::{Layer, ServiceBuilder};

use super::{client, serve};

const DEADLINE: Duration = Duration::from_secs(30);

/// A service for reqwest's requests that the recorder sees.
fn observed(recorder: &Recorder) -> Client<reqwest::Client> {
    let transport = reqwest::Client::builder().no_deflate().build(); // encodings are the caller's matter
    client(recorder).layer(transport.expect("a client"))
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

/// Splits a base URL into the address and the path.
fn split(base_url: &str) -> (&str, &str) {
    let rest = base_url.strip_prefix("http://").expect("a scheme");
    rest.split_at(rest.find('/').expect("a path"))
}

/// Returns the lines in sorted order, because headers of different names have no order.
fn lines(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.split("\r\n").collect();
    lines[1..].sort_unstable();
    lines
}

#[tokio::test]
async fn every_byte_passes_and_each_event_at_once() {
    let recorder = Recorder::new();
    let provider = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let upstream = format!("http://{}/base", provider.local_addr().expect("an address"));
    let loopback = Loopback::start(&upstream, observed(&recorder))
        .await
        .expect("a loopback");
    let (address, path) = split(loopback.base_url());

    let mut client = TcpStream::connect(address).await.expect("it listens");
    let request = format!(
        "POST {path}/v1/chat?beta=%2F&x HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer key\r\naccept: */*\r\n\
         connection: x-mine\r\nx-mine: 1\r\nte: trailers\r\nx-two: a\r\nx-two: b\r\ncontent-length: 2\r\n\r\n{{}}"
    );
    write(&mut client, &request).await;
    let (mut server, _) = provider.accept().await.expect("a connection");
    let mut request = until(&mut server, "{}").await;
    let at = request.find("traceparent: ").expect("a traceparent");
    request.replace_range(at..at + 13 + 55 + 2, "");
    let expected = format!(
        "POST /base/v1/chat?beta=%2F&x HTTP/1.1\r\nauthorization: Bearer key\r\naccept: */*\r\nx-two: a\r\nx-two: b\r\n\
         content-length: 2\r\nhost: {}\r\n\r\n{{}}",
        provider.local_addr().expect("an address")
    );
    assert_eq!(
        lines(&request),
        lines(&expected),
        "the provider gets what the client sent"
    );

    write(
        &mut server,
        "HTTP/1.1 203 Other\r\ncontent-type: text/event-stream\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n\
         connection: keep-alive\r\nkeep-alive: timeout=5\r\ndate: Sat, 21 Nov 2026 00:00:00 GMT\r\n\
         transfer-encoding: chunked\r\n\r\n",
    )
    .await;
    let mut answer = String::new();
    for event in ["data: 1\n\n", "data: two\n\n"] {
        let chunk = format!("{:X}\r\n{event}\r\n", event.len());
        write(&mut server, &chunk).await;
        answer += &until(&mut client, &chunk).await; // before the next one is sent
    }
    write(&mut server, "0\r\n\r\n").await;
    answer += &until(&mut client, "0\r\n\r\n").await;
    let (head, _) = answer.split_once("\r\n\r\n").expect("a head");
    let expected = [
        "HTTP/1.1 203 Other",
        "content-type: text/event-stream",
        "date: Sat, 21 Nov 2026 00:00:00 GMT",
        "set-cookie: a=1",
        "set-cookie: b=2",
        "transfer-encoding: chunked",
    ];
    assert_eq!(lines(head), expected, "the client gets what the provider sent");

    // The next exchange has the same connection, and a body of known length.
    write(
        &mut client,
        &format!("HEAD {path} HTTP/1.1\r\nhost: {address}\r\n\r\n"),
    )
    .await;
    let request = until(&mut server, "\r\n\r\n").await;
    assert!(
        request.starts_with("HEAD /base/ HTTP/1.1\r\n"),
        "the root: {request}"
    );
    assert!(!request.contains("content-length"), "no body: {request}");
    write(&mut server, "HTTP/1.1 404 No\r\ncontent-length: 99\r\n\r\n").await;
    let answer = until(&mut client, "\r\n\r\n").await;
    assert!(
        answer.starts_with("HTTP/1.1 404 ") && answer.contains("content-length: 99"),
        "{answer}"
    );

    let tree = recorder.tree(&["server.port", "network.peer.port", "url.full"]);
    assert_eq!(
        tree.matches("Client ").count(),
        2,
        "a span for each attempt: {tree}"
    );
    assert!(!tree.contains(path), "no span has the token: {tree}");
}

#[tokio::test]
async fn only_callers_with_the_token_pass() {
    let upstream = serve(Router::new().fallback(async || "answered by the provider")).await;
    let recorder = Recorder::new();
    let loopback = Loopback::start(&format!("http://{upstream}"), observed(&recorder)).await;
    let loopback = loopback.expect("a loopback");
    let (address, path) = split(loopback.base_url());
    let mut wrong = path.to_owned();
    wrong.replace_range(1..2, if wrong.starts_with("/0") { "1" } else { "0" });
    for path in [
        "/",
        "/v1/models",
        &*wrong,
        &format!("{path}x/v1"),
        &format!("{path}.x/v1"),
    ] {
        let response = reqwest::get(format!("http://{address}{path}"))
            .await
            .expect("an answer");
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        let text = response.text().await.expect("text");
        assert!(text.contains("proxy_error"), "{path}: {text}");
    }
    assert!(recorder.spans().is_empty(), "no span");
    let shown = format!("{loopback:?} {:?}", loopback.scope());
    assert!(!shown.contains(&path[1..]), "no secret: {shown}");
}

/// Returns the value of the header `traceparent`.
async fn parent(headers: HeaderMap) -> String {
    let value = headers.get("traceparent").expect("a header");
    value.to_str().expect("text").to_owned()
}

#[tokio::test]
async fn spans_have_the_parent_of_the_scope_or_of_the_caller() {
    opentelemetry::global::set_text_map_propagator(W3cPropagator::new());
    let upstream = serve(Router::new().fallback(parent)).await;
    let recorder = Recorder::new();
    let loopback = Loopback::start(&format!("http://{upstream}"), observed(&recorder)).await;
    let loopback = loopback.expect("a loopback");
    let tracer = recorder.tracer_provider().tracer("test");
    let fetch = async |base_url: &str, parent: Option<&str>| {
        let mut request = reqwest::Client::new().get(format!("{base_url}/v1"));
        if let Some(parent) = parent {
            request = request.header("traceparent", parent);
        }
        request
            .send()
            .await
            .expect("an answer")
            .text()
            .await
            .expect("text")
    };

    let context = Context::new().with_span(tracer.start("agent"));
    let scope = async { loopback.scope() }.with_context(context.clone()).await;
    let within = fetch(scope.base_url(), None).await;
    let sent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let remote = fetch(loopback.base_url(), Some(sent)).await;
    let alone = fetch(loopback.base_url(), None).await;
    let url = scope.base_url().to_owned();
    drop(scope);
    let late = fetch(&url, None).await;
    drop(context);

    let spans = recorder.spans();
    let agent = spans
        .iter()
        .find(|span| span.name == "agent")
        .expect("it has ended");
    let attempts: Vec<_> = spans.iter().filter(|span| span.name == "GET").collect();
    assert_eq!(attempts.len(), 4, "a span for each request");
    for (name, seen, parent) in [
        (
            "in a scope",
            &within,
            Some(agent.span_context.span_id().to_string()),
        ),
        ("with a traceparent", &remote, Some("b7ad6b7169203331".to_owned())),
        ("alone", &alone, None),
        ("after the scope", &late, None),
    ] {
        let attempt = attempts
            .iter()
            .find(|span| seen.contains(&span.span_context.span_id().to_string()));
        let attempt = attempt.unwrap_or_else(|| panic!("{name}: a span for {seen}"));
        let found = attempt.parent_span_id;
        assert_eq!(
            found.to_string(),
            parent.unwrap_or_else(|| "0000000000000000".to_owned()),
            "{name}: the parent"
        );
    }
}

#[tokio::test]
async fn a_provider_that_is_unreachable_is_a_502_with_the_reason() {
    let vacant = Vacant::new();
    let recorder = Recorder::new();
    let loopback = Loopback::start(&format!("http://{}", vacant.address()), observed(&recorder)).await;
    let loopback = loopback.expect("a loopback");
    let response = reqwest::get(format!("{}/v1/models", loopback.base_url()))
        .await
        .expect("an answer");
    assert_eq!(
        response.status(),
        StatusCode::BAD_GATEWAY,
        "in place of the provider"
    );
    let text = response.text().await.expect("text");
    assert!(
        text.contains("proxy_error") && text.contains("Connection refused"),
        "{text}"
    );
    let tree = recorder.tree(&[]);
    assert!(
        tree.contains("error.type=\"connection_refused\""),
        "the span: {tree}"
    );
}

#[tokio::test]
async fn an_answer_that_is_cut_is_cut_for_the_caller() {
    let provider = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let upstream = format!("http://{}", provider.local_addr().expect("an address"));
    let loopback = Loopback::start(&upstream, observed(&Recorder::new())).await;
    let loopback = loopback.expect("a loopback");
    let url = loopback.base_url().to_owned();
    let pending = tokio::spawn(async move { reqwest::get(url).await });
    let (mut server, _) = provider.accept().await.expect("a connection");
    until(&mut server, "\r\n\r\n").await;
    write(&mut server, "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf").await;
    let mut response = pending.await.expect("no panic").expect("a head");
    let chunk = response.chunk().await.expect("bytes");
    assert_eq!(chunk.as_deref(), Some(&b"half"[..]), "what was sent");
    drop(server);
    let end = response.chunk().await;
    assert!(end.is_err(), "the rest is missing: {end:?}");
}

#[tokio::test]
async fn a_caller_who_leaves_ends_the_request_to_the_provider() {
    let provider = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let upstream = format!("http://{}", provider.local_addr().expect("an address"));
    let recorder = Recorder::new();
    let loopback = Loopback::start(&upstream, observed(&recorder))
        .await
        .expect("a loopback");
    let url = loopback.base_url().to_owned();
    let pending = tokio::spawn(async move { reqwest::get(url).await });
    let (mut server, _) = provider.accept().await.expect("a connection");
    until(&mut server, "\r\n\r\n").await;
    pending.abort();
    let end = time::timeout(DEADLINE, server.read(&mut [0]))
        .await
        .expect("in time");
    assert!(matches!(end, Ok(0) | Err(_)), "the connection ends: {end:?}");
}

#[tokio::test]
async fn it_ends_with_its_handle_after_the_requests_in_progress() {
    let body = async |request: Request| Response::new(request.into_body());
    let upstream = serve(Router::new().fallback(routing::post(body))).await;
    for waits in [true, false] {
        let loopback = Loopback::start(&format!("http://{upstream}"), observed(&Recorder::new())).await;
        let loopback = loopback.expect("a loopback");
        let url = loopback.base_url().to_owned();
        let (sender, receiver) = tokio::sync::mpsc::unbounded_channel::<Result<Bytes, std::io::Error>>();
        let stream = futures_util::stream::unfold(receiver, |mut receiver| async move {
            receiver.recv().await.map(|item| (item, receiver))
        });
        let request = reqwest::Client::new()
            .post(&url)
            .body(reqwest::Body::wrap_stream(stream));
        sender.send(Ok(Bytes::from("one"))).expect("it is open");
        let mut answer = request.send().await.expect("a head").bytes_stream();
        let first = answer.next().await.expect("a chunk").expect("bytes");
        assert_eq!(first, "one", "waits: {waits}");

        let ended = if waits {
            Some(tokio::spawn(loopback.shutdown()))
        } else {
            drop(loopback);
            None
        };
        let refused = async {
            while reqwest::get(&url)
                .await
                .is_ok_and(|response| response.status().as_u16() != 0)
            {
                tokio::task::yield_now().await;
            }
        };
        time::timeout(DEADLINE, refused)
            .await
            .expect("new connections are refused");
        sender.send(Ok(Bytes::from("two"))).expect("it is open");
        let second = answer.next().await.expect("a chunk").expect("bytes");
        assert_eq!(second, "two", "waits: {waits}: the request in progress goes on");
        drop(sender);
        assert!(answer.next().await.is_none(), "waits: {waits}: a whole answer");
        if let Some(ended) = ended {
            time::timeout(DEADLINE, ended)
                .await
                .expect("in time")
                .expect("it ends");
        }
    }
}

#[tokio::test]
async fn what_is_no_upstream_is_named() {
    let error = Loopback::start(
        "api.openai.com",
        ServiceBuilder::new().service(reqwest::Client::new()),
    )
    .await;
    let error = error.expect_err("no scheme");
    assert_eq!(
        error.to_string(),
        "the upstream of a loopback cannot be used",
        "what"
    );
    let reason = std::error::Error::source(&error).expect("a reason").to_string();
    assert!(
        reason.contains("expected one such as https://api.openai.com"),
        "why: {reason}"
    );
}
