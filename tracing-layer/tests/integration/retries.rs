//! Libraries that send a request again: which of its attempts a span is of.

use std::future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use axum::routing::get;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Extension};
use reqwest_retry::RetryTransientMiddleware;
use reqwest_retry::policies::ExponentialBackoff;
use throughline_test_support::Recorder;
use throughline_tracing_layer::client::{Attempts, AttemptsLayer};
use tower::retry::{Policy, RetryLayer};
use tower::{Layer, ServiceBuilder, ServiceExt};

use crate::{client, serve};

/// A server that fails so often before it answers, and again after that.
async fn flaky(failures: usize) -> std::net::SocketAddr {
    let seen = Arc::new(AtomicUsize::new(0));
    let handler = move || {
        let nth = seen.fetch_add(1, Ordering::Relaxed) % (failures + 1);
        future::ready(if nth < failures {
            StatusCode::SERVICE_UNAVAILABLE
        } else {
            StatusCode::OK
        })
    };
    serve(
        Router::new()
            .route("/", get(handler))
            .fallback(|| async { "other" }),
    )
    .await
}

fn resend_counts(recorder: &Recorder) -> Vec<Option<String>> {
    let count = |span: opentelemetry_sdk::trace::SpanData| {
        let mut attributes = span.attributes.into_iter();
        let found = attributes.find(|attribute| attribute.key.as_str() == "http.request.resend_count");
        found.map(|attribute| attribute.value.to_string())
    };
    recorder.spans().into_iter().map(count).collect()
}

/// What the spans of a request say that was sent so often, over and over.
fn counted(attempts: usize, requests: usize) -> Vec<Option<String>> {
    let one = (0..attempts).map(|nth| (nth > 0).then(|| nth.to_string()));
    std::iter::repeat_n(one, requests).flatten().collect()
}

fn retrying() -> RetryTransientMiddleware<ExponentialBackoff> {
    let at_once = Duration::from_millis(1);
    let policy = ExponentialBackoff::builder()
        .retry_bounds(at_once, at_once)
        .build_with_max_retries(5);
    RetryTransientMiddleware::new_with_policy(policy)
}

#[tokio::test]
async fn reqwest_retry_needs_nothing_on_the_request() {
    type Setup = fn(ClientBuilder) -> ClientBuilder;
    let cases: [(&str, Setup); 2] = [
        ("nothing", |builder| builder),
        ("attempts of the user's", |builder| {
            builder.with_init(|request: reqwest_middleware::RequestBuilder| {
                request.with_extension(Attempts::new())
            })
        }),
    ];
    for (case, set_up) in cases {
        for failures in 0..=3 {
            let recorder = Recorder::new();
            let address = flaky(failures).await;
            let chain: ClientWithMiddleware = set_up(ClientBuilder::new(reqwest::Client::new()))
                .with(retrying())
                .with(client(&recorder))
                .build();
            for request in 1..=2 {
                let answer = chain
                    .get(format!("http://{address}/"))
                    .send()
                    .await
                    .expect("a response");
                assert_eq!(answer.status(), StatusCode::OK, "{case}: it passes in the end");
                let expected = counted(failures + 1, request);
                assert_eq!(
                    resend_counts(&recorder),
                    expected,
                    "{case}, {failures} failures, request {request}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_request_of_its_own_in_a_chain_is_no_attempt() {
    let recorder = Recorder::new();
    let address = flaky(0).await;
    let chain = ClientBuilder::new(reqwest::Client::new())
        .with(retrying())
        .with(client(&recorder))
        .build();
    for path in ["/", "/", "/other", "/"] {
        chain
            .get(format!("http://{address}{path}"))
            .send()
            .await
            .expect("a response");
    }
    assert_eq!(resend_counts(&recorder), counted(1, 4), "four requests");
}

#[tokio::test]
async fn attempts_in_the_context_count_over_those_of_the_chain() {
    let recorder = Recorder::new();
    let address = flaky(1).await;
    let chain = ClientBuilder::new(reqwest::Client::new())
        .with(client(&recorder))
        .build();
    let outside = AttemptsLayer::new().layer(tower::service_fn(move |path: &'static str| {
        let chain = chain.clone();
        async move {
            for _ in 0..2 {
                chain.get(format!("http://{address}{path}")).send().await?;
            }
            Ok::<_, reqwest_middleware::Error>(())
        }
    }));
    outside.oneshot("/").await.expect("sent");
    assert_eq!(
        resend_counts(&recorder),
        counted(2, 1),
        "a retry outside of the chain"
    );
}

/// Sends again what failed, at most so often.
#[derive(Clone)]
struct Again(usize);

impl<B, E> Policy<Request<Body>, Response<B>, E> for Again {
    type Future = future::Ready<()>;

    fn retry(&mut self, _: &mut Request<Body>, result: &mut Result<Response<B>, E>) -> Option<Self::Future> {
        let failed = result
            .as_ref()
            .map_or(true, |response| response.status().is_server_error());
        self.0 = self.0.checked_sub(1)?;
        failed.then(|| future::ready(()))
    }

    fn clone_request(&mut self, request: &Request<Body>) -> Option<Request<Body>> {
        let mut again = Request::get(request.uri()).body(Body::empty()).ok()?;
        *again.headers_mut() = request.headers().clone();
        *again.extensions_mut() = request.extensions().clone();
        Some(again)
    }
}

#[tokio::test]
async fn towers_retry_is_counted_by_a_layer_outside_of_it() {
    for failures in 0..=2 {
        let recorder = Recorder::new();
        let address = flaky(failures).await;
        let transport = hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new());
        let service = ServiceBuilder::new()
            .layer(AttemptsLayer::new())
            .layer(RetryLayer::new(Again(5)))
            .layer(client(&recorder))
            .service(transport.build_http::<Body>());
        for request in 1..=2 {
            let sent = Request::get(format!("http://{address}/"))
                .body(Body::empty())
                .expect("a request");
            let answer = service.clone().oneshot(sent).await.expect("a response");
            assert_eq!(answer.status(), StatusCode::OK, "it passes in the end");
            let expected = counted(failures + 1, request);
            assert_eq!(
                resend_counts(&recorder),
                expected,
                "{failures} failures, request {request}"
            );
        }
    }
}

#[tokio::test]
async fn one_extension_in_the_chain_serves_all_its_requests() {
    let recorder = Recorder::new();
    let address = flaky(1).await;
    let chain = ClientBuilder::new(reqwest::Client::new())
        .with_init(Extension(Attempts::new()))
        .with(retrying())
        .with(client(&recorder))
        .build();
    chain
        .get(format!("http://{address}/"))
        .send()
        .await
        .expect("a response");
    assert_eq!(
        resend_counts(&recorder),
        counted(2, 1),
        "as the user's own count says"
    );
}
