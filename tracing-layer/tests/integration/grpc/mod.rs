//! The calls of tonic's client and server, by the conventions for RPC.

mod deadlines;
mod failures;
mod orders;

use std::net::SocketAddr;

use http::Uri;
use throughline_test_support::Recorder;
use throughline_tracing_layer::ClientLayer;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

use self::orders::{OrdersClient, read};
use crate::{client, server, spans};

/// Attributes that differ from run to run.
const MASKED: [&str; 2] = ["network.peer.port", "server.port"];

fn target(address: SocketAddr) -> Uri {
    format!("http://{address}").parse().expect("a URI")
}

fn channel(address: SocketAddr) -> Channel {
    Endpoint::from(target(address)).connect_lazy()
}

/// The layer of a client of this server.
fn layer(recorder: &Recorder, address: SocketAddr) -> ClientLayer {
    client(recorder).with_target(target(address))
}

/// A client and a server with one recorder.
async fn pair(recorder: &Recorder) -> (OrdersClient, SocketAddr) {
    let address = orders::serve(server(recorder)).await;
    (
        OrdersClient::new(&layer(recorder, address), channel(address)),
        address,
    )
}

/// The trace of one call: the status and the class of the error on each side.
fn trace(method: &str, client: (&str, Option<&str>), server: (&str, Option<&str>)) -> String {
    let span = |kind: &str, (status, error): (&str, Option<&str>), indent: &str, peer: &[&str]| {
        let mut lines = vec![
            format!("rpc.method={method:?}"),
            format!("rpc.response.status_code={status:?}"),
            "rpc.system.name=\"grpc\"".to_owned(),
            "server.address=\"127.0.0.1\"".to_owned(),
            "server.port=_".to_owned(),
        ];
        lines.extend(peer.iter().map(|line| (*line).to_owned()));
        lines.extend(error.map(|error| format!("error.type={error:?}")));
        lines.sort();
        let marker = error.map_or("", |_| " [error]");
        let lines = lines.iter().map(|line| format!("{indent}  - {line}\n"));
        format!("{indent}{kind} {method}{marker}\n{}", lines.collect::<String>())
    };
    let peer = ["network.peer.address=\"127.0.0.1\"", "network.peer.port=_"];
    span("Client", client, "", &[]) + &span("Server", server, "  ", &peer)
}

const OK: (&str, Option<&str>) = ("OK", None);

/// The series of the durations, without the port.
fn durations(recorder: &Recorder, address: SocketAddr) -> Vec<String> {
    let port = format!(",server.port={}", address.port());
    recorder
        .metrics()
        .iter()
        .map(|line| line.replace(&port, ""))
        .collect()
}

#[tokio::test]
async fn each_kind_of_call() {
    let recorder = Recorder::new();
    let (mut client, _) = pair(&recorder).await;
    let order = client.get(Request::new("7".repeat(40))).await.expect("an order");
    assert_eq!(order, format!("order {}", "7".repeat(40)), "the answer passes");
    spans(&recorder, 2).await;
    assert_eq!(recorder.tree(&MASKED), trace("shop.Orders/Get", OK, OK), "unary");

    let recorder = Recorder::new();
    let (mut client, _) = pair(&recorder).await;
    let orders = read(client.list("all").await.expect("a stream")).await;
    assert_eq!(orders.expect("orders"), ["a", "b"], "the messages pass");
    spans(&recorder, 2).await;
    assert_eq!(
        recorder.tree(&MASKED),
        trace("shop.Orders/List", OK, OK),
        "server stream"
    );

    let recorder = Recorder::new();
    let (mut client, _) = pair(&recorder).await;
    assert_eq!(
        client.count(&["a", "b", "c"]).await.expect("a count"),
        "3",
        "the messages pass"
    );
    spans(&recorder, 2).await;
    assert_eq!(
        recorder.tree(&MASKED),
        trace("shop.Orders/Count", OK, OK),
        "client stream"
    );

    let recorder = Recorder::new();
    let (mut client, _) = pair(&recorder).await;
    let orders = read(client.echo(&["x", "y"]).await.expect("a stream")).await;
    assert_eq!(orders.expect("orders"), ["x", "y"], "the messages pass");
    spans(&recorder, 2).await;
    assert_eq!(
        recorder.tree(&MASKED),
        trace("shop.Orders/Echo", OK, OK),
        "both streams"
    );
}

#[tokio::test]
async fn durations_and_nothing_of_http() {
    let recorder = Recorder::new();
    let (mut client, address) = pair(&recorder).await;
    for id in ["seven", "eight", "5", "13"] {
        let _ = client.get(Request::new(id.to_owned())).await;
    }
    spans(&recorder, 8).await;
    let call = "rpc.method=shop.Orders/Get";
    let expected = [
        format!(
            "rpc.client.call.duration{{error.type=INTERNAL,{call},rpc.response.status_code=INTERNAL,rpc.system.name=grpc,server.address=127.0.0.1}} count=1"
        ),
        format!(
            "rpc.client.call.duration{{error.type=NOT_FOUND,{call},rpc.response.status_code=NOT_FOUND,rpc.system.name=grpc,server.address=127.0.0.1}} count=1"
        ),
        format!(
            "rpc.client.call.duration{{{call},rpc.response.status_code=OK,rpc.system.name=grpc,server.address=127.0.0.1}} count=2"
        ),
        format!(
            "rpc.server.call.duration{{error.type=INTERNAL,{call},rpc.response.status_code=INTERNAL,rpc.system.name=grpc}} count=1"
        ),
        format!(
            "rpc.server.call.duration{{{call},rpc.response.status_code=NOT_FOUND,rpc.system.name=grpc}} count=1"
        ),
        format!(
            "rpc.server.call.duration{{{call},rpc.response.status_code=OK,rpc.system.name=grpc}} count=2"
        ),
    ];
    assert_eq!(durations(&recorder, address), expected, "the metrics");
}

#[tokio::test]
async fn a_span_is_as_long_as_its_metric() {
    let recorder = Recorder::new();
    let (mut client, _) = pair(&recorder).await;
    let orders = read(client.list("all").await.expect("a stream")).await;
    assert_eq!(
        orders.map(|orders| orders.len()).expect("orders"),
        2,
        "the messages pass"
    );
    spans(&recorder, 2).await;
    let spans = recorder.spans();
    let total: f64 = spans
        .iter()
        .filter_map(|span| span.end_time.duration_since(span.start_time).ok())
        .map(|lasted| lasted.as_secs_f64())
        .sum();
    let sums = recorder.sums();
    let measured: f64 = sums
        .iter()
        .filter_map(|line| line.rsplit_once("sum=")?.1.parse::<f64>().ok())
        .sum();
    assert!(
        (total - measured).abs() < 1e-6,
        "spans of {total} s, metrics of {measured} s"
    );
}

#[tokio::test]
async fn metadata_is_recorded_on_request() {
    let recorder = Recorder::new();
    let address = orders::serve(server(&recorder).with_request_headers(["x-tenant", "authorization"])).await;
    let layer = layer(&recorder, address).with_request_headers(["x-tenant", "authorization"]);
    let mut client = OrdersClient::new(&layer, channel(address));
    let mut request = Request::new("seven".to_owned());
    request
        .metadata_mut()
        .insert("x-tenant", "acme".parse().expect("a value"));
    request
        .metadata_mut()
        .insert("authorization", "s3cr3t".parse().expect("a value"));
    client.get(request).await.expect("an order");
    spans(&recorder, 2).await;
    for span in recorder.spans() {
        let keys: Vec<String> = span
            .attributes
            .iter()
            .filter(|attribute| attribute.key.as_str().contains("metadata"))
            .map(|attribute| format!("{}={}", attribute.key, attribute.value))
            .collect();
        assert_eq!(
            keys,
            ["rpc.request.metadata.x-tenant=[\"acme\"]"],
            "{:?}",
            span.span_kind
        );
    }
}

#[tokio::test]
async fn a_channel_has_no_address_without_a_target() {
    let recorder = Recorder::new();
    let address = orders::serve(server(&recorder)).await;
    let mut client = OrdersClient::new(&client(&recorder), channel(address));
    client
        .get(Request::new("seven".to_owned()))
        .await
        .expect("an order");
    spans(&recorder, 2).await;
    let tree = recorder.tree(&MASKED);
    let (client, _) = tree.split_once("  Server").expect("both spans");
    let expected = "Client shop.Orders/Get
  - rpc.method=\"shop.Orders/Get\"
  - rpc.response.status_code=\"OK\"
  - rpc.system.name=\"grpc\"
";
    assert_eq!(client, expected, "no address is made up");
}

/// The message of a status may have anything in it.
#[tokio::test]
async fn the_message_of_a_status_is_not_recorded() {
    let recorder = Recorder::new();
    let (mut client, _) = pair(&recorder).await;
    let status: Status = client
        .get(Request::new("13".to_owned()))
        .await
        .expect_err("a failure");
    assert_eq!(status.message(), "as requested", "the message passes");
    spans(&recorder, 2).await;
    let shown = format!("{:?}", recorder.spans());
    assert!(!shown.contains("as requested"), "not recorded: {shown}");
}
