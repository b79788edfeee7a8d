//! What goes out, through each of the libraries.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Extensions, Request};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use reqwest::Url;
use reqwest_middleware::{ClientBuilder, Extension, Middleware, Next};
use throughline_tracing_layer::EndAt;
use throughline_tracing_layer::client::{Attempts, AttemptsLayer};
use tower::{Layer, ServiceExt, service_fn};

use super::witness::{Witness, assert_lines};
use super::{routes, traced_client};

async fn plain() -> std::net::SocketAddr {
    crate::serve(routes()).await
}

#[tokio::test]
async fn reqwest_keeps_to_the_conventions() {
    let cases: [(&str, &str, &[&str]); 10] = [
        (
            "GET",
            "/users/7?sig=s3cr3t",
            &[
                "GET",
                "http.response.header.x-answer=[\"a\"]",
                "network.protocol.version=1.1",
            ],
        ),
        (
            "XYZZY",
            "/users/7",
            &["HTTP", "http.request.method_original=XYZZY"],
        ),
        ("GET", "/miss", &["GET [error]", "error.type=404"]),
        ("GET", "/broken", &["GET [error]", "error.type=500"]),
        ("GET", "/odd", &["GET [error]", "error.type=799"]),
        ("HEAD", "/users/7", &["HEAD"]),
        ("GET", "/none", &["GET", "http.response.status_code=204"]),
        ("GET", "/hang", &["GET [error]", "error.type=timeout"]),
        ("GET", "/pieces", &["GET"]),
        ("GET", "/moved", &["GET", "http.response.status_code=200"]),
    ];
    let address = plain().await;
    for end_at in [EndAt::Headers, EndAt::Body] {
        let witness = Witness::new();
        let layer = traced_client(&witness).with_end_at(end_at);
        let service = layer.layer(reqwest::Client::new());
        for (method, path, expected) in cases {
            let url = format!("http://me:s3cr3t@{address}{path}")
                .parse()
                .expect("a URL");
            let mut request = reqwest::Request::new(method.parse().expect("a method"), url);
            if path == "/hang" {
                *request.timeout_mut() = Some(Duration::from_millis(50));
            }
            request
                .headers_mut()
                .insert("x-tenant", "a".parse().expect("a value"));
            request
                .headers_mut()
                .insert("cookie", "s3cr3t".parse().expect("a value"));
            if let Ok(response) = service.clone().oneshot(request).await {
                let _ = response.bytes().await;
            }
            let shown = witness.span(path).await;
            let path = path.replace("s3cr3t", "REDACTED");
            let full = format!("url.full=http://REDACTED:REDACTED@{address}{path}");
            let lines = expected.iter().copied().chain([full.as_str()]);
            assert_lines(format_args!("{end_at:?} {path}"), &shown, lines);
        }
        assert_eq!(
            witness.check_metrics(),
            (cases.len() as u64, 0),
            "{end_at:?}: each is measured"
        );
    }
}

#[tokio::test]
async fn hyper_util_keeps_to_the_conventions() {
    let address = plain().await;
    let witness = Witness::new();
    let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
    let service = traced_client(&witness).layer(client);
    for (path, expected) in [("/users/7", "GET"), ("/miss", "GET [error]"), ("/pieces", "GET")] {
        let request = Request::get(format!("http://{address}{path}"));
        let request = request.body(Body::empty()).expect("a request");
        let response = service.clone().oneshot(request).await.expect("a response");
        axum::body::to_bytes(Body::new(response.into_body()), 100)
            .await
            .expect("a body");
        let shown = witness.span(path).await;
        let port = format!("network.peer.port={}", address.port());
        assert_lines(path, &shown, [expected, "network.peer.address=127.0.0.1", &port]);
    }
    assert_eq!(witness.check_metrics(), (3, 0), "each is measured");
}

/// Sends each request twice.
struct Twice;

impl Middleware for Twice {
    fn handle<'this, 'chain, 'next, 'all>(
        &'this self,
        request: reqwest::Request,
        extensions: &'chain mut Extensions,
        next: Next<'next>,
    ) -> Pin<Box<dyn Future<Output = reqwest_middleware::Result<reqwest::Response>> + Send + 'all>>
    where
        'this: 'all,
        'chain: 'all,
        'next: 'all,
        Self: 'all,
    {
        Box::pin(async move {
            let again = request.try_clone().expect("no stream");
            let _ = next.clone().run(request, extensions).await;
            next.run(again, extensions).await
        })
    }
}

#[tokio::test]
async fn attempts_and_redirects_are_spans_of_their_own() {
    let address = plain().await;
    let witness = Witness::new();
    let client = ClientBuilder::new(reqwest::Client::new())
        .with_init(Extension(Attempts::new()))
        .with(Twice)
        .with(traced_client(&witness))
        .build();
    let sent = client.get(format!("http://{address}/users/7")).send().await;
    sent.expect("a response");
    let spans = witness.spans(2, "a retry of reqwest-middleware").await;
    assert!(!spans[0].contains("resend_count"), "the first:\n{}", spans[0]);
    assert!(
        spans[1].contains("http.request.resend_count=1"),
        "the second:\n{}",
        spans[1]
    );

    let never = reqwest::redirect::Policy::none();
    let client = reqwest::Client::builder().redirect(never).build();
    let client = traced_client(&witness).layer(client.expect("a client"));
    let follow = service_fn(move |url: Url| {
        let client = client.clone();
        async move {
            let request = reqwest::Request::new(reqwest::Method::GET, url);
            let response = client.clone().oneshot(request).await?;
            let Some(location) = response.headers().get("location") else {
                return Ok(response);
            };
            let location = location.to_str().expect("text");
            let next = response.url().join(location).expect("a URL");
            client
                .oneshot(reqwest::Request::new(reqwest::Method::GET, next))
                .await
        }
    });
    let url = format!("http://{address}/moved").parse().expect("a URL");
    let response = AttemptsLayer::new().layer(follow).oneshot(url).await;
    assert_eq!(response.expect("a response").status(), 200, "followed");
    let spans = witness.spans(2, "a redirect").await;
    let moved = format!("url.full=http://{address}/moved");
    let arrived = format!("url.full=http://{address}/users/7");
    for (span, lines) in spans.iter().zip([
        [moved.as_str(), "http.response.status_code=307"],
        [arrived.as_str(), "http.request.resend_count=1"],
    ]) {
        for line in lines {
            assert!(span.contains(line), "{line} in\n{span}");
        }
    }
}
