//! Connections: which are kept, used again and closed.

use std::time::Duration;

use http::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use throughline_test_support::{TEST_TIMEOUT, process};

use crate::support::{Running, chat, client, program};

/// A gateway in front of a socket.
async fn gateway(settings: &str) -> (Running, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let yaml = format!("providers: [{{ name: a, api: openai, base_url: 'http://{address}' }}]");
    (Running::with_listener(&yaml, settings).await, listener)
}

async fn accept(listener: &TcpListener) -> TcpStream {
    let accepted = timeout(TEST_TIMEOUT, listener.accept()).await.expect("in time");
    accepted.expect("a connection").0
}

/// Reads a request with a body of JSON, and answers it.
async fn answer(stream: &mut TcpStream, answer: &str) {
    let mut read = Vec::new();
    while !read.ends_with(b"}") {
        let count = timeout(TEST_TIMEOUT, stream.read_buf(&mut read))
            .await
            .expect("in time");
        assert_ne!(
            count.expect("a request"),
            0,
            "a whole request: {}",
            String::from_utf8_lossy(&read)
        );
    }
    stream.write_all(answer.as_bytes()).await.expect("written");
}

async fn has_ended(stream: &mut TcpStream) -> bool {
    let read = timeout(TEST_TIMEOUT, stream.read(&mut [0; 64])).await;
    matches!(read.expect("in time"), Ok(0) | Err(_))
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

#[tokio::test]
async fn connection_to_a_provider_serves_request_after_request() {
    let (gateway, listener) = gateway("").await;
    let serve = async {
        let mut stream = accept(&listener).await;
        for _ in 0..3 {
            answer(&mut stream, OK).await;
        }
        // An answer in chunks, without a body, and to the end of the connection.
        answer(
            &mut stream,
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
        )
        .await;
        answer(&mut stream, "HTTP/1.1 204 No Content\r\n\r\n").await;
        answer(&mut stream, "HTTP/1.1 200 OK\r\n\r\nto the end").await;
        drop(stream);
        answer(&mut accept(&listener).await, OK).await;
    };
    let request = async {
        for expected in ["{}", "{}", "{}", "x", "", "to the end", "{}"] {
            let response = gateway.send(&chat("m")).await;
            assert!(
                response.status().is_success(),
                "{expected}: {}",
                response.status()
            );
            assert_eq!(response.text().await.expect("a body"), expected, "the answer");
        }
    };
    tokio::join!(serve, request);
}

#[tokio::test]
async fn connection_that_a_provider_closed_is_replaced() {
    let (gateway, listener) = gateway("").await;
    let (chat, mut streams) = (chat("m"), Vec::new());
    for round in 0..3 {
        let serve = async {
            let mut stream = accept(&listener).await;
            answer(&mut stream, OK).await;
            stream
        };
        let (response, mut stream) = tokio::join!(gateway.send(&chat), serve);
        assert_eq!(response.status(), StatusCode::OK, "round {round}");
        response.bytes().await.expect("a body");
        // The next request must not be lost in the closed connection.
        stream.shutdown().await.expect("closed");
        streams.push(stream);
    }
}

#[tokio::test]
async fn connection_that_breaks_in_a_request_is_an_error() {
    let (gateway, listener) = gateway("").await;
    let serve = async {
        answer(&mut accept(&listener).await, "").await;
    };
    let chat = chat("m");
    let (response, ()) = tokio::join!(gateway.send(&chat), serve);
    assert_eq!(response.status(), StatusCode::BAD_GATEWAY, "it is not sent again");
    let text = response.text().await.expect("text");
    assert!(
        text.contains("the connection to the provider broke before it answered"),
        "{text}"
    );
}

/// The request that a provider resets because it was closing the idle connection used to be answered with 502.
#[tokio::test]
async fn request_on_a_connection_that_is_being_closed_is_sent_again() {
    let (gateway, listener) = gateway("").await;
    let chat = chat("m");
    let serve = async {
        let mut stream = accept(&listener).await;
        answer(&mut stream, OK).await;
        // As after the idle timeout of a server, which the gateway sees too late.
        answer(&mut stream, "").await;
        drop(stream);
        let mut stream = accept(&listener).await;
        answer(&mut stream, OK).await;
        stream
    };
    let requests = async {
        gateway.send(&chat).await.bytes().await.expect("a body");
        // Only a connection that has been idle for a while may be one that the provider closes.
        tokio::time::pause();
        tokio::time::advance(Duration::from_millis(150)).await;
        tokio::time::resume();
        gateway.send(&chat).await
    };
    let (response, _stream) = tokio::join!(requests, serve);
    assert_eq!(response.status(), StatusCode::OK, "by a new connection");
}

/// A request is sent again once, and only because its connection was idle.
#[tokio::test]
async fn request_on_a_new_connection_that_breaks_is_not_sent_again() {
    let (gateway, listener) = gateway("").await;
    let chat = chat("m");
    let serve = async {
        answer(&mut accept(&listener).await, OK).await;
        for _ in 0..2 {
            answer(&mut accept(&listener).await, "").await;
        }
    };
    let requests = async {
        gateway.send(&chat).await.bytes().await.expect("a body");
        let first = gateway.send(&chat).await.status();
        (first, gateway.send(&chat).await.status())
    };
    let (statuses, ()) = tokio::join!(requests, serve);
    let lost = StatusCode::BAD_GATEWAY;
    assert_eq!(statuses, (lost, lost), "each is sent once");
}

/// What came just before an answer was cut used to be lost, its head too.
#[tokio::test]
async fn cut_answer_is_passed_on_up_to_the_cut() {
    let (gateway, listener) = gateway("").await;
    let cut = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\nd\r\ndata: {\"a\":1}\r\n";
    let serve = async {
        answer(&mut accept(&listener).await, cut).await;
    };
    let chat = chat("m");
    let (mut response, ()) = tokio::join!(gateway.send(&chat), serve);
    assert_eq!(response.status(), StatusCode::OK, "the head");
    let part = response.chunk().await.expect("a part");
    assert_eq!(part.as_deref(), Some(&b"data: {\"a\":1}"[..]), "the event");
    response.chunk().await.expect_err("an answer that is not whole");
}

/// The client used to get the part of the body that the wrong length left.
#[tokio::test]
async fn length_beside_chunks_is_not_passed_on() {
    let (gateway, listener) = gateway("").await;
    let both =
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n4\r\n{  }\r\n0\r\n\r\n";
    let serve = async {
        answer(&mut accept(&listener).await, both).await;
    };
    let chat = chat("m");
    let (response, ()) = tokio::join!(gateway.send(&chat), serve);
    assert_eq!(response.headers().get("content-length"), None, "no length");
    assert_eq!(response.text().await.expect("a body"), "{  }", "all of the body");
}

/// The client used to get 101, for which it did not ask.
#[tokio::test]
async fn provider_that_switches_protocols_is_an_error() {
    let (gateway, listener) = gateway("").await;
    let switch = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
    let serve = async {
        let mut stream = accept(&listener).await;
        answer(&mut stream, switch).await;
        stream
    };
    let chat = chat("m");
    let (response, _stream) = tokio::join!(gateway.send(&chat), serve);
    assert_eq!(response.status(), StatusCode::BAD_GATEWAY, "refused");
    let text = response.text().await.expect("text");
    assert!(
        text.contains("the provider switched to another protocol"),
        "{text}"
    );
}

/// An answer with trailers used to be logged as cancelled, and to close the connection to the provider.
#[cfg(unix)]
#[tokio::test]
async fn trailers_end_an_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let yaml =
        format!("access_log: stdout\nproviders: [{{ name: a, api: openai, base_url: 'http://{address}' }}]");
    let mut gateway = process::Running::start(program("trailers", &yaml));
    let at = gateway.line("http://").await;
    let serve = async {
        let mut stream = accept(&listener).await;
        for _ in 0..2 {
            let trailers = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x\r\n\r\n2\r\n{}\r\n0\r\nx: 1\r\n\r\n";
            answer(&mut stream, trailers).await;
        }
    };
    let requests = async {
        for _ in 0..2 {
            let request = client()
                .post(format!("http://{at}/v1/chat/completions"))
                .body(chat("m"));
            let response = request.send().await.expect("an answer");
            assert_eq!(response.text().await.expect("a body"), "{}", "passed on");
        }
    };
    tokio::join!(serve, requests);
    gateway.signal("TERM").await;
    let ran = gateway.end().await;
    let lines: Vec<_> = ran.out.lines().filter(|line| line.starts_with('{')).collect();
    assert_eq!(lines.len(), 2, "a line for each request: {}", ran.out);
    assert!(!ran.out.contains("\"error\""), "no error: {}", ran.out);
}

/// Only the requests of the connection keep it open.
#[tokio::test]
async fn idle_client_is_closed_and_one_that_waits_is_not() {
    let (gateway, listener) = gateway("timeouts: { header: 100ms, keep_alive: 150ms }").await;
    let mut client = TcpStream::connect(gateway.address).await.expect("a connection");
    let body = chat("m");
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut provider = None;
    for _ in 0..2 {
        client.write_all(request.as_bytes()).await.expect("written");
        let stream = match &mut provider {
            Some(stream) => stream,
            None => provider.insert(accept(&listener).await),
        };
        // Longer than both timeouts.
        let early = timeout(Duration::from_millis(400), client.read_u8()).await;
        assert!(
            early.is_err(),
            "the client is not closed while it waits: {early:?}"
        );
        answer(stream, OK).await;
        let mut read = Vec::new();
        while !read.ends_with(b"{}") {
            let count = timeout(TEST_TIMEOUT, client.read_buf(&mut read))
                .await
                .expect("in time");
            assert_ne!(count.expect("an answer"), 0, "{}", String::from_utf8_lossy(&read));
        }
    }
    client.write_all(b"POST /v1/ch").await.expect("written");
    assert!(has_ended(&mut client).await, "no head of a request in time");
}

/// The time for the next head used to be that of the first one if that was longer.
#[tokio::test]
async fn idle_client_is_closed_before_the_time_for_a_first_head() {
    let (gateway, listener) = gateway("timeouts: { header: 600s, keep_alive: 150ms }").await;
    let mut client = TcpStream::connect(gateway.address).await.expect("a connection");
    let body = chat("m");
    let length = body.len();
    let request =
        format!("POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\ncontent-length: {length}\r\n\r\n{body}");
    client.write_all(request.as_bytes()).await.expect("written");
    let mut provider = accept(&listener).await;
    answer(&mut provider, OK).await;
    let mut read = Vec::new();
    let count = timeout(TEST_TIMEOUT, client.read_to_end(&mut read)).await;
    count.expect("closed in time").expect("an answer");
    assert!(read.ends_with(b"{}"), "{}", String::from_utf8_lossy(&read));
}

/// A client that leaves must not cost tokens.
#[tokio::test]
async fn client_that_leaves_closes_the_connection_to_the_provider() {
    let (gateway, listener) = gateway("").await;
    for has_head in [false, true] {
        let mut client = TcpStream::connect(gateway.address).await.expect("a connection");
        client
            .write_all(b"POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\ncontent-length: 2\r\n\r\n{}")
            .await
            .expect("written");
        let mut provider = accept(&listener).await;
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart";
        answer(&mut provider, if has_head { head } else { "" }).await;
        if has_head {
            client.read_u8().await.expect("an answer");
        }
        drop(client);
        assert!(has_ended(&mut provider).await, "after the head: {has_head}");
    }
}
