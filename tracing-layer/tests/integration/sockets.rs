//! Clients that connect to a Unix domain socket.

use std::path::PathBuf;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Uri};
use axum::routing::get;
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioIo};
use throughline_test_support::Recorder;
use tokio::net::{UnixListener, UnixStream};
use tower::{Layer, ServiceExt, service_fn};

use crate::client;

/// A server on a socket, whose file is removed at the end.
struct Socket(PathBuf);

impl Socket {
    fn serve(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("throughline-{name}-{}.sock", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path).expect("a socket");
        let router = Router::new().route("/v1", get(|| async { "ok" }));
        drop(tokio::spawn(async move { axum::serve(listener, router).await }));
        Self(path)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// What the span of the only request says of whom it was for.
fn shown(recorder: &Recorder) -> [Option<String>; 5] {
    let keys = [
        "server.address",
        "server.port",
        "network.transport",
        "network.peer.address",
        "network.peer.port",
    ];
    let spans = recorder.spans();
    assert_eq!(spans.len(), 1, "one span");
    keys.map(|key| {
        let mut values = spans[0]
            .attributes
            .iter()
            .filter(|attribute| attribute.key.as_str() == key);
        let value = values.next().map(|attribute| attribute.value.to_string());
        assert!(values.next().is_none(), "{key} is recorded once");
        value
    })
}

#[tokio::test]
async fn reqwest_on_a_socket() {
    let socket = Socket::serve("reqwest");
    let recorder = Recorder::new();
    let inner = reqwest::Client::builder()
        .unix_socket(socket.0.clone())
        .build()
        .expect("a client");
    let service = client(&recorder).with_unix_socket(&socket.0).layer(inner);
    let request = reqwest::Request::new(reqwest::Method::GET, "http://Docker/v1".parse().expect("a URL"));
    let response = service.oneshot(request).await.expect("a response");
    assert_eq!(response.text().await.expect("a body"), "ok", "it passes");
    let path = Some(socket.0.display().to_string());
    let expected = [
        Some("docker".to_owned()),
        None,
        Some("unix".to_owned()),
        path,
        None,
    ];
    assert_eq!(shown(&recorder), expected, "no port is made up");
    let metrics = recorder.metrics().join("\n");
    assert!(!metrics.contains("server.port"), "nor on metrics: {metrics}");
}

#[tokio::test]
async fn a_connector_for_urls_of_sockets() {
    let socket = Socket::serve("hyper");
    let path = socket.0.display().to_string();
    let recorder = Recorder::new();
    let connected = path.clone();
    let connector = service_fn(move |_: Uri| {
        let path = connected.clone();
        Box::pin(async move { UnixStream::connect(path).await.map(TokioIo::new) })
    });
    let inner = legacy::Client::builder(TokioExecutor::new()).build::<_, Body>(connector);
    let service = client(&recorder).layer(inner);
    let hex: String = path.bytes().map(|byte| format!("{byte:02x}")).collect();
    let request = Request::get(format!("unix://{hex}:0/v1"))
        .body(Body::empty())
        .expect("a request");
    let response = service.oneshot(request).await.expect("a response");
    assert_eq!(response.status(), 200, "it passes");
    let expected = [
        Some(path.clone()),
        None,
        Some("unix".to_owned()),
        Some(path),
        None,
    ];
    assert_eq!(shown(&recorder), expected, "the path, and no port");
}
