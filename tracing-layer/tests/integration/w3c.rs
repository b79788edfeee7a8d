//! W3C trace context from socket to socket: in through `ServerLayer`, out through `ClientLayer`, with an SDK
//! between.
//!
//! <https://www.w3.org/TR/trace-context-2/>

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::get;
use opentelemetry_sdk::trace::Sampler;
use throughline_test_support::Recorder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::{Layer, ServiceExt};

use crate::{client, serve, server};

/// A service that calls another, and the headers that it received.
struct Relay {
    address: SocketAddr,
    received: Arc<Mutex<HeaderMap>>,
}

impl Relay {
    async fn start(sampler: Sampler) -> Self {
        let received = Arc::<Mutex<HeaderMap>>::default();
        let sink = Arc::clone(&received);
        let end = get(move |headers: HeaderMap| async move {
            *sink.lock().expect("not poisoned") = headers;
        });
        let url = format!("http://{}/", serve(Router::new().route("/", end)).await);
        let recorder = Recorder::with_sampler(sampler);
        let client = client(&recorder).layer(reqwest::Client::new());
        let relay = get(move || {
            let url = url.parse().expect("a URL");
            let request = reqwest::Request::new(reqwest::Method::GET, url);
            let sent = client.clone().oneshot(request);
            async move { sent.await.expect("a response").status() }
        });
        let address = serve(Router::new().route("/", relay).layer(server(&recorder))).await;
        Self { address, received }
    }

    /// What goes out where these header lines come in: `traceparent`, and the lines of `tracestate`.
    async fn pass(&self, lines: &[u8]) -> (String, Vec<String>) {
        let mut socket = TcpStream::connect(self.address).await.expect("connected");
        let request = [
            b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n",
            lines,
            b"\r\n",
        ]
        .concat();
        socket.write_all(&request).await.expect("sent");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.expect("an answer");
        let shown = String::from_utf8_lossy(lines);
        assert!(
            answer.starts_with("HTTP/1.1 200"),
            "{shown} does not harm: {answer}"
        );
        let received = self.received.lock().expect("not poisoned");
        let text = |name| {
            let lines = received.get_all(name).iter();
            lines
                .map(|line| line.to_str().expect("text").to_owned())
                .collect::<Vec<_>>()
        };
        let mut parents = text("traceparent");
        assert_eq!(parents.len(), 1, "{shown}: one traceparent");
        (parents.remove(0), text("tracestate"))
    }
}

const TRACE: &str = "12345678901234567890123456789012";
const PARENT: &str = "fedcba9876543210";

/// Whether this is a version 00 traceparent that a strict reader takes.
fn is_valid(traceparent: &str) -> bool {
    let hex = |part: &str, length| {
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        part.len() == length && part.bytes().all(is_hex)
    };
    let zero = |part: &str| part.bytes().all(|byte| byte == b'0');
    match traceparent.split('-').collect::<Vec<_>>().as_slice() {
        ["00", trace, parent, flags] => {
            hex(trace, 32) && hex(parent, 16) && hex(flags, 2) && !zero(trace) && !zero(parent)
        }
        _ => false,
    }
}

#[tokio::test]
async fn a_traceparent_that_is_right_is_followed_and_any_other_begins_anew() {
    let good = format!("00-{TRACE}-{PARENT}-01");
    let followed = [
        format!("traceparent: {good}"),
        format!("TraceParent: {good}"),
        format!("TRACEPARENT:\t {good} \t"),
        format!("traceparent: cc-{TRACE}-{PARENT}-01"),
        format!("traceparent: cc-{TRACE}-{PARENT}-01-what-comes-later"),
        format!("traceparent: 01-{TRACE}-{PARENT}-ff-"),
        format!("traceparent: 00-{TRACE}-{PARENT}-ff"),
    ];
    let refused = [
        String::from("x-nothing: 1"),
        format!("traceparent: {good}\r\ntraceparent: 00-{TRACE}-{PARENT}-00"),
        format!("traceparent: {good}\r\ntraceparent: {good}"),
        format!("traceparent: {good},{good}"),
        format!("trace-parent: {good}"),
        format!("trace.parent: {good}"),
        format!("traceparent: {good}."),
        format!("traceparent: {good}-"),
        format!("traceparent: {good}-later"),
        format!("traceparent: cc-{TRACE}-{PARENT}-01.later"),
        format!("traceparent: cc-{TRACE}-{PARENT}-01x"),
        format!("traceparent: ff-{TRACE}-{PARENT}-01"),
        format!("traceparent: FF-{TRACE}-{PARENT}-01"),
        format!("traceparent: 0A-{TRACE}-{PARENT}-01"),
        format!("traceparent: .0-{TRACE}-{PARENT}-01"),
        format!("traceparent: +0-{TRACE}-{PARENT}-01"),
        format!("traceparent: 0-{TRACE}-{PARENT}-01"),
        format!("traceparent: 000-{TRACE}-{PARENT}-01"),
        format!("traceparent: 00-{}-{PARENT}-01", "0".repeat(32)),
        format!("traceparent: 00-{}.-{PARENT}-01", &TRACE[..31]),
        format!("traceparent: 00-+{}-{PARENT}-01", &TRACE[1..]),
        format!("traceparent: 00-{}A-{PARENT}-01", &TRACE[..31]),
        format!("traceparent: 00-{TRACE}3-{PARENT}-01"),
        format!("traceparent: 00-{}-{PARENT}-01", &TRACE[..31]),
        format!("traceparent: 00-{TRACE}-{}-01", "0".repeat(16)),
        format!("traceparent: 00-{TRACE}-.{}-01", &PARENT[1..]),
        format!("traceparent: 00-{TRACE}-{PARENT}7-01"),
        format!("traceparent: 00-{TRACE}-{}-01", &PARENT[1..]),
        format!("traceparent: 00-{TRACE}-{PARENT}-.0"),
        format!("traceparent: 00-{TRACE}-{PARENT}-001"),
        format!("traceparent: 00-{TRACE}-{PARENT}-0001"),
        format!("traceparent: 00-{TRACE}-{PARENT}-1"),
        format!("traceparent: 00-{TRACE}-{PARENT}-+1"),
        String::from("traceparent: 00-1-2-1"),
        String::from("traceparent:"),
    ];
    let relay = Relay::start(Sampler::ParentBased(Box::new(Sampler::AlwaysOn))).await;
    for (lines, same) in followed
        .iter()
        .map(|lines| (lines, true))
        .chain(refused.iter().map(|lines| (lines, false)))
    {
        let lines = format!("{lines}\r\ntracestate: foo=1\r\n");
        let (traceparent, tracestate) = relay.pass(lines.as_bytes()).await;
        assert!(is_valid(&traceparent), "{lines} {traceparent}");
        assert_eq!(traceparent.contains(TRACE), same, "{lines} {traceparent}");
        assert!(
            !traceparent.contains(PARENT),
            "{lines} a parent of our own: {traceparent}"
        );
        let expected: &[&str] = if same { &["foo=1"] } else { &[] };
        assert_eq!(tracestate, expected, "{lines} its tracestate");
    }
}

#[tokio::test]
async fn a_tracestate_goes_on_whole_or_not_at_all() {
    let many = |count| (1..=count).map(|n| format!("k{n:02}={n:02}")).collect::<Vec<_>>();
    let (two, three) = (many(32), many(33));
    let lines_of = |members: &[String]| {
        let lines = members
            .chunks(10)
            .map(|part| format!("tracestate: {}\r\n", part.join(",")));
        lines.collect::<String>()
    };
    let (key_256, key_257) = ("z".repeat(256), "z".repeat(257));
    let (value_256, value_257) = ("v".repeat(256), "v".repeat(257));
    let cases: [(String, Option<String>); 21] = [
        ("tracestate: foo=1,bar=2\r\n".into(), Some("foo=1,bar=2".into())),
        ("TraceState: foo=1\r\n".into(), Some("foo=1".into())),
        ("trace-state: foo=1\r\n".into(), None),
        ("tracestate:\r\n".into(), None),
        (
            "tracestate:\r\ntracestate: foo=1\r\ntracestate: \r\n".into(),
            Some("foo=1".into()),
        ),
        (
            "tracestate: a=1,b=2\r\ntracestate: c=1\r\ntracestate: d=3\r\n".into(),
            Some("a=1,b=2,c=1,d=3".into()),
        ),
        (
            "tracestate: \tfoo=1 \t , \t bar=2,\t \t\r\n".into(),
            Some("foo=1,bar=2".into()),
        ),
        ("tracestate: foo=1,foo=2\r\n".into(), Some("foo=1".into())),
        ("tracestate: foo =1,a=1\r\n".into(), None),
        ("tracestate: FOO=1,a=1\r\n".into(), None),
        ("tracestate: foo.bar=1,a=1\r\n".into(), None),
        (
            "tracestate: foo@@bar=1,t@vvvvvvvvvvvvvvv=2\r\n".into(),
            Some("foo@@bar=1,t@vvvvvvvvvvvvvvv=2".into()),
        ),
        ("tracestate: foo=,a=1\r\n".into(), None),
        ("tracestate: foo==bar,a=1\r\n".into(), None),
        ("tracestate: foo=a\tb,a=1\r\n".into(), None),
        (lines_of(&two), Some(two.join(","))),
        (lines_of(&three), None),
        (
            format!("tracestate: foo=1\r\ntracestate: {key_256}=1\r\n"),
            Some(format!("foo=1,{key_256}=1")),
        ),
        (format!("tracestate: foo=1\r\ntracestate: {key_257}=1\r\n"), None),
        (
            format!("tracestate: foo={value_256}\r\n"),
            Some(format!("foo={value_256}")),
        ),
        (format!("tracestate: foo={value_257},a=1\r\n"), None),
    ];
    let relay = Relay::start(Sampler::AlwaysOn).await;
    for (state, expected) in cases {
        let lines = format!("traceparent: 00-{TRACE}-{PARENT}-00\r\n{state}");
        let (traceparent, tracestate) = relay.pass(lines.as_bytes()).await;
        assert!(
            traceparent.contains(TRACE),
            "{state}: the trace goes on all the same"
        );
        let expected: Vec<String> = expected.into_iter().collect();
        assert_eq!(tracestate, expected, "{state}");
    }
}

#[tokio::test]
async fn flags_go_on_as_the_sampler_says_and_the_trace_id_is_random_still() {
    let cases = [
        (Sampler::AlwaysOn, ["01", "01", "03", "03"]),
        (Sampler::AlwaysOff, ["00", "00", "02", "02"]),
        (
            Sampler::ParentBased(Box::new(Sampler::AlwaysOff)),
            ["00", "01", "02", "03"],
        ),
    ];
    for (sampler, expected) in cases {
        let name = format!("{sampler:?}");
        let relay = Relay::start(sampler).await;
        for (sent, expected) in ["00", "01", "02", "03"].into_iter().zip(expected) {
            let lines = format!("traceparent: 00-{TRACE}-{PARENT}-{sent}\r\n");
            let (traceparent, _) = relay.pass(lines.as_bytes()).await;
            assert!(
                traceparent.ends_with(&format!("-{expected}")),
                "{name}: {sent} to {traceparent}"
            );
            assert!(
                !traceparent.contains(PARENT),
                "{name}: a parent of our own: {traceparent}"
            );
        }
    }
}
