//! What comes in over sockets: clients that leave, and HTTP/2.

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::serve;
use super::witness::{Witness, assert_lines};

#[tokio::test]
async fn clients_that_leave_keep_to_the_conventions() {
    let cases: [(&str, &[u8], &[&str]); 3] = [
        (
            "before the head",
            b"GET /hang HTTP/1.1\r\nhost: a\r\n\r\n",
            &["GET /hang [error]", "error.type=cancelled"],
        ),
        (
            "in the middle of their own body",
            b"POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nabc",
            &["POST /echo"],
        ),
        (
            "and reset",
            b"POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
            &["POST /echo"],
        ),
    ];
    let witness = Witness::new();
    let address = serve(&witness).await;
    for (case, request, expected) in cases {
        let mut socket = TcpStream::connect(address).await.expect("connected");
        socket.write_all(request).await.expect("sent");
        witness.request(case).await;
        drop(socket);
        let shown = witness.span(case).await;
        for line in expected {
            assert!(shown.contains(line), "{case}: {line} in\n{shown}");
        }
    }
    assert_eq!(
        witness.check_metrics(),
        (3, 0),
        "each is measured, and none is active"
    );
}

#[tokio::test]
async fn http_2_keeps_to_the_conventions() {
    let witness = Witness::new();
    let address = serve(&witness).await;
    let client = reqwest::Client::builder()
        .http2_prior_knowledge()
        .build()
        .expect("a client");
    let cases = [
        (
            "GET",
            "/users/7?sig=s3cr3t",
            "GET /users/{id}",
            "url.query=sig=REDACTED",
        ),
        (
            "XYZZY",
            "/users/7",
            "HTTP /users/{id}",
            "http.request.method_original=XYZZY",
        ),
        ("GET", "/miss", "GET", "http.response.status_code=404"),
        ("GET", "/broken", "GET /broken [error]", "error.type=500"),
        ("GET", "/pieces", "GET /pieces", "http.response.status_code=200"),
        (
            "HEAD",
            "/users/7",
            "HEAD /users/{id}",
            "http.response.status_code=200",
        ),
        ("GET", "/panic", "GET /panic [error]", "error.type=panic"),
        ("GET", "/cut", "GET /cut [error]", "error.type=timeout"),
    ];
    for (method, path, name, line) in cases {
        let method = method.parse::<reqwest::Method>().expect("a method");
        let request = client.request(method, format!("http://localhost:{}{path}", address.port()));
        if let Ok(response) = request.header("cookie", "s3cr3t").send().await {
            let _ = response.bytes().await;
        }
        let shown = witness.span(path).await;
        let port = format!("server.port={}", address.port());
        let all = [
            name,
            line,
            "network.protocol.version=2",
            "server.address=localhost",
            &port,
        ];
        assert_lines(path, &shown, all);
    }
    assert_eq!(
        witness.check_metrics(),
        (cases.len() as u64, 0),
        "each is measured"
    );
}
