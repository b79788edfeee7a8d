//! Servers that fail in each way, over sockets.

use std::net::SocketAddr;

use axum::body::Body;
use axum::http::Uri;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::rt::TokioExecutor;
use reqwest::dns::{Name, Resolve, Resolving};
use throughline_test_support::{Recorder, Vacant};
use throughline_tracing_layer::EndAt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tower::{Layer, ServiceExt};

use super::{SHORT, by_hyper, by_reqwest, class, hyper_client, reqwest_client};
use crate::client;

/// What a server does once it has read something.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// Closes without reading.
    Close,
    /// Answers with these bytes, then closes.
    Answer(&'static [u8]),
    /// Answers with these bytes, then resets the connection.
    Reset(&'static [u8]),
    /// Answers with these bytes, then says nothing more.
    Stall(&'static [u8]),
}

async fn serve(fault: Fault) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(tokio::spawn(async move {
        let mut stalled = Vec::new();
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = [0; 1024];
            match fault {
                Fault::Close => continue,
                Fault::Answer(bytes) => {
                    let _ = socket.read(&mut request).await;
                    let _ = socket.write_all(bytes).await;
                }
                Fault::Reset(bytes) => {
                    let _ = socket.read(&mut request).await;
                    let _ = socket.write_all(bytes).await;
                    socket.set_zero_linger().expect("set");
                }
                Fault::Stall(bytes) => {
                    let _ = socket.read(&mut request).await;
                    let _ = socket.write_all(bytes).await;
                    stalled.push(socket);
                }
            }
        }
    }));
    address
}

#[tokio::test]
async fn a_server_that_fails() {
    let cases = [
        (Fault::Answer(b""), "connection_closed"),
        (Fault::Answer(b"HTTP/1.1 200 OK\r\nconte"), "connection_closed"),
        (Fault::Reset(b""), "connection_reset"),
        (Fault::Answer(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), "parse"),
        (Fault::Answer(b"HTTP/1.1 2000 OK\r\n\r\n"), "parse"),
        (Fault::Answer(b"HTTP/1.1 200 OK\r\nno header\r\n\r\n"), "parse"),
        (
            Fault::Answer(b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n"),
            "parse",
        ),
        (
            Fault::Answer(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc"),
            "unexpected_eof",
        ),
        (
            Fault::Answer(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nab"),
            "unexpected_eof",
        ),
        (
            Fault::Answer(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"),
            "parse",
        ),
        (
            Fault::Answer(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabc\r\n"),
            "parse",
        ),
    ];
    for (fault, expected) in cases {
        let url = format!("http://{}/", serve(fault).await);
        let reqwest = by_reqwest(reqwest_client().build().expect("a client"), &url).await;
        assert_eq!(reqwest.as_deref(), Some(expected), "reqwest, {fault:?}");
        let hyper = by_hyper(hyper_client(), &url).await;
        assert_eq!(hyper.as_deref(), Some(expected), "hyper-util, {fault:?}");
    }
}

#[tokio::test]
async fn a_server_that_cannot_be_reached() {
    let vacant = Vacant::new();
    let vacant = vacant.address().to_string();
    let cases = [
        (format!("http://{vacant}/"), "connection_refused"),
        ("http://nobody.invalid/".to_owned(), "dns"),
        ("http://a-name-that-is-none.invalid:81/".to_owned(), "dns"),
    ];
    for (url, expected) in cases {
        let reqwest = by_reqwest(reqwest_client().build().expect("a client"), &url).await;
        assert_eq!(reqwest.as_deref(), Some(expected), "reqwest, {url}");
        let hyper = by_hyper(hyper_client(), &url).await;
        assert_eq!(hyper.as_deref(), Some(expected), "hyper-util, {url}");
    }
}

#[tokio::test]
async fn proxies_that_open_no_tunnel() {
    let vacant = Vacant::new();
    let vacant = vacant.address();
    let refuses = serve(Fault::Answer(b"HTTP/1.1 403 Forbidden\r\n\r\n")).await;
    let demands_login = serve(Fault::Answer(
        b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
    ))
    .await;
    let closes = serve(Fault::Answer(b"")).await;
    let not_socks = serve(Fault::Answer(b"HTTP/1.1 400 Bad Request\r\n\r\n")).await;
    for (case, proxy, expected) in [
        ("refuses", refuses, "proxy"),
        ("demands_login for a password", demands_login, "proxy"),
        ("closes", closes, "proxy"),
        ("is not there", vacant, "connection_refused"),
    ] {
        let uri: Uri = format!("http://{proxy}").parse().expect("a URI");
        let through = reqwest_client().proxy(reqwest::Proxy::all(uri.to_string()).expect("a proxy"));
        let reqwest = by_reqwest(through.build().expect("a client"), "https://a.example/").await;
        assert_eq!(reqwest.as_deref(), Some(expected), "reqwest, a proxy that {case}");
        let tunnel = Tunnel::new(uri, HttpConnector::new());
        let client = legacy::Client::builder(TokioExecutor::new()).build::<_, Body>(tunnel);
        let hyper = by_hyper(client, "http://a.example/").await;
        assert_eq!(
            hyper.as_deref(),
            Some(expected),
            "hyper-util, a proxy that {case}"
        );
    }
    for (case, proxy, expected) in [
        ("is none", not_socks, "proxy"),
        // hyper-util's error hides what is below.
        ("is not there", vacant, "proxy"),
    ] {
        let uri: Uri = format!("socks5h://{proxy}").parse().expect("a URI");
        let through = reqwest_client().proxy(reqwest::Proxy::all(uri.to_string()).expect("a proxy"));
        let reqwest = by_reqwest(through.build().expect("a client"), "http://a.example/").await;
        assert_eq!(
            reqwest.as_deref(),
            Some(expected),
            "reqwest, a SOCKS proxy that {case}"
        );
        let socks = SocksV5::new(
            format!("http://{proxy}").parse().expect("a URI"),
            HttpConnector::new(),
        );
        let client = legacy::Client::builder(TokioExecutor::new()).build::<_, Body>(socks);
        let hyper = by_hyper(client, "http://a.example/").await;
        assert_eq!(
            hyper.as_deref(),
            Some(expected),
            "hyper-util, a SOCKS proxy that {case}"
        );
    }
}

/// Resolves no name, ever.
struct Silent;

impl Resolve for Silent {
    fn resolve(&self, _: Name) -> Resolving {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn timeouts_of_the_library() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc";
    let nothing = format!("http://{}/", serve(Fault::Stall(b"")).await);
    let stalls = format!("http://{}/", serve(Fault::Stall(head)).await);
    let named = "http://a.example/".to_owned();
    let cases = [
        ("of the head", reqwest_client().timeout(SHORT), &nothing),
        ("of the body", reqwest_client().timeout(SHORT), &stalls),
        (
            "of reading the head",
            reqwest_client().read_timeout(SHORT),
            &nothing,
        ),
        (
            "of reading the body",
            reqwest_client().read_timeout(SHORT),
            &stalls,
        ),
        (
            "of connecting",
            reqwest_client().connect_timeout(SHORT).dns_resolver(Silent),
            &named,
        ),
    ];
    for (case, client, url) in cases {
        let found = by_reqwest(client.build().expect("a client"), url).await;
        assert_eq!(found.as_deref(), Some("timeout"), "{case}");
    }
    let late = tower::service_fn(|_: Uri| {
        let late = std::io::Error::from(std::io::ErrorKind::TimedOut);
        std::future::ready(Err::<hyper_util::rt::TokioIo<tokio::net::TcpStream>, _>(late))
    });
    let client = legacy::Client::builder(TokioExecutor::new()).build::<_, Body>(late);
    let found = by_hyper(client, "http://a.example/").await;
    assert_eq!(found.as_deref(), Some("timeout"), "of hyper-util's connector");
}

#[tokio::test]
async fn errors_that_are_reqwests_own() {
    let loops = b"HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let unzipped = b"HTTP/1.1 200 OK\r\ncontent-encoding: deflate\r\ncontent-length: 3\r\n\r\nabc";
    let loops = format!("http://{}/", serve(Fault::Answer(loops)).await);
    let unzipped = format!("http://{}/", serve(Fault::Answer(unzipped)).await);
    let cases = [
        (loops.as_str(), "redirect"),
        (unzipped.as_str(), "decode"),
        ("ftp://a.example/", "builder"),
    ];
    for (url, expected) in cases {
        let found = by_reqwest(reqwest_client().build().expect("a client"), url).await;
        assert_eq!(found.as_deref(), Some(expected), "{url}");
    }
    let recorder = Recorder::new();
    let service = client(&recorder).layer(reqwest_client().build().expect("a client"));
    let mut request = reqwest::Request::new(reqwest::Method::POST, unzipped.parse().expect("a URL"));
    let fails = futures_util::stream::iter([Ok("a"), Err(std::io::Error::other("the caller's"))]);
    *request.body_mut() = Some(reqwest::Body::wrap_stream(fails));
    service.oneshot(request).await.expect_err("the body fails");
    assert_eq!(class(&recorder).as_deref(), Some("body"), "the caller's own body");
}

#[tokio::test]
async fn http_2_that_is_reset() {
    let panics = axum::Router::new().route("/", axum::routing::get(panics));
    let url = format!("http://{}/", crate::serve(panics).await);
    let prior = reqwest_client()
        .http2_prior_knowledge()
        .build()
        .expect("a client");
    assert_eq!(by_reqwest(prior, &url).await.as_deref(), Some("http2"), "reqwest");
    let prior = legacy::Client::builder(TokioExecutor::new())
        .http2_only(true)
        .build_http::<Body>();
    assert_eq!(
        by_hyper(prior, &url).await.as_deref(),
        Some("http2"),
        "hyper-util"
    );
}

async fn panics() -> &'static str {
    panic!("in the handler")
}

#[tokio::test]
async fn a_status_that_is_made_an_error() {
    let recorder = Recorder::new();
    let missing = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
    let url = format!("http://{}/", serve(Fault::Answer(missing)).await);
    let inner = reqwest_client().build().expect("a client");
    let inner = inner.map_result(|answer: Result<reqwest::Response, reqwest::Error>| {
        answer.and_then(reqwest::Response::error_for_status)
    });
    let service = client(&recorder).with_end_at(EndAt::Body).layer(inner);
    let request = reqwest::Request::new(reqwest::Method::GET, url.parse().expect("a URL"));
    service.oneshot(request).await.expect_err("an error");
    assert_eq!(class(&recorder).as_deref(), Some("404"), "the status");
}

#[tokio::test]
async fn a_connection_that_is_closed_at_once() {
    // Whether the client has sent its request before it sees the end is up to the machine.
    let url = format!("http://{}/", serve(Fault::Close).await);
    let found = by_hyper(hyper_client(), &url).await.expect("an error");
    let either = ["connection_closed", "connection_reset", "broken_pipe", "canceled"];
    assert!(either.contains(&found.as_str()), "{found}");
}
