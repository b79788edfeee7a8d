//! Redirects that reqwest follows by itself, to the same host and to others.

use std::net::SocketAddr;

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use throughline_test_support::Recorder;
use throughline_tracing_layer::EndAt;
use tower::{Layer, ServiceExt};

use crate::{client, serve};

/// A server that redirects `/start` to `location`, and answers anything else.
async fn redirecting(location: &str) -> SocketAddr {
    let location = location.to_owned();
    let start = get(move || {
        let location = location.clone();
        async move { Redirect::temporary(&location) }
    });
    serve(
        Router::new()
            .route("/start", start)
            .fallback(|| async { "arrived" }),
    )
    .await
}

#[tokio::test]
async fn server_and_peer_are_of_one_hop() {
    let arrived = redirecting("/").await;
    let elsewhere = format!("http://{arrived}/end");
    // By another name: the same machine, but not the requested host.
    let renamed = format!("http://localhost:{}/end", arrived.port());
    let twice = redirecting(&elsewhere).await;
    let twice = format!("http://{twice}/start");
    let cases = [
        ("none", "/end", "/end", true),
        ("to a path of the same host", "/end", "/start", true),
        ("to another port", elsewhere.as_str(), "/start", false),
        ("to another name", renamed.as_str(), "/start", false),
        ("over two hosts", twice.as_str(), "/start", false),
    ];
    for (case, location, path, expected) in cases {
        for end_at in [EndAt::Headers, EndAt::Body] {
            let recorder = Recorder::new();
            let first = redirecting(location).await;
            let layer = client(&recorder).with_end_at(end_at);
            let service = layer.layer(reqwest::Client::new());
            let url = format!("http://{first}{path}");
            let request = reqwest::Request::new(reqwest::Method::GET, url.parse().expect("a URL"));
            let response = service.oneshot(request).await.expect("a response");
            assert_eq!(
                response.text().await.expect("a body"),
                "arrived",
                "{case}: it passes"
            );
            let spans = recorder.spans();
            let shown = |key: &str| {
                let found = spans[0]
                    .attributes
                    .iter()
                    .find(|attribute| attribute.key.as_str() == key);
                found.map(|attribute| attribute.value.to_string())
            };
            let port = Some(first.port().to_string());
            assert_eq!(shown("url.full"), Some(url), "{case}: the requested URL");
            assert_eq!(
                shown("server.address").as_deref(),
                Some("127.0.0.1"),
                "{case}: whom"
            );
            assert_eq!(shown("server.port"), port, "{case}: and where");
            let peer = [shown("network.peer.address"), shown("network.peer.port")];
            let same = [Some("127.0.0.1".to_owned()), port];
            let expected = if expected { same } else { [None, None] };
            assert_eq!(
                peer, expected,
                "{case}, {end_at:?}: the connection is of the same hop"
            );
        }
    }
}
