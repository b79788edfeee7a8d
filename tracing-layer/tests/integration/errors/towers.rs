//! The errors of tower's own services inside of the layer.

use std::convert::Infallible;
use std::future;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::http::{Request, Response};
use throughline_test_support::Recorder;
use tower::timeout::TimeoutLayer;
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};

use super::{BoxError, SHORT, class, reqwest_client};
use crate::client;

#[tokio::test]
async fn a_timeout_inside_of_the_layer() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let url = format!("http://{}/", silent.local_addr().expect("an address"));

    let recorder = Recorder::new();
    let stack = (client(&recorder), TimeoutLayer::new(SHORT));
    let service = stack.layer(reqwest_client().build().expect("a client"));
    let request = reqwest::Request::new(reqwest::Method::GET, url.parse().expect("a URL"));
    service.oneshot(request).await.expect_err("too late");
    assert_eq!(class(&recorder).as_deref(), Some("timeout"), "around reqwest");

    let recorder = Recorder::new();
    let stack = (client(&recorder), TimeoutLayer::new(SHORT));
    let service = stack.layer(super::hyper_client());
    let request = Request::get(&url).body(Body::empty()).expect("a request");
    service.oneshot(request).await.map(|_| ()).expect_err("too late");
    assert_eq!(class(&recorder).as_deref(), Some("timeout"), "around hyper-util");
}

/// A service that is never ready.
#[derive(Clone)]
struct Busy;

impl Service<Request<Body>> for Busy {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = future::Pending<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Pending
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        future::pending()
    }
}

#[tokio::test]
async fn a_service_that_sheds_load() {
    let recorder = Recorder::new();
    let service = ServiceBuilder::new()
        .layer(client(&recorder))
        .load_shed()
        .service(Busy);
    let request = Request::get("http://a/").body(Body::empty()).expect("a request");
    service.oneshot(request).await.map(|_| ()).expect_err("busy");
    assert_eq!(class(&recorder).as_deref(), Some("overloaded"), "its class");
}

async fn elapsed() -> tokio::time::error::Elapsed {
    let never = tokio::time::timeout(std::time::Duration::ZERO, future::pending::<()>());
    never.await.expect_err("too late")
}

#[tokio::test]
async fn errors_in_one_another() {
    let tower = || tower::timeout::error::Elapsed::new();
    let tokio = elapsed().await;
    let tokio_as_io = io::Error::from(elapsed().await);
    let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
    let shared: Arc<dyn std::error::Error + Send + Sync> = Arc::new(refused());
    let middleware = reqwest_middleware::Error::middleware(io::Error::other(tower()));
    let cases: [(&str, BoxError, &str); 11] = [
        ("tower's timeout", tower().into(), "timeout"),
        ("Tokio's timeout", tokio.into(), "timeout"),
        ("Tokio's timeout as an io::Error", tokio_as_io.into(), "timeout"),
        ("in an io::Error", io::Error::other(tower()).into(), "timeout"),
        (
            "in an io::Error of a kind",
            io::Error::new(io::ErrorKind::InvalidData, tower()).into(),
            "timeout",
        ),
        (
            "two levels down",
            io::Error::other(io::Error::other(tower())).into(),
            "timeout",
        ),
        (
            "an io::Error in an io::Error",
            io::Error::other(refused()).into(),
            "connection_refused",
        ),
        ("a shared error", shared.into(), "connection_refused"),
        (
            "a shared io::Error",
            Arc::new(refused()).into(),
            "connection_refused",
        ),
        ("in reqwest-middleware's", middleware.into(), "timeout"),
        (
            "a text in an io::Error",
            io::Error::other("user 4711").into(),
            "_OTHER",
        ),
    ];
    for (case, error, expected) in cases {
        let recorder = Recorder::new();
        let mut error = Some(error);
        let inner = service_fn(move |_: Request<Body>| {
            future::ready(Err::<Response<Body>, _>(error.take().expect("one request")))
        });
        let request = Request::get("http://a/").body(Body::empty()).expect("a request");
        let answer = client(&recorder).layer(inner).oneshot(request).await;
        answer.map(|_| ()).expect_err("the error passes");
        assert_eq!(class(&recorder).as_deref(), Some(expected), "{case}");
    }
}

#[tokio::test]
async fn errors_of_their_own_types() {
    let recorder = Recorder::new();
    let inner = service_fn(|_: Request<Body>| async {
        Err::<Response<Body>, _>(tower::timeout::error::Elapsed::new())
    });
    let request = Request::get("http://a/").body(Body::empty()).expect("a request");
    let answer = client(&recorder).layer(inner).oneshot(request).await;
    answer.map(|_| ()).expect_err("the error passes");
    assert_eq!(class(&recorder).as_deref(), Some("timeout"), "not in a box");
}
