//! reqwest, and reqwest-middleware.

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use reqwest::Url;
use reqwest_middleware::{ClientBuilder, Extension};
use throughline_test_support::{Recorder, Vacant};
use throughline_tracing_layer::EndAt;
use throughline_tracing_layer::client::UrlTemplate;
use tower::{Layer, Service, ServiceBuilder, ServiceExt};

use crate::{MASKED, client, outline, serve, server, spans};

fn router() -> Router {
    Router::new()
        .route("/hello", get(|| async { "hello" }))
        .route(
            "/echo",
            get(|headers: HeaderMap| async move {
                headers["traceparent"]
                    .to_str()
                    .map(str::to_owned)
                    .unwrap_or_default()
            }),
        )
        .route(
            "/teapot",
            get(|| async { (StatusCode::IM_A_TEAPOT, "short and stout") }),
        )
}

#[tokio::test]
async fn reqwest_as_a_service() {
    for end_at in [EndAt::Headers, EndAt::Body] {
        let recorder = Recorder::new();
        let address = serve(router()).await;
        let layer = client(&recorder).with_end_at(end_at);
        let mut service = ServiceBuilder::new().layer(layer).service(reqwest::Client::new());
        let url: Url = format!("http://{address}/teapot?sig=s3cr3t")
            .parse()
            .expect("a URL");
        let request = reqwest::Request::new(reqwest::Method::GET, url.clone());
        let response = service
            .ready()
            .await
            .expect("ready")
            .call(request)
            .await
            .expect("a response");
        assert_eq!(response.url(), &url, "the URL");
        assert_eq!(response.remote_addr(), Some(address), "the address of the peer");
        assert_eq!(response.content_length(), Some(15), "the length of the body");
        assert_eq!(
            response.text().await.expect("a body"),
            "short and stout",
            "the body passes"
        );
        let spans = recorder.spans();
        let [span] = spans.as_slice() else {
            panic!("one span")
        };
        let shown = |key: &str| {
            let found = span
                .attributes
                .iter()
                .find(|attribute| attribute.key.as_str() == key);
            found.map(|attribute| attribute.value.to_string())
        };
        let full = format!("http://{address}/teapot?sig=REDACTED");
        assert_eq!(shown("url.full"), Some(full), "without the secret");
        let keys = [
            "error.type",
            "network.peer.address",
            "network.protocol.version",
            "server.address",
        ];
        let expected = "Client GET [error]
  - error.type=\"418\"
  - network.peer.address=_
  - network.protocol.version=\"1.1\"
  - server.address=\"127.0.0.1\"";
        assert_eq!(outline(&recorder, &keys), expected, "{end_at:?}");
        let sizes = recorder
            .metrics()
            .into_iter()
            .filter(|line| line.contains("body.size"))
            .count();
        assert_eq!(sizes, 2, "both bodies are measured, {end_at:?}");
    }
}

#[tokio::test]
async fn reqwest_middleware_in_its_chain() {
    let recorder = Recorder::new();
    let address = serve(router().layer(server(&recorder))).await;
    let client = ClientBuilder::new(reqwest::Client::new())
        .with_init(Extension(UrlTemplate("/echo".into())))
        .with(client(&recorder))
        .build();
    let response = client
        .get(format!("http://{address}/echo"))
        .send()
        .await
        .expect("a response");
    let traceparent = response.text().await.expect("a body");
    spans(&recorder, 2).await;
    assert_eq!(
        outline(&recorder, &[]),
        "Client GET /echo\n  Server GET /echo",
        "one trace"
    );
    let trace = recorder.spans()[0].span_context.trace_id().to_string();
    assert!(traceparent.contains(&trace), "{traceparent} is of {trace}");
}

#[tokio::test]
async fn a_refused_connection() {
    let recorder = Recorder::new();
    let vacant = Vacant::new();
    let service = client(&recorder).layer(reqwest::Client::new());
    let url = format!("http://{}/", vacant.address()).parse().expect("a URL");
    let request = reqwest::Request::new(reqwest::Method::GET, url);
    let error = service.oneshot(request).await.expect_err("no listener");
    assert!(error.is_connect(), "the error passes unchanged");
    let expected = "Client GET [error]
  - error.type=\"connection_refused\"
  - http.request.method=\"GET\"
  - server.address=\"127.0.0.1\"
  - server.port=_
  - url.full=_
";
    assert_eq!(recorder.tree(&MASKED), expected, "the kind of the error below");
}
