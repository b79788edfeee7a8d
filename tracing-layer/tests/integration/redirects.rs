//! Redirects from one host to another, over real sockets: who gets which header.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use http::Request;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use opentelemetry::baggage::BaggageExt;
use opentelemetry::{Context, KeyValue};
use reqwest::redirect::Policy;
use throughline_propagation::Outgoing;
use throughline_test_support::Recorder;
use throughline_tracing_layer::client::AttemptsLayer;
use throughline_tracing_layer::span::InContextExt;
use tokio::net::TcpListener;
use tower::{Layer, ServiceBuilder, ServiceExt};
use tower_http::follow_redirect::FollowRedirectLayer;

use crate::{client, outline};

/// The headers of the requests that came to a host, in their order.
type Came = Arc<Mutex<Vec<HeaderMap>>>;

/// A host on its own loopback address that answers with `status`, and with where to go.
async fn host(address: &str, status: StatusCode, location: Option<String>) -> (SocketAddr, Came) {
    let came = Came::default();
    let seen = Arc::clone(&came);
    let answer = move |headers: HeaderMap| async move {
        seen.lock().expect("unpoisoned").push(headers);
        (status, location.map(|location| [("location", location)]), ())
    };
    let listener = TcpListener::bind((address, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let router = Router::new().fallback(answer);
    drop(tokio::spawn(async move { axum::serve(listener, router).await }));
    (address, came)
}

/// Two hosts: the first sends to the second, which is not named anywhere.
struct Hosts {
    url: String,
    other: String,
    first: Came,
    second: Came,
}

impl Hosts {
    async fn new() -> Self {
        let (other, second) = host("127.0.0.2", StatusCode::OK, None).await;
        let other = format!("http://{other}/there?key=S3cr3t");
        let (address, first) = host("127.0.0.1", StatusCode::TEMPORARY_REDIRECT, Some(other.clone())).await;
        Self {
            url: format!("http://{address}/here?key=S3cr3t"),
            other,
            first,
            second,
        }
    }

    /// Whether trace context and baggage came to the first host, and to the second.
    fn came(&self) -> [(bool, bool); 2] {
        [&self.first, &self.second].map(|came| {
            let came = came.lock().expect("unpoisoned");
            let [headers] = came.as_slice() else {
                panic!("one request a host, not {}", came.len())
            };
            (
                headers.contains_key("traceparent"),
                headers.contains_key("baggage"),
            )
        })
    }

    fn traceparent(&self) -> [String; 2] {
        [&self.first, &self.second].map(|came| {
            let came = came.lock().expect("unpoisoned");
            came[0]["traceparent"].to_str().expect("text").to_owned()
        })
    }
}

fn with_baggage() -> Context {
    Context::new().with_baggage([KeyValue::new("user", "7")])
}

/// Nothing of it leaves for the second host that this names.
fn first_only() -> Outgoing {
    Outgoing::new()
        .with_baggage_to(["127.0.0.1"])
        .with_trace_to(["127.0.0.1"])
}

#[tokio::test]
async fn a_layer_that_follows_outside_asks_for_each_hop() {
    for (name, outgoing, expected) in [
        ("by default", Outgoing::new(), [(true, false), (true, false)]),
        (
            "baggage to the first",
            Outgoing::new().with_baggage_to(["127.0.0.1"]),
            [(true, true), (true, false)],
        ),
        ("only to the first", first_only(), [(true, true), (false, false)]),
        (
            "only to the second",
            Outgoing::new()
                .with_baggage_to(["127.0.0.2"])
                .with_trace_to(["127.0.0.2"]),
            [(false, false), (true, true)],
        ),
    ] {
        let hosts = Hosts::new().await;
        let recorder = Recorder::new();
        let service = ServiceBuilder::new()
            .layer(AttemptsLayer::new())
            .layer(FollowRedirectLayer::new())
            .layer(client(&recorder).with_outgoing(outgoing))
            .service(Client::builder(TokioExecutor::new()).build_http::<Body>());
        let request = Request::get(&hosts.url).body(Body::empty()).expect("a request");
        let sent = service.oneshot(request).in_context(with_baggage());
        assert_eq!(sent.await.expect("a response").status(), 200, "{name}: followed");
        assert_eq!(
            hosts.came(),
            expected,
            "{name}: trace context and baggage, at each host"
        );
        let keys = [
            "http.response.status_code",
            "http.request.resend_count",
            "server.address",
        ];
        let spans = "Client GET
  - http.response.status_code=307
  - server.address=\"127.0.0.1\"
Client GET
  - http.request.resend_count=1
  - http.response.status_code=200
  - server.address=\"127.0.0.2\"";
        assert_eq!(outline(&recorder, &keys), spans, "{name}: one span a hop");
        if expected.iter().all(|(trace, _)| *trace) {
            let [first, second] = hosts.traceparent();
            assert_ne!(first, second, "{name}: each hop has the context of its own span");
        }
    }
}

/// How a client of reqwest is set, what the layer is allowed, and what comes to the two hosts.
type Case = (&'static str, Outgoing, [(bool, bool); 2]);

fn cases_of_reqwest() -> [Case; 6] {
    let named = || Outgoing::new().with_baggage_to(["127.0.0.1"]);
    [
        ("by default", Outgoing::new(), [(true, false), (true, false)]),
        ("baggage to the first", named(), [(true, false), (true, false)]),
        (
            "only to the first",
            first_only(),
            [(false, false), (false, false)],
        ),
        (
            "baggage to all",
            Outgoing::new().with_baggage_to(["*"]),
            [(true, true), (true, true)],
        ),
        (
            "accepted",
            named().with_trusted_redirects(true),
            [(true, true), (true, true)],
        ),
        (
            "accepted, and trace context to the second",
            Outgoing::new()
                .with_trace_to(["127.0.0.2"])
                .with_trusted_redirects(true),
            [(false, false), (false, false)],
        ),
    ]
}

#[tokio::test]
async fn a_client_that_follows_by_itself_gets_no_baggage_unless_that_is_accepted() {
    for (name, outgoing, expected) in cases_of_reqwest() {
        let hosts = Hosts::new().await;
        let recorder = Recorder::new();
        let service = client(&recorder)
            .with_outgoing(outgoing)
            .layer(reqwest::Client::new());
        let request = reqwest::Client::new().get(&hosts.url).build().expect("a request");
        let sent = service.oneshot(request).in_context(with_baggage());
        assert_eq!(sent.await.expect("a response").status(), 200, "{name}: followed");
        assert_eq!(
            hosts.came(),
            expected,
            "{name}: trace context and baggage, at each host"
        );
        assert_eq!(recorder.spans().len(), 1, "{name}: reqwest's hops are one span");
        if expected.iter().all(|(trace, _)| *trace) {
            let [first, second] = hosts.traceparent();
            assert_eq!(first, second, "{name}: reqwest forwards it as it is");
        }
    }
}

#[tokio::test]
async fn neither_does_one_behind_a_middleware() {
    for (name, outgoing, expected) in cases_of_reqwest() {
        let hosts = Hosts::new().await;
        let recorder = Recorder::new();
        let service = reqwest_middleware::ClientBuilder::new(reqwest::Client::new())
            .with(client(&recorder).with_outgoing(outgoing))
            .build();
        let sent = service.get(&hosts.url).send().in_context(with_baggage());
        assert_eq!(sent.await.expect("a response").status(), 200, "{name}: followed");
        assert_eq!(
            hosts.came(),
            expected,
            "{name}: trace context and baggage, at each host"
        );
    }
}

/// The safe way with reqwest: what follows is outside of the layer.
#[tokio::test]
async fn a_client_that_follows_none_is_trusted() {
    let hosts = Hosts::new().await;
    let recorder = Recorder::new();
    let inner = reqwest::Client::builder().redirect(Policy::none()).build();
    let outgoing = first_only().with_trusted_redirects(true);
    let service = client(&recorder)
        .with_outgoing(outgoing)
        .layer(inner.expect("a client"));
    for (url, status) in [(&hosts.url, 307), (&hosts.other, 200)] {
        let request = reqwest::Client::new().get(url).build().expect("a request");
        let sent = service.clone().oneshot(request).in_context(with_baggage());
        assert_eq!(
            sent.await.expect("a response").status(),
            status,
            "{url}: not followed"
        );
    }
    assert_eq!(hosts.came(), [(true, true), (false, false)], "asked for each hop");
}
