//! Messages that break the specifications of HTTP. The gateway answers them like axum, and a provider receives
//! only messages that every server reads in the same way.

use std::net::SocketAddr;

use throughline_test_support::TEST_TIMEOUT;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{Provider, Running};

/// A gateway in front of a provider, which is a plain server of axum.
async fn gateway() -> (Running, Provider) {
    let provider = Provider::start().await;
    let yaml = format!(
        "providers: [{{ name: a, api: openai, base_url: 'http://{}' }}]",
        provider.address
    );
    (Running::start(&yaml).await, provider)
}

/// Sends bytes, and returns what is answered until the connection is closed.
async fn exchange(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    // A server may close the connection before it has read everything.
    let _ = stream.write_all(bytes).await;
    let mut read = Vec::new();
    let ended = timeout(TEST_TIMEOUT, stream.read_to_end(&mut read)).await;
    assert!(
        ended.is_ok(),
        "the connection is closed after {:?}: {:?}",
        String::from_utf8_lossy(bytes),
        String::from_utf8_lossy(&read)
    );
    read
}

/// The statuses of all answers.
fn statuses(answers: &[u8]) -> String {
    let text = String::from_utf8_lossy(answers);
    let heads = text.split("HTTP/1.").skip(1);
    let statuses: Vec<_> = heads.filter_map(|head| head.get(2..5)).collect();
    statuses.join(" ")
}

/// Requests without their end, and the statuses that axum and the gateway answer.
const HTTP_1: [(&str, &str, &str); 37] = [
    (
        "a request",
        "GET /v1/models HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n",
        "200",
    ),
    (
        "an empty line before it",
        "\r\nGET /v1/models HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n",
        "200",
    ),
    (
        "lines that end in LF",
        "GET /v1/models HTTP/1.1\nhost: h\nconnection: close\n\n",
        "200",
    ),
    ("HTTP/1.0", "GET /v1/models HTTP/1.0\r\n\r\n", "200"),
    ("no method", " /v1/models HTTP/1.1\r\nhost: h\r\n\r\n", "400"),
    (
        "an invalid method",
        "G\x01T /v1/models HTTP/1.1\r\nhost: h\r\n\r\n",
        "400",
    ),
    ("no version", "GET /v1/models\r\nhost: h\r\n\r\n", "400"),
    (
        "an unknown version",
        "GET /v1/models HTTP/3.7\r\nhost: h\r\n\r\n",
        "400",
    ),
    (
        "a version in lower case",
        "GET /v1/models http/1.1\r\nhost: h\r\n\r\n",
        "400",
    ),
    (
        "a space in the target",
        "GET /v1/ models HTTP/1.1\r\nhost: h\r\n\r\n",
        "400",
    ),
    (
        "a control character in the target",
        "GET /v1/\x00 HTTP/1.1\r\nhost: h\r\n\r\n",
        "400",
    ),
    (
        "a space before the colon",
        "GET /v1/models HTTP/1.1\r\nhost : h\r\n\r\n",
        "400",
    ),
    (
        "a space in a name",
        "GET /v1/models HTTP/1.1\r\nx y: 1\r\n\r\n",
        "400",
    ),
    (
        "a header without a colon",
        "GET /v1/models HTTP/1.1\r\nhost h\r\n\r\n",
        "400",
    ),
    (
        "a header without a name",
        "GET /v1/models HTTP/1.1\r\n: h\r\n\r\n",
        "400",
    ),
    (
        "a folded header",
        "GET /v1/models HTTP/1.1\r\nhost: h\r\nx: 1\r\n 2\r\n\r\n",
        "400",
    ),
    (
        "NUL in a value",
        "GET /v1/models HTTP/1.1\r\nhost: h\r\nx: a\x00b\r\n\r\n",
        "400",
    ),
    (
        "CR in a value",
        "GET /v1/models HTTP/1.1\r\nhost: h\r\nx: a\rb\r\n\r\n",
        "400",
    ),
    (
        "two lengths",
        "POST /v1/files HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        "400",
    ),
    (
        "a length with a sign",
        "POST /v1/files HTTP/1.1\r\nhost: h\r\ncontent-length: +1\r\n\r\na",
        "400",
    ),
    (
        "a negative length",
        "POST /v1/files HTTP/1.1\r\nhost: h\r\ncontent-length: -1\r\n\r\na",
        "400",
    ),
    (
        "a length that is no number",
        "POST /v1/files HTTP/1.1\r\nhost: h\r\ncontent-length: 0x1\r\n\r\na",
        "400",
    ),
    (
        "a length of 2^64",
        "POST /v1/files HTTP/1.1\r\nhost: h\r\ncontent-length: 18446744073709551616\r\n\r\na",
        "400",
    ),
    (
        "an unknown coding",
        "POST /v1/files HTTP/1.1\r\nhost: h\r\ntransfer-encoding: gzip\r\n\r\na",
        "400",
    ),
    (
        "chunked before another coding",
        "POST /v1/files HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
        "400",
    ),
    (
        "a coding like chunked",
        "POST /v1/files HTTP/1.1\r\nhost: h\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
        "400",
    ),
    (
        "chunked in HTTP/1.0",
        "POST /v1/files HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "400",
    ),
    (
        "chunks",
        "POST /v1/files HTTP/1.1\r\nhost: h\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nt: 1\r\n\r\n",
        "200",
    ),
    (
        "a head without end",
        "GET /v1/models HTTP/1.1\r\nhost: h\r\nx: {filler}",
        "431",
    ),
    (
        "too many headers",
        "GET /v1/models HTTP/1.1\r\n{headers}\r\n",
        "431",
    ),
    (
        "a target without end",
        "GET /{filler} HTTP/1.1\r\nhost: h\r\n\r\n",
        "431",
    ),
    (
        "two requests at once",
        "GET /v1/a HTTP/1.1\r\nhost: h\r\n\r\nGET /v1/b HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n",
        "200 200",
    ),
    (
        "one request, then none",
        "GET /v1/a HTTP/1.1\r\nhost: h\r\n\r\n\x01\r\n\r\n",
        "200 400",
    ),
    (
        "a body, then a request",
        "POST /v1/a HTTP/1.1\r\nhost: h\r\ncontent-length: 3\r\n\r\nabcGET /v1/b HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n",
        "200 200",
    ),
    (
        "HEAD",
        "HEAD /v1/models HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n",
        "200",
    ),
    (
        "a target with a host",
        "GET http://other.example/v1/models HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n",
        "200",
    ),
    (
        "an upgrade",
        "GET /v1/models HTTP/1.1\r\nhost: h\r\nconnection: upgrade, close\r\nupgrade: websocket\r\n\r\n",
        "200",
    ),
];

#[tokio::test]
async fn http_1_is_answered_like_axum() {
    let (gateway, provider) = gateway().await;
    let headers: String = (0..101).map(|number| format!("x-{number}: 1\r\n")).collect();
    let filler = "x".repeat(512 * 1024);
    let (mut plain, mut forwarded, mut expected) = (Vec::new(), Vec::new(), Vec::new());
    for (name, request, answer) in HTTP_1 {
        let request = request
            .replace("{headers}", &headers)
            .replace("{filler}", &filler);
        let request = request.as_bytes();
        plain.push((name, statuses(&exchange(provider.address, request).await)));
        forwarded.push((name, statuses(&exchange(gateway.address, request).await)));
        expected.push((name, answer.to_owned()));
    }
    assert_eq!(plain, expected, "axum");
    assert_eq!(forwarded, expected, "the gateway");
}

/// A message with two lengths would be read differently by two servers.
#[tokio::test]
async fn provider_receives_one_length() {
    let (gateway, provider) = gateway().await;
    let request = b"POST /v1/files HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n";
    let plain = statuses(&exchange(provider.address, request).await);
    let answer = statuses(&exchange(gateway.address, request).await);
    assert_eq!((&*plain, &*answer), ("200", "200"), "the chunks count");
    for received in provider.received() {
        assert_eq!(received.body, "abcde", "the chunks");
    }
    let forwarded = provider.received().pop().expect("a request");
    assert_eq!(
        (
            forwarded.header("content-length"),
            forwarded.header("transfer-encoding")
        ),
        (None, Some("chunked")),
        "one of the two"
    );
}

/// The provider must not take a part of a body for all of it.
#[tokio::test]
async fn broken_body_is_not_completed() {
    let (gateway, provider) = gateway().await;
    for (name, body) in [
        ("a size that is no number", "zz\r\nabc\r\n0\r\n\r\n"),
        ("a chunk longer than its size", "2\r\nabc\r\n0\r\n\r\n"),
        ("a size beyond 64 bits", "10000000000000000\r\nabc\r\n0\r\n\r\n"),
    ] {
        let request = format!(
            "POST /v1/files HTTP/1.1\r\nhost: h\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n{body}"
        );
        let answer = statuses(&exchange(gateway.address, request.as_bytes()).await);
        assert_eq!(answer, "400", "{name}: refused");
    }
    let received = provider.received();
    assert!(
        received
            .iter()
            .all(|request| request.body != "abc" && request.body != "ab"),
        "no request ended as if it were whole: {received:?}"
    );
}

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short frame").to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// The head of a request, and more headers.
fn head(more: &[(&str, &str)]) -> Vec<u8> {
    let request = [
        (":method", "GET"),
        (":scheme", "http"),
        (":path", "/v1/models"),
        (":authority", "h"),
    ];
    headers(&[&request, more].concat())
}

/// Headers without compression: RFC 7541, section 6.2.2.
fn headers(pairs: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in pairs {
        block.push(0);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).expect("a short text"));
            block.extend(text.as_bytes());
        }
    }
    block
}

/// Sends frames, and returns how the server ends the connection or the stream: the name and the code of the
/// frame.
async fn ending(address: SocketAddr, frames: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let preface = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &*frame(SETTINGS, 0, 0, &[])].concat();
    stream
        .write_all(&[&*preface, frames].concat())
        .await
        .expect("written");
    let read = async {
        loop {
            let mut start = [0; 9];
            if stream.read_exact(&mut start).await.is_err() {
                return "closed".to_owned();
            }
            let [a, b, c, kind, ..] = start;
            let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
            if stream.read_exact(&mut payload).await.is_err() {
                return "closed".to_owned();
            }
            match (kind, &*payload) {
                (RST_STREAM, [.., code]) => return format!("RST_STREAM {code}"),
                (GOAWAY, [_, _, _, _, _, _, _, code, ..]) => return format!("GOAWAY {code}"),
                // The status is the first header, as an index of the static table or as a text.
                (HEADERS, [0x88, ..]) => return "200".to_owned(),
                (HEADERS, _) => return "HEADERS".to_owned(),
                _ => {}
            }
        }
    };
    timeout(TEST_TIMEOUT, read).await.expect("an end")
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PUSH_PROMISE: u8 = 5;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
/// Both ends: of the stream and of the headers.
const WHOLE: u8 = 0x5;
const END_HEADERS: u8 = 0x4;

#[tokio::test]
async fn http_2_is_answered_like_axum() {
    let (gateway, provider) = gateway().await;
    let open = frame(HEADERS, END_HEADERS, 1, &head(&[]));
    let cases = [
        ("a request", frame(HEADERS, WHOLE, 1, &head(&[])), "200"),
        (
            "an unknown frame",
            [frame(0x42, 0, 0, b"x"), frame(HEADERS, WHOLE, 1, &head(&[]))].concat(),
            "200",
        ),
        ("data without a stream", frame(DATA, 0, 0, b"x"), "GOAWAY 1"),
        (
            "data of a stream that is not open",
            frame(DATA, 1, 1, b"x"),
            "GOAWAY 1",
        ),
        (
            "headers without a stream",
            frame(HEADERS, WHOLE, 0, &head(&[])),
            "GOAWAY 1",
        ),
        (
            "a stream of the server",
            frame(HEADERS, WHOLE, 2, &head(&[])),
            "GOAWAY 1",
        ),
        (
            "broken compression",
            frame(HEADERS, WHOLE, 1, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
            "GOAWAY 1",
        ),
        (
            "a priority without a stream",
            frame(PRIORITY, 0, 0, &[0; 5]),
            "GOAWAY 1",
        ),
        (
            "a reset of an idle stream",
            frame(RST_STREAM, 0, 1, &[0; 4]),
            "GOAWAY 1",
        ),
        (
            "a reset of a wrong length",
            [open.clone(), frame(RST_STREAM, 0, 1, &[0; 3])].concat(),
            "GOAWAY 1",
        ),
        ("settings of a stream", frame(SETTINGS, 0, 1, &[]), "GOAWAY 1"),
        (
            "an acknowledgement with settings",
            frame(SETTINGS, 1, 0, &[0; 6]),
            "GOAWAY 1",
        ),
        (
            "settings of a wrong length",
            frame(SETTINGS, 0, 0, &[0; 5]),
            "GOAWAY 1",
        ),
        (
            "a push by the client",
            frame(PUSH_PROMISE, END_HEADERS, 1, &[0, 0, 0, 2]),
            "GOAWAY 1",
        ),
        ("a ping of a stream", frame(PING, 0, 1, &[0; 8]), "GOAWAY 1"),
        ("a ping of a wrong length", frame(PING, 0, 0, &[0; 7]), "GOAWAY 1"),
        (
            "a window that does not grow",
            frame(WINDOW_UPDATE, 0, 0, &[0; 4]),
            "GOAWAY 1",
        ),
        (
            "a window that is too large",
            frame(WINDOW_UPDATE, 0, 0, &[0x7f, 0xff, 0xff, 0xff]),
            "GOAWAY 3",
        ),
        (
            "a continuation of nothing",
            frame(CONTINUATION, END_HEADERS, 1, &[]),
            "GOAWAY 1",
        ),
        (
            "a frame that is too long",
            frame(DATA, 0, 1, &[0; 16_385]),
            "GOAWAY 6",
        ),
        (
            "a name in capitals",
            frame(HEADERS, WHOLE, 1, &head(&[("X-A", "1")])),
            "GOAWAY 1",
        ),
        (
            "a header of a connection",
            frame(HEADERS, WHOLE, 1, &head(&[("connection", "close")])),
            "RST_STREAM 1",
        ),
        (
            "te that is not trailers",
            frame(HEADERS, WHOLE, 1, &head(&[("te", "gzip")])),
            "RST_STREAM 1",
        ),
        (
            "an unknown pseudo-header",
            frame(HEADERS, WHOLE, 1, &head(&[(":x", "1")])),
            "GOAWAY 1",
        ),
        (
            "a second method",
            frame(HEADERS, WHOLE, 1, &head(&[(":method", "GET")])),
            "RST_STREAM 1",
        ),
        (
            "no method",
            frame(
                HEADERS,
                WHOLE,
                1,
                &headers(&[(":scheme", "http"), (":path", "/")]),
            ),
            "RST_STREAM 1",
        ),
        (
            "a length that is not that of the data",
            [
                frame(HEADERS, END_HEADERS, 1, &head(&[("content-length", "3")])),
                frame(DATA, 1, 1, b"ab"),
            ]
            .concat(),
            "RST_STREAM 1",
        ),
    ];
    let (mut plain, mut forwarded, mut expected) = (Vec::new(), Vec::new(), Vec::new());
    for (name, frames, end) in cases {
        plain.push((name, ending(provider.address, &frames).await));
        forwarded.push((name, ending(gateway.address, &frames).await));
        expected.push((name, end.to_owned()));
    }
    assert_eq!(plain, expected, "axum");
    assert_eq!(forwarded, expected, "the gateway");
}
