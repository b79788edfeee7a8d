//! The class of each error that a connection can end in, through reqwest and through hyper-util alike.

mod faults;
mod tls;
mod towers;

use std::error::Error;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::Request;
use http_body_util::BodyExt;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::rt::TokioExecutor;
use throughline_test_support::Recorder;
use throughline_tracing_layer::EndAt;
use tower::{Layer, ServiceExt};

use crate::{MASKED, client};

/// The class on the only span and on its duration, which must agree.
fn class(recorder: &Recorder) -> Option<String> {
    let spans = recorder.spans();
    assert_eq!(spans.len(), 1, "one span");
    let mut attributes = spans[0].attributes.iter();
    let class = attributes.find(|attribute| attribute.key.as_str() == "error.type");
    let class = class.map(|attribute| attribute.value.to_string());
    let metrics = recorder.metrics().join("\n");
    let label = format!("error.type={}", class.as_deref().unwrap_or_default());
    assert_eq!(
        metrics.contains(&label),
        class.is_some(),
        "the metrics agree with {class:?}: {metrics}"
    );
    let tree = recorder.tree(&MASKED);
    assert!(!tree.contains("[error: "), "no description:\n{tree}");
    class
}

/// The class of one GET by reqwest, read to the end of its body.
async fn by_reqwest(inner: reqwest::Client, url: &str) -> Option<String> {
    let recorder = Recorder::new();
    let service = client(&recorder).with_end_at(EndAt::Body).layer(inner);
    let request = reqwest::Request::new(reqwest::Method::GET, url.parse().expect("a URL"));
    if let Ok(response) = service.oneshot(request).await {
        let _ = response.bytes().await;
    }
    class(&recorder)
}

/// The class of one GET by hyper-util's client, read to the end of its body.
async fn by_hyper<C>(inner: legacy::Client<C, Body>, url: &str) -> Option<String>
where
    C: Connect + Clone + Send + Sync + 'static,
{
    let recorder = Recorder::new();
    let service = client(&recorder).with_end_at(EndAt::Body).layer(inner);
    let request = Request::get(url).body(Body::empty()).expect("a request");
    if let Ok(response) = service.oneshot(request).await {
        let _: Result<Bytes, _> = response.into_body().collect().await.map(|body| body.to_bytes());
    }
    class(&recorder)
}

fn reqwest_client() -> reqwest::ClientBuilder {
    reqwest::Client::builder().no_proxy()
}

fn hyper_client() -> legacy::Client<HttpConnector, Body> {
    legacy::Client::builder(TokioExecutor::new()).build_http()
}

type BoxError = Box<dyn Error + Send + Sync>;

/// A timeout that is sure to end where nothing comes.
const SHORT: Duration = Duration::from_millis(20);
