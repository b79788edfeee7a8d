//! All endings of an exchange.

use std::{future, io};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty, Full};
use throughline_test_support::Recorder;
use tower::{Layer, ServiceExt, service_fn};

use super::{attribute, layer, ok, request};
use crate::observe::EndAt;

#[tokio::test]
async fn a_caller_that_leaves_is_no_error() {
    let recorder = Recorder::new();
    let client = layer(&recorder).layer(service_fn(|_: Request<Empty<Bytes>>| {
        future::pending::<Result<Response<Full<Bytes>>, io::Error>>()
    }));
    drop(client.oneshot(request("http://a/")).now_or_never());
    let tree = recorder.tree(&[]);
    assert!(tree.starts_with("Client GET\n"), "unset, and ended:\n{tree}");
    assert!(!tree.contains("error.type"), "no class of error:\n{tree}");
    assert_eq!(
        recorder.metrics().len(),
        2,
        "the duration and the request's size are measured"
    );
}

#[tokio::test]
async fn an_error_of_the_transport_is_classed() {
    let recorder = Recorder::new();
    let refused = || {
        future::ready(Err::<Response<Full<Bytes>>, _>(io::Error::from(
            io::ErrorKind::ConnectionRefused,
        )))
    };
    let client = layer(&recorder).layer(service_fn(move |_: Request<Empty<Bytes>>| refused()));
    client.oneshot(request("http://a/")).await.expect_err("refused");
    assert_eq!(
        attribute(&recorder, "error.type"),
        [Some("connection_refused".to_owned())],
        "its kind"
    );
}

#[tokio::test]
async fn until_the_body_has_ended_if_asked() {
    let recorder = Recorder::new();
    let layer = layer(&recorder).with_end_at(EndAt::Body);
    let client = layer.layer(service_fn(|_: Request<Empty<Bytes>>| async { ok() }));
    let response = client.oneshot(request("http://a/")).await.expect("sent");
    assert_eq!(recorder.spans().len(), 0, "the body is on its way");
    response.into_body().collect().await.expect("a body");
    assert_eq!(recorder.spans().len(), 1, "ended with the body");
    let body = recorder
        .metrics()
        .into_iter()
        .filter(|line| line.contains("response.body"))
        .count();
    assert_eq!(body, 1, "and measured");
}
