//! Odd requests, byte by byte.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::serve;
use super::witness::{Witness, assert_lines};

#[tokio::test]
async fn odd_traffic_keeps_to_the_conventions() {
    let witness = Witness::new();
    let address = serve(&witness).await;
    for (case, request, code, expected) in CASES {
        let answer = exchange(address, request).await;
        let status = answer
            .strip_prefix("HTTP/1.1 100 Continue\r\n\r\n")
            .unwrap_or(&answer);
        let status = status.split(' ').nth(1).map(str::to_owned);
        assert_eq!(status.as_deref(), *code, "{case}: {answer}");
        let shown = witness.span(case).await;
        assert_lines(case, &shown, expected.iter().copied());
    }
    let (durations, active) = witness.check_metrics();
    assert_eq!(durations, CASES.len() as u64, "each is measured");
    assert_eq!(active, 0, "no request is active");
}

/// Sends the bytes, and reads until the server closes or its answer has ended.
async fn exchange(address: std::net::SocketAddr, request: &[u8]) -> String {
    let mut socket = TcpStream::connect(address).await.expect("connected");
    socket.write_all(request).await.expect("sent");
    // hyper serves what was sent before, and then sees that no more will come.
    if !request.starts_with(b"GET /slow") {
        let _ = socket.shutdown().await;
    }
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    while let Ok(read @ 1..) = socket.read(&mut piece).await {
        answer.extend_from_slice(&piece[..read]);
        if answer.starts_with(b"HTTP/1.1 504") {
            break;
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// A request as it is sent, the code that answers it (none: the connection is cut), and lines that its span
/// shows.
type Case = (
    &'static str,
    &'static [u8],
    Option<&'static str>,
    &'static [&'static str],
);

const CASES: &[Case] = &[
    (
        "plain",
        b"GET /users/7?a=b&sig=s3cr3t HTTP/1.1\r\nhost: shop.example:81\r\nuser-agent: me\r\nx-tenant: a\r\nx-tenant: b\r\nauthorization: s3cr3t\r\n\r\n",
        Some("200"),
        &[
            "GET /users/{id}",
            "http.request.header.x-tenant=[\"a\",\"b\"]",
            "http.response.header.x-answer=[\"a\"]",
            "http.response.status_code=200",
            "http.route=/users/{id}",
            "network.protocol.version=1.1",
            "server.address=shop.example",
            "server.port=81",
            "url.path=/users/7",
            "url.query=a=REDACTED&sig=REDACTED",
            "url.scheme=http",
            "user_agent.original=me",
        ],
    ),
    (
        "an unknown method",
        b"XYZZY /users/7 HTTP/1.1\r\nhost: a\r\n\r\n",
        Some("200"),
        &["HTTP /users/{id}", "http.request.method=_OTHER", "http.request.method_original=XYZZY"],
    ),
    (
        "a method in the wrong case",
        b"get /miss HTTP/1.1\r\nhost: a\r\n\r\n",
        Some("404"),
        &["HTTP", "http.request.method_original=get", "http.response.status_code=404"],
    ),
    (
        "a new method",
        b"QUERY /users/7 HTTP/1.1\r\nhost: a\r\n\r\n",
        Some("200"),
        &["QUERY /users/{id}"],
    ),
    ("a miss", b"GET /users HTTP/1.1\r\nhost: a\r\n\r\n", Some("404"), &["GET"]),
    (
        "the wrong method",
        b"DELETE /only-get HTTP/1.1\r\nhost: a\r\n\r\n",
        Some("405"),
        &["DELETE /only-get", "http.response.status_code=405"],
    ),
    (
        "no host, and an old version",
        b"GET /users/7 HTTP/1.0\r\n\r\n",
        Some("200"),
        &["GET /users/{id}", "network.protocol.version=1.0"],
    ),
    ("an empty host", b"GET /users/7 HTTP/1.1\r\nhost:\r\n\r\n", Some("200"), &["GET /users/{id}"]),
    (
        "the whole URL",
        b"GET http://me:s3cr3t@shop.example:81/users/7? HTTP/1.1\r\nhost: other\r\n\r\n",
        Some("200"),
        &["server.address=shop.example", "server.port=81", "url.query="],
    ),
    (
        "an address for a host",
        b"GET /users/7 HTTP/1.1\r\nhost: [::1]:8080\r\n\r\n",
        Some("200"),
        &["server.address=::1", "server.port=8080"],
    ),
    (
        "everything",
        b"OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n",
        Some("404"),
        &["OPTIONS", "url.path=*"],
    ),
    (
        "a tunnel that is refused",
        b"CONNECT a:443 HTTP/1.1\r\nhost: a:443\r\n\r\n",
        Some("404"),
        &["CONNECT", "server.address=a", "server.port=443"],
    ),
    ("a head", b"HEAD /users/7 HTTP/1.1\r\nhost: a\r\n\r\n", Some("200"), &["HEAD /users/{id}"]),
    ("no content", b"GET /none HTTP/1.1\r\nhost: a\r\n\r\n", Some("204"), &["GET /none"]),
    (
        "not modified",
        b"GET /same HTTP/1.1\r\nhost: a\r\nif-none-match: \"x\"\r\n\r\n",
        Some("304"),
        &["GET /same"],
    ),
    ("a stream", b"GET /pieces HTTP/1.1\r\nhost: a\r\n\r\n", Some("200"), &["GET /pieces"]),
    (
        "a body in chunks",
        b"POST /echo HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nx-trailer: 1\r\n\r\n",
        Some("200"),
        &["POST /echo"],
    ),
    (
        "chunks that are none",
        b"POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzzz\r\n",
        Some("400"),
        &["POST /echo", "http.response.status_code=400"],
    ),
    (
        "an error of the server's",
        b"GET /broken HTTP/1.1\r\nhost: a\r\n\r\n",
        Some("500"),
        &["GET /broken [error]", "error.type=500"],
    ),
    (
        "an unknown code",
        b"GET /odd HTTP/1.1\r\nhost: a\r\n\r\n",
        Some("799"),
        &["GET /odd [error]", "error.type=799"],
    ),
    (
        "a panic",
        b"GET /panic HTTP/1.1\r\nhost: a\r\n\r\n",
        None,
        &["GET /panic [error]", "error.type=panic"],
    ),
    (
        "a panic that is caught",
        b"GET /caught HTTP/1.1\r\nhost: a\r\n\r\n",
        Some("500"),
        &["GET /caught [error]", "error.type=500"],
    ),
    (
        "a timeout",
        b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n",
        Some("504"),
        &["GET /slow [error]", "error.type=504"],
    ),
    (
        "a body that fails",
        b"GET /cut HTTP/1.1\r\nhost: a\r\n\r\n",
        None,
        &["GET /cut [error]", "error.type=timeout", "http.response.status_code=200"],
    ),
    (
        "absurd headers",
        b"GET /users/7 HTTP/1.1\r\nhost: a b,c@:99999\r\nuser-agent: caf\xc3\xa9 \xff\r\ntraceparent: 00-zz\r\ntraceparent: \xff\r\ntracestate: =,,=\r\nbaggage: \xff;;=,\r\nforwarded: for=\";host=\r\nx-forwarded-for: ,,,\r\nx-forwarded-proto: javascript\r\nx-forwarded-host: \xe2\x82\xac\r\n\r\n",
        Some("200"),
        &["client.address=127.0.0.1", "url.scheme=http", "user_agent.original=caf\u{e9} \u{fffd}"],
    ),
    (
        "a fragment",
        b"GET /users/7?a=b#access_token=s3cr3t HTTP/1.1\r\nhost: a\r\n\r\n",
        Some("200"),
        &["url.path=/users/7", "url.query=a=REDACTED"],
    ),
    (
        "a host in capitals",
        b"GET /users/7 HTTP/1.1\r\nhost: Shop.EXAMPLE.com.:81\r\n\r\n",
        Some("200"),
        &["server.address=shop.example.com", "server.port=81"],
    ),
    (
        "behind a proxy that quotes",
        b"GET /users/7 HTTP/1.1\r\nhost: inside\r\nforwarded: host=\"a,b\";for=192.0.2.60;proto=https, for=10.0.0.1\r\n\r\n",
        Some("200"),
        &["client.address=192.0.2.60", "server.address=inside", "url.scheme=https"],
    ),
    (
        "behind a proxy on its own port",
        b"GET /users/7 HTTP/1.1\r\nhost: inside:8080\r\nx-forwarded-host: Shop.example\r\nx-forwarded-port: 8443, 80\r\nx-forwarded-proto: https, http\r\nx-forwarded-for: ::ffff:192.0.2.60, 10.0.0.1\r\n\r\n",
        Some("200"),
        &["client.address=192.0.2.60", "server.address=shop.example", "server.port=8443", "url.scheme=https"],
    ),
    (
        "behind a proxy",
        b"GET /users/7 HTTP/1.1\r\nhost: inside\r\nforwarded: for=\"[2001:db8::1]:47\";host=\"shop.example:8443\";proto=https\r\n\r\n",
        Some("200"),
        &["client.address=2001:db8::1", "server.address=shop.example", "server.port=8443", "url.scheme=https"],
    ),
];
