//! A run that records each of our names at least once.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Request, Response};
use futures_util::{StreamExt, stream};
use throughline::agents::graph::{graph, node, task};
use throughline::agents::scope::Scope;
use throughline::agents::{TokenBudgetLayer, agent};
use throughline::llm::{Capture, Price, Prices, Role, wait_idle};
use throughline::{ClientLayer, DrainLayer, LlmLayer, ServerLayer};
use throughline_test_support::{Recorder, noting};
use tower::{ServiceBuilder, ServiceExt, service_fn};

const URL: &str = "https://api.openai.com/v1/chat/completions";
const PROMPT: &str = r#"{"model":"gpt-4o","temperature":0.2,"messages":[{"role":"user","content":"Hello"}]}"#;

/// The response of the provider.
type Answer = fn() -> io::Result<Response<Body>>;

/// Runs all scenarios.
pub(crate) async fn run() -> Recorder {
    let recorder = Recorder::with_sampler(noting::sampler());
    serve(&recorder, ServerLayer::new().with_time_to_headers(true)).await;
    model_calls(&recorder).await;
    drop_stream(&recorder).await;
    scopes(&recorder).await;
    runs(&recorder).await;
    assert!(wait_idle(Duration::from_secs(60)), "all calls are recorded");
    recorder
}

/// Runs the scenarios with default settings.
pub(crate) async fn run_defaults() -> Recorder {
    let recorder = Recorder::with_sampler(noting::sampler());
    serve(&recorder, ServerLayer::new()).await;
    for answer in [reported, unreported] as [Answer; 2] {
        call(&recorder, &llm(&recorder), Request::new(PROMPT.into()), answer).await;
    }
    let run = observed(&recorder, graph("support"));
    run.run(observed(&recorder, node("model", "draft")).run(async {}))
        .await;
    assert!(wait_idle(Duration::from_secs(60)), "all calls are recorded");
    recorder
}

/// Records a server span.
async fn serve(recorder: &Recorder, layer: ServerLayer) {
    let server = layer
        .with_tracer_provider(recorder.tracer_provider())
        .with_meter_provider(recorder.meter_provider());
    let handler =
        service_fn(|_: Request<Body>| async { Ok::<_, io::Error>(Response::new(Body::from("Hello"))) });
    let service = ServiceBuilder::new().layer(server).service(handler);
    let response = service
        .oneshot(Request::new(Body::empty()))
        .await
        .expect("a response");
    read(response).await.expect("a body");
}

/// Makes calls with every outcome.
async fn model_calls(recorder: &Recorder) {
    let everything = llm(recorder)
        .with_role(Role::Client)
        .with_prices(prices())
        .with_rate_limit_metrics(true)
        .with_legacy_attributes(true)
        .with_capture(Capture::SpanOnly);
    call(recorder, &everything, Request::new(PROMPT.into()), reported).await;
    call(recorder, &everything, Request::new(PROMPT.into()), unreported).await;
    let mut encoded = Request::new(Body::from("?"));
    encoded
        .headers_mut()
        .insert("content-encoding", "compress".parse().expect("a value"));
    call(recorder, &llm(recorder), encoded, reported).await;
    call(recorder, &llm(recorder), Request::new(PROMPT.into()), malformed).await;
    call(recorder, &llm(recorder), Request::new(PROMPT.into()), unreachable).await;
}

/// Drops a stream before its end; the layer reads the rest.
async fn drop_stream(recorder: &Recorder) {
    let drain = DrainLayer::new(tokio::runtime::Handle::current());
    let client = ServiceBuilder::new()
        .layer(drain.clone())
        .layer(llm(recorder))
        .service(service_fn(|_| async { streamed() }));
    let response = client.oneshot(post(PROMPT.into())).await.expect("a response");
    let mut body = Body::new(response.into_body()).into_data_stream();
    body.next().await.expect("a frame").expect("data");
    drop(body);
    assert!(drain.wait_idle(Duration::from_secs(60)).await, "the rest is read");
}

/// Runs a scope whose budget is exhausted, with calls of every outcome.
async fn scopes(recorder: &Recorder) {
    let scope = observed(recorder, agent("Planner")).with_token_budget(20);
    let layer = llm(recorder).with_prices(prices());
    scope
        .run(async {
            for answer in [unreachable, unreported, reported, reported] as [Answer; 4] {
                call(recorder, &layer, Request::new(PROMPT.into()), answer).await;
            }
        })
        .await;
}

/// Runs a graph that fails.
async fn runs(recorder: &Recorder) {
    let run = observed(recorder, graph("support")).with_attribute(task("Answer the question"));
    let draft = observed(recorder, node("model", "draft"));
    let failed = run
        .try_run(draft.try_run(async { Err::<(), _>("no answer") }))
        .await;
    failed.expect_err("as scripted");
}

fn llm(recorder: &Recorder) -> LlmLayer {
    LlmLayer::new()
        .with_tracer_provider(recorder.tracer_provider())
        .with_meter_provider(recorder.meter_provider())
}

fn observed(recorder: &Recorder, scope: Scope) -> Scope {
    scope
        .with_tracer_provider(recorder.tracer_provider())
        .with_meter_provider(recorder.meter_provider())
}

fn prices() -> Prices {
    Prices::new().with_price("gpt-4o", Price::new(2.5, 10.0))
}

/// Calls a model through all layers and reads the answer.
async fn call(recorder: &Recorder, layer: &LlmLayer, request: Request<Body>, answer: Answer) {
    let client = ClientLayer::new()
        .with_tracer_provider(recorder.tracer_provider())
        .with_meter_provider(recorder.meter_provider());
    let client = ServiceBuilder::new()
        .layer(layer.clone())
        .layer(TokenBudgetLayer::new())
        .layer(client)
        .service(service_fn(move |_| async move { answer() }));
    let (head, body) = request.into_parts();
    let mut request = post(body);
    request.headers_mut().extend(head.headers);
    // Some responses are errors.
    if let Ok(response) = client.oneshot(request).await {
        let _ = read(response).await;
    }
}

fn post(body: Body) -> Request<Body> {
    Request::post(URL).body(body).expect("a request")
}

async fn read<B>(response: Response<B>) -> Result<Bytes, axum::Error>
where
    B: axum::body::HttpBody<Data = Bytes, Error: Into<axum::BoxError>> + Send + 'static,
{
    to_bytes(Body::new(response.into_body()), usize::MAX).await
}

/// A stream with reported usage.
fn streamed() -> io::Result<Response<Body>> {
    events(&[TEXT, END, USAGE, DONE])
}

fn reported() -> io::Result<Response<Body>> {
    answer("application/json", r#"{"model":"gpt-4o","choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":18,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":1},"cost":0.0001}}"#.into())
}

/// A stream without usage.
fn unreported() -> io::Result<Response<Body>> {
    events(&[TEXT, END, DONE])
}

fn events(events: &'static [&str]) -> io::Result<Response<Body>> {
    let events = events
        .iter()
        .map(|event| Ok::<_, io::Error>(format!("data: {event}\n\n")));
    answer("text/event-stream", Body::from_stream(stream::iter(events)))
}

const TEXT: &str = r#"{"model":"gpt-4o","choices":[{"index":0,"delta":{"content":"Hi"}}]}"#;
const END: &str = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
const USAGE: &str = r#"{"choices":[],"usage":{"prompt_tokens":8,"completion_tokens":2}}"#;
const DONE: &str = "[DONE]";

fn malformed() -> io::Result<Response<Body>> {
    answer("application/json", r#"{"choices":?"#.into())
}

fn unreachable() -> io::Result<Response<Body>> {
    Err(io::ErrorKind::ConnectionRefused.into())
}

fn answer(content_type: &str, body: Body) -> io::Result<Response<Body>> {
    let response = Response::builder()
        .header("content-type", content_type)
        .header("x-ratelimit-remaining-tokens", "7");
    Ok(response.body(body).expect("a response"))
}
