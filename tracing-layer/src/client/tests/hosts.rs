//! Which server a span names.

use bytes::Bytes;
use http::Request;
use http_body_util::Empty;
use throughline_test_support::Recorder;
use tower::{Layer, ServiceExt, service_fn};

use super::{attribute, layer, ok};
use crate::client::ClientLayer;

const KEYS: [&str; 4] = [
    "server.address",
    "server.port",
    "network.transport",
    "network.peer.address",
];

type Setup = fn(ClientLayer) -> ClientLayer;

/// Returns the [`KEYS`] of the span of a request to `uri`, and its metrics.
async fn sent(set_up: Setup, uri: &str) -> ([Option<String>; 4], String) {
    let recorder = Recorder::new();
    let transport = service_fn(|_: Request<Empty<Bytes>>| async { ok() });
    let client = set_up(layer(&recorder)).layer(transport);
    client.oneshot(super::request(uri)).await.expect("sent");
    let shown = KEYS.map(|key| attribute(&recorder, key).pop().flatten());
    (shown, recorder.metrics().join("\n"))
}

#[tokio::test]
async fn hosts_and_ports() {
    let plain: Setup = |layer| layer;
    let unix: Setup = |layer| layer.with_unix_socket("/run/a.sock");
    let run = "unix://2f72756e2f612e736f636b:0/v1?x=1";
    let cases: [(&str, Setup, &str, [Option<&str>; 4]); 16] = [
        (
            "a port",
            plain,
            "http://a:81/",
            [Some("a"), Some("81"), None, None],
        ),
        ("http", plain, "http://a/", [Some("a"), Some("80"), None, None]),
        ("https", plain, "https://a/", [Some("a"), Some("443"), None, None]),
        (
            "web sockets",
            plain,
            "ws://a/",
            [Some("a"), Some("80"), None, None],
        ),
        (
            "web sockets, encrypted",
            plain,
            "wss://a/",
            [Some("a"), Some("443"), None, None],
        ),
        (
            "case",
            plain,
            "HTTP://EXAMPLE.com/",
            [Some("example.com"), Some("80"), None, None],
        ),
        (
            "a dot",
            plain,
            "http://Example.COM.:8080/",
            [Some("example.com"), Some("8080"), None, None],
        ),
        (
            "version 6",
            plain,
            "http://[2001:DB8::1]:8080/",
            [Some("2001:db8::1"), Some("8080"), None, None],
        ),
        (
            "another scheme",
            plain,
            "vsock://3:1024/",
            [Some("3"), Some("1024"), None, None],
        ),
        (
            "another scheme, no port",
            plain,
            "vsock://a/",
            [Some("a"), None, None, None],
        ),
        (
            "a socket",
            plain,
            run,
            [Some("/run/a.sock"), None, Some("unix"), Some("/run/a.sock")],
        ),
        (
            "a socket in capitals",
            plain,
            "UNIX://2F72:0/",
            [Some("/r"), None, Some("unix"), Some("/r")],
        ),
        (
            "a socket not in hexadecimal",
            plain,
            "unix://a.sock/",
            [Some("a.sock"), None, Some("unix"), Some("a.sock")],
        ),
        (
            "a socket with half a digit",
            plain,
            "unix://2f7/",
            [Some("2f7"), None, Some("unix"), Some("2f7")],
        ),
        (
            "a socket that is set",
            unix,
            "http://localhost/",
            [Some("localhost"), None, Some("unix"), Some("/run/a.sock")],
        ),
        (
            "a socket that is set, a port",
            unix,
            "http://A:81/",
            [Some("a"), None, Some("unix"), Some("/run/a.sock")],
        ),
    ];
    for (case, set_up, uri, expected) in cases {
        let (shown, metrics) = sent(set_up, uri).await;
        assert_eq!(shown.each_ref().map(Option::as_deref), expected, "{case}: {uri}");
        let [host, port, ..] = expected;
        let labelled = metrics.contains(&format!("server.address={}", host.unwrap_or_default()));
        assert!(labelled, "{case}: the host on metrics: {metrics}");
        assert_eq!(
            metrics.contains("server.port="),
            port.is_some(),
            "{case}: the port on metrics: {metrics}"
        );
    }
}

#[tokio::test]
async fn no_fragment_is_recorded() {
    for uri in [
        "http://a/b#access_token=s3cr3t",
        "http://a/b?c=d#s3cr3t",
        "http://a/#s3cr3t",
    ] {
        let recorder = Recorder::new();
        let transport = service_fn(|_: Request<Empty<Bytes>>| async { ok() });
        let client = layer(&recorder).layer(transport);
        client.oneshot(super::request(uri)).await.expect("sent");
        let tree = recorder.tree(&[]);
        assert!(!tree.contains("s3cr3t") && !tree.contains('#'), "{uri}:\n{tree}");
    }
}
