//! Layers in other orders than the recommended one, or without a provider: a call is never broken.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::routing::post;
use reqwest::{Client, Request, Response};
use throughline::propagation::W3cPropagator;
use throughline::{ClientLayer, LlmLayer, ServerLayer};
use throughline_test_support::Recorder;
use tokio::net::TcpListener;
use tower::{Service, ServiceBuilder, ServiceExt};

const QUESTION: &str = r#"{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}]}"#;
const ANSWER: &str = concat!(
    r#"{"id":"1","model":"gpt-4o","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"#,
    r#""finish_reason":"stop"}],"usage":{"prompt_tokens":8,"completion_tokens":1}}"#,
);

/// Starts a model with one fixed answer, optionally wrapped in this layer.
async fn model(layer: Option<ServerLayer>) -> SocketAddr {
    let answer = async |_: Bytes| {
        (
            [
                (header::CONTENT_TYPE, "application/json"),
                (header::ETAG, "\"1\""),
            ],
            ANSWER,
        )
    };
    let app = Router::new().route("/v1/chat/completions", post(answer));
    let app = match layer {
        Some(layer) => app.layer(layer),
        None => app,
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// Sends a request through a stack of layers, and checks that the answer is unchanged.
async fn send<S>(stack: S, model: SocketAddr)
where
    S: Service<Request, Response = Response, Error = reqwest::Error>,
{
    let url = format!("http://{model}/v1/chat/completions");
    let request = Client::new()
        .post(&url)
        .body(QUESTION)
        .build()
        .expect("a request");
    let response = stack.oneshot(request).await.expect("an answer");
    assert_eq!(response.url().as_str(), url, "the response keeps its URL");
    assert_eq!(response.headers()[header::ETAG], "\"1\"", "and its headers");
    assert_eq!(
        response.content_length(),
        Some(ANSWER.len() as u64),
        "and its length"
    );
    assert_eq!(response.text().await.expect("a body"), ANSWER, "and every byte");
}

fn layers(recorder: &Recorder) -> (LlmLayer, ClientLayer) {
    let llm = LlmLayer::new()
        .with_tracer_provider(recorder.tracer_provider())
        .with_meter_provider(recorder.meter_provider());
    let client = ClientLayer::new()
        .with_tracer_provider(recorder.tracer_provider())
        .with_meter_provider(recorder.meter_provider())
        .with_propagator(W3cPropagator::new());
    (llm, client)
}

/// Returns the kind and name of each span, indented by depth.
fn shape(recorder: &Recorder) -> Vec<String> {
    let tree = recorder.tree(&[]);
    tree.lines()
        .filter(|line| !line.trim_start().starts_with(['-', '!']))
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn llm_inside_client() {
    let recorder = Recorder::new();
    let (llm, client) = layers(&recorder);
    send(
        ServiceBuilder::new()
            .layer(client)
            .layer(llm)
            .service(Client::new()),
        model(None).await,
    )
    .await;
    assert_eq!(
        shape(&recorder),
        ["Client POST", "  Client chat gpt-4o"],
        "the model call is below the attempt"
    );
    assert!(
        counted(&recorder),
        "its tokens are counted: {:?}",
        recorder.metrics()
    );
}

#[tokio::test]
async fn llm_alone_and_client_alone() {
    let recorder = Recorder::new();
    let (llm, client) = layers(&recorder);
    send(
        ServiceBuilder::new().layer(llm).service(Client::new()),
        model(None).await,
    )
    .await;
    send(
        ServiceBuilder::new().layer(client).service(Client::new()),
        model(None).await,
    )
    .await;
    assert_eq!(
        shape(&recorder),
        ["Client chat gpt-4o", "Client POST"],
        "a root each"
    );
}

#[tokio::test]
async fn every_layer_twice() {
    let recorder = Recorder::new();
    let (llm, client) = layers(&recorder);
    let stack = ServiceBuilder::new()
        .layer(llm.clone())
        .layer(client.clone())
        .layer(llm)
        .layer(client)
        .service(Client::new());
    send(stack, model(None).await).await;
    let expected = ["Client chat gpt-4o", "  Client POST"];
    assert_eq!(
        shape(&recorder),
        expected,
        "a model call is one, and so is its request, however many layers see them"
    );
    assert!(
        counted(&recorder),
        "its tokens are counted once: {:?}",
        recorder.metrics()
    );
}

#[tokio::test]
async fn trace_continues_across_a_socket() {
    let recorder = Recorder::new();
    let (llm, client) = layers(&recorder);
    let server = ServerLayer::new()
        .with_tracer_provider(recorder.tracer_provider())
        .with_meter_provider(recorder.meter_provider())
        .with_propagator(W3cPropagator::new());
    send(
        ServiceBuilder::new()
            .layer(llm)
            .layer(client)
            .service(Client::new()),
        model(Some(server)).await,
    )
    .await;
    let expected = [
        "Client chat gpt-4o",
        "  Client POST",
        "    Server POST /v1/chat/completions",
    ];
    assert_eq!(shape(&recorder), expected, "one trace, in the recommended order");
}

#[tokio::test]
async fn without_any_provider() {
    let stack = ServiceBuilder::new()
        .layer(LlmLayer::new())
        .layer(ClientLayer::new())
        .service(Client::new());
    send(stack, model(Some(ServerLayer::new())).await).await;
}

fn counted(recorder: &Recorder) -> bool {
    let metrics = recorder.metrics();
    let has = |line: &str| metrics.iter().any(|metric| metric == line);
    has("prompt_size{direction=input} 8") && has("prompt_size{direction=output} 1")
}
