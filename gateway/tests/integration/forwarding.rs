//! Runs the program between raw sockets, so that the tests see every byte on both sides.

use std::net::SocketAddr;
use std::time::Duration;

use throughline_test_support::process::{Ran, Running, run};
use throughline_test_support::{Collector, VARYING, Vacant, hex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time;

use crate::support::program;

/// The time limit for a byte to arrive.
const DEADLINE: Duration = Duration::from_secs(30);

/// A proxy with its provider.
struct Path {
    proxy: Running,
    /// The address of the proxy.
    at: String,
    provider: TcpListener,
    address: SocketAddr,
    collector: Collector,
}

impl Path {
    /// Starts the proxy. Requests are forwarded to this base path of the provider.
    async fn new(base: &str) -> Self {
        Self::with_variables(base, &[]).await
    }

    /// Starts the proxy with variables in addition to those of the collector.
    async fn with_variables(base: &str, vars: &[(&str, &str)]) -> Self {
        let provider = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = provider.local_addr().expect("an address");
        let (collector, url) = Collector::start().await;
        let name = format!("forwarding-{}", address.port());
        let provider_yaml =
            format!("providers: [{{ name: p, api: openai, base_url: 'http://{address}{base}' }}]");
        let mut command = program(&name, &provider_yaml);
        command
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", url)
            .env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
            .envs(vars.iter().copied());
        let mut proxy = Running::start(command);
        let at = proxy.line("http://").await;
        Self {
            proxy,
            at,
            provider,
            address,
            collector,
        }
    }

    /// Connects to the proxy.
    async fn client(&self) -> TcpStream {
        TcpStream::connect(&self.at).await.expect("the proxy listens")
    }

    /// Terminates the proxy, and waits for its end.
    async fn stop(self) -> (Ran, Collector) {
        self.proxy.signal("TERM").await;
        (self.proxy.end().await, self.collector)
    }

    /// Accepts the proxy's connection to the provider.
    async fn provider(&self) -> TcpStream {
        self.provider.accept().await.expect("a connection").0
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

/// A debug trace used to arrive as a normal one, and `b3: 0` used to be recorded.
#[tokio::test]
async fn b3_decisions_reach_the_provider() {
    const IDS: &str = "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1";
    for (sampler, b3, trace, state, recorded) in [
        (
            "parentbased_always_off",
            &*format!("{IDS}-d"),
            &IDS[..33],
            "-d",
            true,
        ),
        ("parentbased_always_off", "d", "", "-d", true),
        ("parentbased_always_on", "0", "", "-0", false),
        (
            "parentbased_always_on",
            &*format!("{IDS}-0"),
            &IDS[..33],
            "-0",
            false,
        ),
        ("parentbased_always_off", IDS, &IDS[..33], "-0", false),
    ] {
        let vars = [
            ("OTEL_PROPAGATORS", "b3,ottrace"),
            ("OTEL_TRACES_SAMPLER", sampler),
        ];
        let path = Path::with_variables("", &vars).await;
        let mut client = path.client().await;
        let request =
            format!("GET /v1/models HTTP/1.1\r\nhost: proxy\r\nconnection: close\r\nb3: {b3}\r\n\r\n");
        write(&mut client, &request).await;
        let mut provider = path.provider().await;
        let request = until(&mut provider, "\r\n\r\n").await;
        let sent: Vec<_> = request
            .lines()
            .filter_map(|line| line.strip_prefix("b3: "))
            .collect();
        let [sent] = sent.as_slice() else {
            panic!("{b3}: one header in {request}");
        };
        assert!(
            sent.starts_with(trace) && sent.ends_with(state),
            "{b3} with {sampler}: {sent}"
        );
        let answer = "HTTP/1.1 204 No Content\r\n\r\n";
        write(&mut provider, answer).await;
        until(&mut client, "\r\n\r\n").await;
        let (ran, collector) = path.stop().await;
        assert_eq!(ran.code, Some(0), "{b3}: {}", ran.err);
        assert_eq!(
            !collector.spans().is_empty(),
            recorded,
            "{b3} with {sampler}: recorded"
        );
        let warning = "throughline: OTEL_PROPAGATORS = \"ottrace\" is ignored: ";
        assert!(ran.err.contains(warning), "{b3}: {}", ran.err);
    }
}

#[tokio::test]
async fn model_call_is_forwarded_and_counted() {
    let path = Path::new("").await;
    let question = r#"{"model":"m","stream":true,"messages":[]}"#;
    let request = format!(
        "POST /v1/chat/completions?beta=%2F&x HTTP/1.1\r\nhost: proxy\r\nauthorization: Bearer key\r\n\
         connection: x-mine, close\r\nx-mine: 1\r\nte: trailers\r\nproxy-authorization: Basic Zm9v\r\nx-two: a\r\nx-two: b\r\nx-request-id: mine\r\n\
         traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\ncontent-length: {}\r\n\r\n{question}",
        question.len()
    );
    let mut client = path.client().await;
    write(&mut client, &request).await;

    let mut provider = path.provider().await;
    let mut request = until(&mut provider, question).await;
    let traceparent = request
        .find("traceparent: ")
        .map(|at| request.drain(at..at + 13 + 55 + 2).collect::<String>())
        .expect("a traceparent");
    let sent = format!(
        "POST /v1/chat/completions?beta=%2F&x HTTP/1.1\r\nauthorization: Bearer key\r\nx-two: a\r\nx-two: b\r\n\
         x-request-id: mine\r\nvia: 1.1 throughline\r\ncontent-length: {}\r\nhost: {}\r\n\r\n{question}",
        question.len(),
        path.address
    );
    assert_eq!(
        lines(&request),
        lines(&sent),
        "the provider gets what the client sent"
    );

    // Each event arrives before the next one is sent.
    let head = "HTTP/1.1 200 Fine\r\ncontent-type: text/event-stream\r\nx-request-id: 7\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n\
                keep-alive: timeout=5\r\nconnection: keep-alive\r\ndate: Sat, 21 Nov 2026 00:00:00 GMT\r\ntransfer-encoding: chunked\r\n\r\n";
    write(&mut provider, head).await;
    let events = [
        r#"data: {"id":"1","model":"m-1","choices":[{"index":0,"delta":{"content":"Hi"}}]}"#,
        r#"data: {"id":"1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
        r#"data: {"id":"1","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2}}"#,
        "data: [DONE]",
    ];
    let mut answered = String::new();
    for event in events {
        let chunk = format!("{:X}\r\n{event}\n\n\r\n", event.len() + 2);
        write(&mut provider, &chunk).await;
        answered += &until(&mut client, &chunk).await;
    }
    write(&mut provider, "0\r\n\r\n").await;
    answered += &until(&mut client, "0\r\n\r\n").await;
    let (head, _) = answered.split_once("\r\n\r\n").expect("a head");
    let expected = [
        "HTTP/1.1 200 Fine",
        "connection: close",
        "content-type: text/event-stream",
        "date: Sat, 21 Nov 2026 00:00:00 GMT",
        "set-cookie: a=1",
        "set-cookie: b=2",
        "transfer-encoding: chunked",
        "x-request-id: 7",
    ];
    assert_eq!(lines(head), expected, "the client gets what the provider sent");

    let (ran, collector) = path.stop().await;
    assert_eq!(ran.code, Some(0), "it ends by itself: {}", ran.err);
    let expected = include_str!("forwarding_tree.txt");
    assert_eq!(
        collector.tree(VARYING),
        expected,
        "the whole tree, value by value"
    );
    let spans = collector.spans();
    let attempt = spans.iter().find(|span| span.name == "POST" && span.kind == 3);
    let attempt = attempt.expect("a client span");
    let trace = hex(&attempt.trace_id);
    assert_eq!(trace, "0af7651916cd43dd8448eb211c80319c", "the client's trace");
    let ids = format!("00-{trace}-{}-01\r\n", hex(&attempt.span_id));
    assert_eq!(
        traceparent,
        format!("traceparent: {ids}"),
        "the provider continues our span"
    );
}

/// The SDKs of OpenAI and Anthropic ask for compression, with which all tokens used to be unknown.
#[tokio::test]
async fn tokens_of_a_compressed_answer_are_counted() {
    let path = Path::new("").await;
    let question = r#"{"model":"m","messages":[{"role":"user","content":"Hi"}]}"#;
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: proxy\r\nconnection: close\r\n\
         accept-encoding: gzip, deflate, br, zstd\r\ncontent-length: {}\r\n\r\n{question}",
        question.len()
    );
    let mut client = path.client().await;
    write(&mut client, &request).await;
    let mut provider = path.provider().await;
    let request = until(&mut provider, question).await;
    let encodings = request
        .lines()
        .find_map(|line| line.strip_prefix("accept-encoding: "));
    assert_eq!(
        encodings,
        Some("gzip, deflate, br, zstd"),
        "what the client accepts"
    );
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        GZIPPED_ANSWER.len()
    );
    write(&mut provider, &head).await;
    provider.write_all(GZIPPED_ANSWER).await.expect("written");
    until(&mut client, "\r\n\r\n").await;
    let mut answered = Vec::new();
    client.read_to_end(&mut answered).await.expect("an answer");
    assert_eq!(
        answered, GZIPPED_ANSWER,
        "the client gets the bytes of the provider"
    );

    let (ran, collector) = path.stop().await;
    assert_eq!(ran.code, Some(0), "it ends by itself: {}", ran.err);
    let tree = collector.tree(VARYING);
    for line in [
        "gen_ai.usage.input_tokens=5",
        "gen_ai.usage.output_tokens=2",
        "throughline.tokens.source=\"reported\"",
    ] {
        assert!(tree.contains(line), "{line} is in {tree}");
    }
}

/// `{"model":"m","choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":2}}`
const GZIPPED_ANSWER: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x3d\xcc\x31\x0a\xc3\x30\x0c\x85\xe1\xbb\xbc\xd9\x53\xa0\x8b\x4f\xd0\x3b\x84\x12\x82\xab\x34\xa2\xb1\x64\x22\x75\x32\xbe\x7b\xb4\x34\xeb\xc7\x7b\x7f\x47\xd5\x37\x1d\xc8\xa8\x48\x28\xbb\x72\x21\x43\x9e\x3b\x2a\x99\xad\x1f\x42\xee\x28\x2a\x4e\xe2\x31\x7a\x32\x46\xc2\xc6\xc2\xb6\x2f\x27\xad\xa6\x12\x6a\xae\x0d\xe3\x95\xf0\xfb\x3f\xda\xa9\xb5\xf9\xe2\xfa\x25\x89\xdc\x23\xd2\x01\x07\x39\xab\xdc\x3a\x8d\x71\x01\x8b\xa4\x4f\xfc\x7f\x00\x00\x00";

#[tokio::test]
async fn other_requests_and_responses_are_forwarded_unchanged() {
    let path = Path::new("/base/").await;
    let mut client = path.client().await;
    let head = "PUT /files//a%20b?q=1 HTTP/1.1\r\nhost: proxy\r\ntransfer-encoding: chunked\r\n\r\n";
    write(&mut client, head).await;
    write(&mut client, "3\r\none\r\n").await;
    let mut provider = path.provider().await;
    let request = until(&mut provider, "3\r\none\r\n").await;
    assert!(
        request.starts_with("PUT /base/files//a%20b?q=1 HTTP/1.1\r\n"),
        "below the provider's path: {request}"
    );
    // A response that starts before the end of the request, on a connection that is not reused. Otherwise the
    // test would depend on whether the connection is back in the proxy's pool before the next request.
    write(
        &mut provider,
        "HTTP/1.1 207 Multi\r\nconnection: close\r\ncontent-length: 6\r\n\r\nabc",
    )
    .await;
    until(&mut client, "\r\n\r\nabc").await;
    write(&mut client, "3\r\ntwo\r\n0\r\n\r\n").await;
    until(&mut provider, "3\r\ntwo\r\n0\r\n\r\n").await;
    write(&mut provider, "def").await;
    until(&mut client, "def").await;

    // A missing body stays missing, and HEAD has a length without a body.
    write(&mut client, "HEAD /x HTTP/1.1\r\nhost: proxy\r\n\r\n").await;
    let mut provider = path.provider().await;
    let request = until(&mut provider, "\r\n\r\n").await;
    assert!(
        !request.contains("content-length") && !request.contains("transfer-encoding"),
        "no body: {request}"
    );
    write(&mut provider, "HTTP/1.1 404 No\r\ncontent-length: 99\r\n\r\n").await;
    let answered = until(&mut client, "\r\n\r\n").await;
    assert!(
        answered.starts_with("HTTP/1.1 404 ") && answered.contains("content-length: 99"),
        "{answered}"
    );
    path.stop().await;
}

#[tokio::test]
async fn interrupted_answer_and_cancelled_request_are_forwarded() {
    let path = Path::new("").await;
    let question = r#"{"model":"m","messages":[]}"#;
    let length = question.len();
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: proxy\r\ncontent-length: {length}\r\n\r\n{question}"
    );
    let half = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{\"id\"";

    let mut client = path.client().await;
    write(&mut client, &request).await;
    let mut provider = path.provider().await;
    until(&mut provider, question).await;
    write(&mut provider, half).await;
    until(&mut client, "{\"id\"").await;
    drop(provider);
    let rest = time::timeout(DEADLINE, client.read_u8()).await;
    assert!(
        matches!(rest, Ok(Err(_))),
        "the connection ends with the provider's: {rest:?}"
    );

    let mut client = path.client().await;
    write(&mut client, &request).await;
    let mut provider = path.provider().await;
    until(&mut provider, question).await;
    write(&mut provider, half).await;
    until(&mut client, "{\"id\"").await;
    drop(client);
    let rest = time::timeout(DEADLINE, provider.read_u8()).await;
    assert!(
        matches!(rest, Ok(Err(_))),
        "the provider's connection ends with the client's: {rest:?}"
    );

    let (_, collector) = path.stop().await;
    let tree = collector.tree(VARYING);
    for error in ["unexpected_eof", "cancelled"] {
        let attribute = format!("error.type=\"{error}\"");
        assert_eq!(
            tree.matches(&attribute).count(),
            2,
            "the server's span and the call's say {error}:\n{tree}"
        );
    }
}

#[tokio::test]
async fn unreachable_provider_is_a_502_with_the_reason() {
    let vacant = Vacant::new();
    let yaml = format!(
        "providers: [{{ name: p, api: anthropic, base_url: 'http://{}' }}]",
        vacant.address()
    );
    let mut gateway = Running::start(program("unreachable", &yaml));
    let at = gateway.line("http://").await;
    let request = crate::support::client()
        .post(format!("http://{at}/v1/messages"))
        .header("x-request-id", "r");
    let response = request.send().await.expect("an answer");
    assert_eq!(
        response.status(),
        502,
        "the gateway answers in the provider's place"
    );
    let expected = r#"{"error":{"message":"the provider cannot be reached: Connection refused (os error 111)","type":"api_error"},"request_id":"r","type":"error"}"#;
    assert_eq!(
        response.text().await.expect("text"),
        expected,
        "in the provider's format, without its address"
    );
    gateway.signal("TERM").await;
    gateway.end().await;
}

#[tokio::test]
async fn invalid_configuration_is_reported() {
    for (yaml, expected) in [
        (
            "providers: [{ name: p, api: openai, base_url: api.openai.com }]",
            "invalid.yaml:2: providers[0].base_url: the URL has no scheme",
        ),
        (
            "provider: []",
            "invalid.yaml:2: provider: is not a key here; expected listeners, providers",
        ),
        (
            "providers: [{ name: p, api: openai, base_url: http://h, key: sk-secret }]",
            "invalid.yaml:2: providers[0].key: a secret does not stand in the configuration",
        ),
    ] {
        let ran = run(program("invalid", yaml)).await;
        assert_eq!(ran.code, Some(1), "{yaml}: {}", ran.err);
        assert!(ran.err.contains(expected), "{yaml}: {}", ran.err);
        assert!(!ran.err.contains("sk-secret"), "{yaml}: {}", ran.err);
    }
}

#[tokio::test]
async fn check_prints_what_was_understood() {
    let mut command = program(
        "check",
        "providers: [{ name: p, api: openai, base_url: http://h/v1 }]\nmodels: [{ name: m, provider: p, model: x }]",
    );
    command.arg("--check");
    let ran = run(command).await;
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let expected = "listener   http://127.0.0.1:0, 100 % of traces without a parent sampled\n\
                    provider   p: openai at http://h/v1, key of the caller\n\
                    model      m: p as x\n\
                    retries    none\n\
                    circuit    none\n";
    assert_eq!(ran.out, expected, "one fact a line");
}

/// Returns the lines in sorted order, because headers of different names have no order.
fn lines(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.split("\r\n").collect();
    if let Some(headers) = lines.get_mut(1..) {
        headers.sort_unstable();
    }
    lines
}
