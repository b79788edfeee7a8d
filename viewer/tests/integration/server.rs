//! The bounds of the listeners. The clock is paused: it moves on when all tasks wait.

use std::time::Duration;

use throughline_viewer::Viewer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Sends a request, and returns the begin of the answer, or `None` if there is none within a second.
async fn answer(stream: &mut TcpStream, path: &str) -> Option<String> {
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
    begin(stream).await
}

async fn begin(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = [0; 15];
    let read = timeout(Duration::from_secs(1), stream.read_exact(&mut bytes))
        .await
        .ok()?;
    read.expect("an answer");
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Waits until the server closes a connection on which nothing complete was sent.
async fn closes(stream: &mut TcpStream, within: Duration) -> bool {
    let mut rest = Vec::new();
    let read = timeout(within, stream.read_to_end(&mut rest)).await;
    read.is_ok()
}

async fn listener() -> (TcpListener, std::net::SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

#[tokio::test(start_paused = true)]
async fn connections_beyond_the_limit_wait() {
    let viewer = Viewer::default();
    let (listener, address) = listener().await;
    tokio::spawn(async move { viewer.serve_page(listener, std::future::pending()).await });
    let mut streams = Vec::new();
    for number in 0..256 {
        let mut stream = TcpStream::connect(address).await.expect("connected");
        assert_eq!(
            answer(&mut stream, "/api/events").await.as_deref(),
            Some("HTTP/1.1 200 OK"),
            "event stream {number}"
        );
        streams.push(stream);
    }
    let mut waiting = TcpStream::connect(address).await.expect("in the backlog");
    assert_eq!(
        answer(&mut waiting, "/api/state").await,
        None,
        "all places are taken"
    );
    streams.pop();
    assert_eq!(
        begin(&mut waiting).await.as_deref(),
        Some("HTTP/1.1 200 OK"),
        "one is free"
    );
}

#[tokio::test(start_paused = true)]
async fn slow_heads_are_cut() {
    let viewer = Viewer::default();
    let (page, page_address) = listener().await;
    let (http, http_address) = listener().await;
    let (grpc, grpc_address) = listener().await;
    let servers = viewer.clone();
    tokio::spawn(async move {
        tokio::join!(
            servers.serve_page(page, std::future::pending()),
            servers.serve_http(http, std::future::pending()),
            servers.serve_grpc(grpc, std::future::pending()),
        )
    });
    for (address, sent, within) in [
        (page_address, "", 40),
        (page_address, "GET / HTTP/1.1\r\nhost: local", 40),
        (http_address, "POST /v1/traces HT", 40),
        (grpc_address, "", 340),
        (grpc_address, "PRI * HTT", 340),
    ] {
        let mut stream = TcpStream::connect(address).await.expect("connected");
        stream.write_all(sent.as_bytes()).await.expect("sent");
        assert!(
            closes(&mut stream, Duration::from_secs(within)).await,
            "{sent:?} at {address}: closed within {within} s"
        );
    }
}

#[tokio::test]
async fn shutdown_answers_what_has_begun() {
    let viewer = Viewer::default();
    let (listener, address) = listener().await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving =
        tokio::spawn(async move { viewer.serve_page(listener, async { drop(stopped.await) }).await });
    let mut events = TcpStream::connect(address).await.expect("connected");
    let mut idle = TcpStream::connect(address).await.expect("connected");
    for (stream, path) in [(&mut events, "/api/events"), (&mut idle, "/api/state")] {
        assert_eq!(
            answer(stream, path).await.as_deref(),
            Some("HTTP/1.1 200 OK"),
            "{path}"
        );
    }
    drop(stop);
    let ended = timeout(Duration::from_secs(20), serving).await;
    ended
        .expect("open streams and idle connections do not hold it up")
        .expect("no panic")
        .expect("no error");
    let refused = TcpStream::connect(address).await;
    assert!(refused.is_err(), "the listener is closed");
}
