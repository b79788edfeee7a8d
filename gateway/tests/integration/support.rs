//! A gateway, a provider and a client.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use throughline_gateway::{Config, Gateway, Server};
use throughline_test_support::{TEST_TIMEOUT, poll_until, process, serve};
use tokio::process::Command;
use tokio::sync::oneshot;

/// A request as a provider received it.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) path: String,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// An answer of a provider: status, headers and body.
pub(crate) type Answer = (u16, Vec<(&'static str, &'static str)>, String);
/// The answers of a provider. The last one is repeated.
type Answers = Vec<Answer>;

/// A provider that gives scripted answers.
#[derive(Clone)]
pub(crate) struct Provider {
    pub(crate) address: SocketAddr,
    state: Arc<ProviderState>,
}

#[derive(Default)]
struct ProviderState {
    answers: Mutex<Answers>,
    received: Mutex<Vec<Received>>,
}

pub(crate) const ANSWER: &str = r#"{"id":"1","object":"chat.completion","model":"m-1","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}}"#;

impl Provider {
    /// Starts a provider that always answers [`ANSWER`].
    pub(crate) async fn start() -> Self {
        Self::answering([(200, Vec::new(), ANSWER.to_owned())]).await
    }

    pub(crate) async fn answering<const N: usize>(answers: [Answer; N]) -> Self {
        let state = Arc::new(ProviderState::default());
        let mut answers = Vec::from(answers);
        answers.reverse();
        *state.answers.lock().expect("no panic") = answers;
        let app = Router::new().fallback(answer).with_state(state.clone());
        Self {
            address: serve(app).await,
            state,
        }
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.state.received.lock().expect("no panic").clone()
    }

    /// Returns the only request.
    pub(crate) fn only(&self) -> Received {
        let received = self.received();
        let [only] = received.as_slice() else {
            panic!("one request: {received:?}");
        };
        only.clone()
    }
}

async fn answer(State(state): State<Arc<ProviderState>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    state.received.lock().expect("no panic").push(Received {
        path: parts.uri.to_string(),
        headers: parts.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    });
    let mut answers = state.answers.lock().expect("no panic");
    let (status, headers, body) = match answers.len() {
        0 | 1 => answers.last().cloned().expect("an answer"),
        _ => answers.pop().expect("an answer"),
    };
    let mut response = Response::builder()
        .status(status)
        .header("content-type", "application/json");
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(Body::from(body)).expect("a response")
}

/// A gateway in this process.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) gateway: Gateway,
    stop: Option<oneshot::Sender<()>>,
    served: tokio::task::JoinHandle<bool>,
}

impl Running {
    /// Starts a gateway on a free port. The text has no listener.
    pub(crate) async fn start(yaml: &str) -> Self {
        Self::with_listener(yaml, "").await
    }

    /// Starts a gateway with more settings of its listener.
    pub(crate) async fn with_listener(yaml: &str, settings: &str) -> Self {
        let config = config(yaml, settings);
        let gateway = Gateway::new(&config).expect("a gateway");
        let server = Server::bind(&config, gateway.clone()).await.expect("a port");
        let address = *server.addresses().first().expect("a listener");
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(server.serve(async {
            let _ = stopped.await;
        }));
        Self {
            address,
            gateway,
            stop: Some(stop),
            served,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Tells the gateway to stop.
    pub(crate) fn begin_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Stops it, and returns whether all answers ended in time.
    pub(crate) async fn stop(mut self) -> bool {
        self.begin_stop();
        self.served.await.expect("no panic")
    }

    /// Sends a chat of a model and returns status and text of the answer.
    pub(crate) async fn chat(&self, model: &str) -> (StatusCode, String) {
        let response = self.send(&chat(model)).await;
        let status = response.status();
        (status, response.text().await.expect("text"))
    }

    pub(crate) async fn send(&self, body: &str) -> reqwest::Response {
        client()
            .post(self.url("/v1/chat/completions"))
            .header("authorization", "Bearer caller-key")
            .header("content-type", "application/json")
            .body(body.to_owned())
            .send()
            .await
            .expect("an answer")
    }
}

/// A client that uses each connection once, so that a test does not depend on which ones are open.
pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .pool_max_idle_per_host(0)
        .build()
        .expect("a client")
}

pub(crate) fn chat(model: &str) -> String {
    format!(r#"{{"model":"{model}","messages":[{{"role":"user","content":"Hello"}}]}}"#)
}

/// Reads a configuration with a listener on a free port.
pub(crate) fn config(yaml: &str, settings: &str) -> Config {
    let listener = format!("listeners: [{{ address: 127.0.0.1:0, {settings} }}]\n");
    let text = format!("{listener}{yaml}");
    Config::from_yaml(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The providers `a`, `b` and so on, with keys from the variable `PATH`, which is always set.
pub(crate) fn providers(list: &[(&str, &str, SocketAddr)]) -> String {
    let mut text = "providers:\n".to_owned();
    for (name, api, address) in list {
        text += &format!(
            "  - {{ name: {name}, api: {api}, base_url: 'http://{address}', key: {{ file: '{}' }} }}\n",
            key_file(name)
        );
    }
    text
}

/// A file with the key `key-of-NAME`.
pub(crate) fn key_file(name: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("key-{name}"));
    // Other tests read it at the same time.
    static WRITTEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    // The lock is held until the file is complete.
    let mut written = WRITTEN.lock().expect("no panic");
    if written.insert(name.to_owned()) {
        std::fs::write(&path, format!("key-of-{name}\n")).expect("a file");
    }
    drop(written);
    path.display().to_string()
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    poll_until(what, TEST_TIMEOUT, async || is_so().await.then_some(())).await;
}

/// Returns the command of the gateway's program with a configuration, which has a listener on a free port.
pub(crate) fn program(name: &str, yaml: &str) -> Command {
    program_with_listener(name, yaml, "")
}

/// Returns the command of the gateway's program with more settings of its listener.
pub(crate) fn program_with_listener(name: &str, yaml: &str, settings: &str) -> Command {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.yaml"));
    std::fs::write(
        &path,
        format!("listeners: [{{ address: 127.0.0.1:0, {settings} }}]\n{yaml}"),
    )
    .expect("a file");
    let mut command = process::program(env!("CARGO_BIN_EXE_throughline-gateway"));
    command.arg("--config").arg(path);
    command
}
