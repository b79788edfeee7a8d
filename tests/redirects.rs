//! A model call that is redirected to another host, in the whole stack, over real sockets.

use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request, Response, StatusCode};
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::TokioExecutor;
use opentelemetry::baggage::BaggageExt;
use opentelemetry::{Context, KeyValue};
use throughline::llm::RequestBody;
use throughline::propagation::{Outgoing, W3cPropagator};
use throughline::span::InContextExt;
use throughline::{ClientLayer, LlmLayer};
use throughline_test_support::Recorder;
use tokio::net::TcpListener;
use tower::retry::{Policy, RetryLayer};
use tower::{ServiceBuilder, ServiceExt};
use tower_http::follow_redirect::FollowRedirectLayer;
use tower_http::follow_redirect::policy::{FilterCredentials, Limited, PolicyExt, clone_body_fn};

const QUESTION: &str = r#"{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}]}"#;
const ANSWER: &str = concat!(
    r#"{"id":"1","model":"gpt-4o","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"#,
    r#""finish_reason":"stop"}],"usage":{"prompt_tokens":8,"completion_tokens":1}}"#,
);

/// The requests that a host received: headers and body.
type Came = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

async fn host(address: &str, location: Option<String>) -> (SocketAddr, Came) {
    let came = Came::default();
    let seen = Arc::clone(&came);
    let answer = move |headers: HeaderMap, body: Bytes| async move {
        seen.lock().expect("unpoisoned").push((headers, body));
        let mut response = Response::new(Body::from(ANSWER));
        if let Some(location) = location {
            *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
            let location = location.parse().expect("a header");
            response.headers_mut().insert("location", location);
        }
        response
    };
    let listener = TcpListener::bind((address, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let router = Router::new().fallback(answer);
    drop(tokio::spawn(async move { axum::serve(listener, router).await }));
    (address, came)
}

/// A retry policy that never retries. It takes the place of a retry layer in the stack.
#[derive(Clone)]
struct Never;

impl<A, B> Policy<Request<RequestBody<A>>, Response<B>, Error> for Never
where
    A: axum::body::HttpBody,
{
    type Future = Ready<()>;

    fn retry(
        &mut self,
        _: &mut Request<RequestBody<A>>,
        result: &mut Result<Response<B>, Error>,
    ) -> Option<Ready<()>> {
        result.is_err().then(|| ready(()))
    }

    fn clone_request(&mut self, _: &Request<RequestBody<A>>) -> Option<Request<RequestBody<A>>> {
        None
    }
}

#[tokio::test]
async fn a_model_call_that_is_redirected_is_one_span_with_a_span_a_hop() {
    let (other, second) = host("127.0.0.2", None).await;
    let location = format!("http://{other}/v1/chat/completions?key=S3cr3t");
    let (address, first) = host("127.0.0.1", Some(location)).await;
    let recorder = Recorder::new();
    let outgoing = Outgoing::new()
        .with_trace_to(["127.0.0.1"])
        .with_baggage_to(["127.0.0.1"]);
    let follow = Limited::new(10)
        .and::<_, RequestBody<String>, Error>(FilterCredentials::new())
        .and::<_, RequestBody<String>, Error>(clone_body_fn(RequestBody::try_clone));
    let service = ServiceBuilder::new()
        .layer(LlmLayer::new().with_tracer_provider(recorder.tracer_provider()))
        .layer(RetryLayer::new(Never))
        .layer(FollowRedirectLayer::with_policy(follow))
        .layer(
            ClientLayer::new()
                .with_tracer_provider(recorder.tracer_provider())
                .with_propagator(W3cPropagator::new())
                .with_outgoing(outgoing),
        )
        .service(Client::builder(TokioExecutor::new()).build_http());
    let request = Request::post(format!("http://{address}/v1/chat/completions"))
        .header("authorization", "Bearer S3cr3t")
        .body(QUESTION.to_owned())
        .expect("a request");
    let baggage = Context::new().with_baggage([KeyValue::new("user", "7")]);
    let response = service
        .oneshot(request)
        .in_context(baggage)
        .await
        .expect("an answer");
    assert_eq!(response.status(), 200, "followed");
    let body = axum::body::to_bytes(Body::new(response.into_body()), usize::MAX).await;
    assert_eq!(body.expect("a body"), ANSWER, "the answer of the second host");
    for (host, came, allowed) in [("first", &first, true), ("second", &second, false)] {
        let came = came.lock().expect("unpoisoned");
        let [(headers, body)] = came.as_slice() else {
            panic!("one request came to the {host} host, not {}", came.len())
        };
        assert_eq!(body, QUESTION, "{host}: the question");
        for name in ["traceparent", "baggage", "authorization"] {
            assert_eq!(headers.contains_key(name), allowed, "{host}: {name}");
        }
    }
    let tree = recorder.tree(&[]);
    assert!(!tree.contains("S3cr3t"), "no secret is recorded:\n{tree}");
    let spans: Vec<&str> = tree
        .lines()
        .filter(|line| !line.trim_start().starts_with(['-', '!']) || line.contains("resend_count"))
        .collect();
    let expected = [
        "Client chat gpt-4o",
        "  - http.request.resend_count=1",
        "  Client POST",
        "  Client POST",
        "    - http.request.resend_count=1",
    ];
    assert_eq!(spans, expected, "the call, and a span a hop:\n{tree}");
}
