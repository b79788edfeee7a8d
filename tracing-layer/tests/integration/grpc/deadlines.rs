//! Calls that take longer than their caller waits.

use std::time::Duration;

use http_body_util::BodyExt;
use hyper_util::client::legacy;
use hyper_util::rt::TokioExecutor;
use throughline_test_support::Recorder;
use tonic::Request;
use tonic::transport::Endpoint;
use tower::{Layer, ServiceExt};

use super::orders::OrdersClient;
use super::{MASKED, layer, target, trace};
use crate::{server, spans};

const DEADLINE: Duration = Duration::from_millis(20);

/// The client does not tell the server how long it waits.
#[tokio::test]
async fn the_client_stops_to_wait() {
    let recorder = Recorder::new();
    let address = super::orders::serve(server(&recorder)).await;
    let channel = Endpoint::from(target(address))
        .timeout(DEADLINE)
        .connect()
        .await
        .expect("a channel");
    let mut client = OrdersClient::new(&layer(&recorder, address), channel);
    client
        .get(Request::new("hang".to_owned()))
        .await
        .expect_err("no answer");
    spans(&recorder, 2).await;
    let late = ("DEADLINE_EXCEEDED", Some("timeout"));
    let expected = trace("shop.Orders/Get", late, ("CANCELLED", None));
    assert_eq!(recorder.tree(&MASKED), expected, "the trace");
}

/// tonic's server answers in the place of the service. The client of this test waits longer than it says.
#[tokio::test]
async fn the_server_stops_to_work() {
    let recorder = Recorder::new();
    let address = super::orders::serve(server(&recorder)).await;
    let inner = legacy::Client::builder(TokioExecutor::new())
        .http2_only(true)
        .build_http::<http_body_util::Full<bytes::Bytes>>();
    let client = layer(&recorder, address).layer(inner);
    // A message of the text `hang`, in the first field of its type.
    let message = bytes::Bytes::from_static(b"\0\0\0\0\x06\x0a\x04hang");
    let request = http::Request::post(format!("http://{address}/shop.Orders/Get"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("grpc-timeout", "20m")
        .body(http_body_util::Full::new(message))
        .expect("a request");
    let response = client.oneshot(request).await.expect("a response");
    assert_eq!(response.headers()["grpc-status"], "1", "what tonic answers");
    response.into_body().collect().await.expect("a body");
    spans(&recorder, 2).await;
    let tree = recorder.tree(&[&MASKED[..], &["network.peer.address"]].concat());
    let (_, served) = tree.split_once("  Server").expect("both spans");
    let expected = trace(
        "shop.Orders/Get",
        ("CANCELLED", Some("CANCELLED")),
        ("DEADLINE_EXCEEDED", Some("DEADLINE_EXCEEDED")),
    );
    let (_, expected) = expected.split_once("  Server").expect("both spans");
    let expected = expected.replace(
        "\"127.0.0.1\"\n    - network.peer.port",
        "_\n    - network.peer.port",
    );
    assert_eq!(served, expected, "the server's span");
}
