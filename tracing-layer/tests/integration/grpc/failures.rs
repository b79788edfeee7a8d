//! Calls that fail, or that are left.

use std::convert::Infallible;

use axum::Router;
use axum::http::StatusCode;
use bytes::Bytes;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use throughline_test_support::{Recorder, Vacant, attribute};
use tonic::body::Body;
use tonic::{Code, Request};
use tower::{Layer, ServiceExt};

use super::orders::{Orders, OrdersClient, read};
use super::{MASKED, channel, layer, pair, trace};
use crate::{client, outline, serve, server, spans};

/// A call to a service that is not behind a socket.
fn request(path: &str) -> http::Request<Body> {
    let request = http::Request::post(path).header("content-type", "application/grpc");
    request.body(Body::empty()).expect("a request")
}

/// The status stands in the head of the response.
#[tokio::test]
async fn a_status_in_the_head() {
    let cases = [
        (5, "NOT_FOUND", None),
        (3, "INVALID_ARGUMENT", None),
        (16, "UNAUTHENTICATED", None),
        (1, "CANCELLED", None),
        (13, "INTERNAL", Some("INTERNAL")),
        (14, "UNAVAILABLE", Some("UNAVAILABLE")),
        (2, "UNKNOWN", Some("UNKNOWN")),
    ];
    for (code, name, at_server) in cases {
        let recorder = Recorder::new();
        let (mut client, _) = pair(&recorder).await;
        let status = client
            .get(Request::new(code.to_string()))
            .await
            .expect_err("a failure");
        assert_eq!(status.code(), Code::from(code), "it passes");
        spans(&recorder, 2).await;
        let expected = trace("shop.Orders/Get", (name, Some(name)), (name, at_server));
        assert_eq!(recorder.tree(&MASKED), expected, "{name}");
    }
}

/// The status stands in the trailers, behind two messages.
#[tokio::test]
async fn a_status_in_the_trailers() {
    for (code, name, at_server) in [
        (8, "RESOURCE_EXHAUSTED", None),
        (15, "DATA_LOSS", Some("DATA_LOSS")),
    ] {
        let recorder = Recorder::new();
        let (mut client, _) = pair(&recorder).await;
        let orders = client.list(&code.to_string()).await.expect("a stream");
        let status = read(orders).await.expect_err("a failure");
        assert_eq!(status.code(), Code::from(code), "it passes");
        spans(&recorder, 2).await;
        let expected = trace("shop.Orders/List", (name, Some(name)), (name, at_server));
        assert_eq!(recorder.tree(&MASKED), expected, "{name}");
    }
}

/// A caller may invent methods, which become no labels.
#[tokio::test]
async fn methods_that_the_server_does_not_have() {
    let recorder = Recorder::new();
    let (mut client, _) = pair(&recorder).await;
    let path = "/shop.Orders/Invented";
    let status = client
        .unary(path, Request::new(String::new()))
        .await
        .expect_err("a failure");
    assert_eq!(status.code(), Code::Unimplemented, "it passes");
    let _ = client.unary("/shop.Other/Get", Request::new(String::new())).await;
    spans(&recorder, 4).await;
    let failed = ("UNIMPLEMENTED", Some("UNIMPLEMENTED"));
    let tree = recorder.tree(&MASKED);
    assert!(
        tree.starts_with(&trace("shop.Orders/Invented", failed, failed)),
        "the span: {tree}"
    );
    let metrics = recorder.metrics();
    let served: Vec<&String> = metrics
        .iter()
        .filter(|line| line.starts_with("rpc.server"))
        .collect();
    let labels = "error.type=UNIMPLEMENTED,rpc.method=_OTHER,rpc.response.status_code=UNIMPLEMENTED,rpc.system.name=grpc";
    assert_eq!(
        served,
        [&format!("rpc.server.call.duration{{{labels}}} count=2")],
        "one series"
    );
}

#[tokio::test]
async fn the_caller_drops_the_stream() {
    let recorder = Recorder::new();
    let (mut client, _) = pair(&recorder).await;
    let mut orders = client.list("hang").await.expect("a stream");
    assert_eq!(
        orders.message().await.expect("a message").as_deref(),
        Some("a"),
        "it passes"
    );
    drop(orders);
    spans(&recorder, 2).await;
    let cancelled = ("CANCELLED", None);
    assert_eq!(
        recorder.tree(&MASKED),
        trace("shop.Orders/List", cancelled, cancelled),
        "no error"
    );
}

#[tokio::test]
async fn the_caller_leaves_before_the_answer() {
    for (are_errors, marker, error) in [
        (false, "", ""),
        (true, " [error]", "  - error.type=\"CANCELLED\"\n"),
    ] {
        let recorder = Recorder::new();
        let layer = server(&recorder).with_stream_cancellation_errors(are_errors);
        let pending =
            tower::service_fn(|_| std::future::pending::<Result<http::Response<Body>, Infallible>>());
        let mut call = Box::pin(layer.layer(pending).oneshot(request("/shop.Orders/Get")));
        assert!(futures_util::poll!(&mut call).is_pending(), "no answer");
        drop(call);
        let expected = format!(
            "Server shop.Orders/Get{marker}
{error}  - rpc.method=\"shop.Orders/Get\"
  - rpc.response.status_code=\"CANCELLED\"
  - rpc.system.name=\"grpc\"
"
        );
        assert_eq!(
            recorder.tree(&MASKED),
            expected,
            "cancellations are errors: {are_errors}"
        );
    }
}

#[tokio::test]
async fn no_listener() {
    let recorder = Recorder::new();
    let vacant = Vacant::new();
    let address = vacant.address();
    let mut client = OrdersClient::new(&layer(&recorder, address), channel(address));
    let status = client
        .get(Request::new("seven".to_owned()))
        .await
        .expect_err("a failure");
    assert_eq!(status.code(), Code::Unavailable, "it passes");
    let expected = "Client shop.Orders/Get [error]
  - error.type=\"connection_refused\"
  - rpc.method=\"shop.Orders/Get\"
  - rpc.response.status_code=\"UNAVAILABLE\"
  - rpc.system.name=\"grpc\"
  - server.address=\"127.0.0.1\"
  - server.port=_
";
    assert_eq!(recorder.tree(&MASKED), expected, "the span");
}

#[tokio::test]
async fn a_panic_in_the_handler() {
    let recorder = Recorder::new();
    let (mut client, _) = pair(&recorder).await;
    client
        .get(Request::new("panic".to_owned()))
        .await
        .expect_err("a failure");
    spans(&recorder, 2).await;
    let shown = outline(&recorder, &["error.type", "rpc.response.status_code"]);
    let (_, served) = shown.split_once("  Server").expect("both spans");
    let expected =
        " shop.Orders/Get [error]\n    - error.type=\"panic\"\n    - rpc.response.status_code=\"UNKNOWN\"";
    assert_eq!(served, expected, "the server's span");
}

/// Something on the way answers in the place of the server, and knows nothing of gRPC.
#[tokio::test]
async fn a_response_without_a_status() {
    let cases = [
        (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", None),
        (StatusCode::NOT_FOUND, "UNIMPLEMENTED", Some("UNIMPLEMENTED")),
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "UNAVAILABLE",
            Some("UNAVAILABLE"),
        ),
        (StatusCode::OK, "UNKNOWN", Some("UNKNOWN")),
    ];
    for (http, name, at_server) in cases {
        let recorder = Recorder::new();
        let router = Router::new().fallback(move || async move { http });
        let address = serve(router.layer(server(&recorder))).await;
        let mut client = OrdersClient::new(&layer(&recorder, address), channel(address));
        client
            .get(Request::new("seven".to_owned()))
            .await
            .expect_err("a failure");
        spans(&recorder, 2).await;
        let expected = trace("shop.Orders/Get", (name, Some(name)), (name, at_server));
        assert_eq!(recorder.tree(&MASKED), expected, "{http}");
    }
}

/// Calls of gRPC-Web, whose status may be in the body of a `200`, and answers that are not read were recorded
/// without an error.
#[tokio::test]
async fn an_error_of_http_is_the_status_of_every_call() {
    let web = "application/grpc-web+proto";
    for (content_type, http, is_read, status, error) in [
        (web, 503, true, Some("UNAVAILABLE"), Some("UNAVAILABLE")),
        (web, 503, false, Some("UNAVAILABLE"), Some("UNAVAILABLE")),
        (web, 200, true, None, None),
        (
            "application/grpc",
            404,
            false,
            Some("UNIMPLEMENTED"),
            Some("UNIMPLEMENTED"),
        ),
        ("application/grpc", 200, false, Some("CANCELLED"), None),
    ] {
        let recorder = Recorder::new();
        let proxy = tower::service_fn(move |_: http::Request<Body>| async move {
            let body = http_body_util::Full::new(Bytes::from_static(b"not gRPC"));
            Ok::<_, Infallible>(
                http::Response::builder()
                    .status(http)
                    .body(body)
                    .expect("a response"),
            )
        });
        let service = server(&recorder).layer(client(&recorder).layer(proxy));
        let mut request = request("/shop.Orders/Get");
        let value = http::HeaderValue::from_static(content_type);
        request.headers_mut().insert("content-type", value);
        let response = service.oneshot(request).await.expect("infallible");
        if is_read {
            let _ = response.into_body().collect().await;
        } else {
            drop(response);
        }
        let lines = [("error.type", error), ("rpc.response.status_code", status)];
        let lines: Vec<String> = lines
            .iter()
            .filter_map(|(key, value)| Some(format!("\n- {key}={:?}", (*value)?)))
            .collect();
        let marker = error.map_or("", |_| " [error]");
        let span = |kind: &str, indent: &str| {
            let lines = lines.concat().replace('\n', &format!("\n{indent}  "));
            format!("{indent}{kind} shop.Orders/Get{marker}{lines}")
        };
        let expected = [span("Server", ""), span("Client", "  ")].join("\n");
        assert_eq!(
            outline(&recorder, &["error.type", "rpc.response.status_code"]),
            expected,
            "{http} of {content_type:?}, read: {is_read}"
        );
    }
}

/// The status of gRPC-Web was not recorded, since it is in the body of a `200`.
#[tokio::test]
async fn the_status_of_grpc_web_is_read_from_the_body() {
    let web = "application/grpc-web+proto";
    let message = b"\x00\x00\x00\x00\x03abc";
    let not_found = b"\x80\x00\x00\x00\x0fgrpc-status:5\r\n";
    let body = [&message[..], &not_found[..]].concat();
    let text = b"AAAAAANhYmM=gAAAAA9ncnBjLXN0YXR1czo1DQo=".to_vec();
    for (content_type, body, status, error) in [
        (web, body.clone(), Some("NOT_FOUND"), Some("NOT_FOUND")),
        (
            "application/grpc-web-text+proto",
            text,
            Some("NOT_FOUND"),
            Some("NOT_FOUND"),
        ),
        // The end is missing.
        (web, message.to_vec(), Some("UNKNOWN"), Some("UNKNOWN")),
        // A body that is not what its type says, and another type.
        ("application/grpc-web-text+proto", body.clone(), None, None),
        ("text/html", body, None, None),
    ] {
        let recorder = Recorder::new();
        let name = format!("{content_type}, {} bytes", body.len());
        let service = client(&recorder).layer(tower::service_fn(move |_: http::Request<Body>| {
            let frames = body
                .clone()
                .into_iter()
                .map(|byte| Ok::<_, Infallible>(Frame::data(Bytes::from(vec![byte]))));
            let body = StreamBody::new(futures_util::stream::iter(frames));
            let response = http::Response::builder()
                .header("content-type", content_type)
                .body(body);
            async { Ok::<_, Infallible>(response.expect("a response")) }
        }));
        let mut request = request("/shop.Orders/Get");
        request
            .headers_mut()
            .insert("content-type", http::HeaderValue::from_static(web));
        let response = service.oneshot(request).await.expect("infallible");
        let _ = response.into_body().collect().await;
        let spans = recorder.spans();
        let recorded = |key| attribute(&spans[0], key);
        assert_eq!(
            recorded("rpc.response.status_code").as_deref(),
            status,
            "{name}: status"
        );
        assert_eq!(recorded("error.type").as_deref(), error, "{name}: error");
    }
}

/// A path that no method has is recorded as it was sent, and names neither the span nor a series.
#[tokio::test]
async fn a_path_that_names_no_method() {
    let recorder = Recorder::new();
    let service = server(&recorder).layer(Orders);
    let response = service.oneshot(request("/a/b/c")).await.expect("infallible");
    let _ = response.into_body().collect().await;
    let expected = "Server grpc [error]
  - error.type=\"UNIMPLEMENTED\"
  - rpc.method=\"_OTHER\"
  - rpc.method_original=\"/a/b/c\"
  - rpc.response.status_code=\"UNIMPLEMENTED\"
  - rpc.system.name=\"grpc\"
";
    assert_eq!(recorder.tree(&MASKED), expected, "the span");
}

/// Callers of a server that implements everything can invent methods too.
#[tokio::test]
async fn methods_are_bounded_in_number() {
    let recorder = Recorder::new();
    let anything = tower::service_fn(|_: http::Request<Body>| async {
        Ok::<_, Infallible>(tonic::Status::ok("").into_http::<Body>())
    });
    let service = server(&recorder).layer(anything);
    for number in 0..1_000 {
        let request = request(&format!("/shop.Orders/M{number}"));
        service.clone().oneshot(request).await.expect("infallible");
    }
    let metrics = recorder.metrics();
    assert_eq!(metrics.len(), 201, "200 methods, and one for the others");
    let other = "rpc.server.call.duration{rpc.method=_OTHER,rpc.response.status_code=OK,rpc.system.name=grpc} count=800";
    assert!(
        metrics.contains(&other.to_owned()),
        "the others: {:?}",
        metrics.last()
    );
}
