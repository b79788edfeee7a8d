//! Two layers around one client, and requests that are sent for another one.

use std::io;

use bytes::Bytes;
use http::Request;
use http_body_util::Empty;
use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;
use throughline_test_support::Recorder;
use tower::{Layer, Service, ServiceExt, service_fn};

use super::{layer, ok, request};
use crate::client::{ClientLayer, MetricsLayer, SpanLayer};

/// The number of spans, and of measurements of the duration.
fn recorded(recorder: &Recorder) -> (usize, u64) {
    let counts = recorder.metrics().into_iter().filter_map(|line| {
        let (name, count) = line.split_once("} count=")?;
        name.starts_with("http.client.request.duration")
            .then(|| count.parse::<u64>().expect("a number"))
    });
    (recorder.spans().len(), counts.sum())
}

#[tokio::test]
async fn a_request_is_recorded_and_its_context_sent_once() {
    let recorder = Recorder::new();
    let transport = service_fn(|request: Request<Empty<Bytes>>| async move {
        assert_eq!(
            request.headers().get_all("traceparent").iter().count(),
            1,
            "one context"
        );
        ok()
    });
    let ours = layer(&recorder);
    let other = ours.clone().with_body_sizes(false);
    let client = (ours.clone(), other, ours).layer(transport);
    for times in 1..=3 {
        client
            .clone()
            .oneshot(request("http://a/b?c"))
            .await
            .expect("sent");
        assert_eq!(recorded(&recorder), (times, times as u64), "request {times}");
    }
}

#[tokio::test]
async fn a_layer_that_records_nothing_leaves_it_to_the_one_inside() {
    let recorder = Recorder::new();
    let transport = service_fn(|request: Request<Empty<Bytes>>| async move {
        let current = Context::current().span().span_context().span_id().to_string();
        let sent = request.headers()["traceparent"]
            .to_str()
            .expect("text")
            .to_owned();
        assert!(
            sent.contains(&current),
            "the context of the span that there is: {sent}"
        );
        ok()
    });
    let none = layer(&recorder).with_filter(|_| false);
    let client = (none, layer(&recorder)).layer(transport);
    for times in 1..=3 {
        client.clone().oneshot(request("http://a/")).await.expect("sent");
        assert_eq!(recorded(&recorder), (times, times as u64), "request {times}");
    }
}

#[tokio::test]
async fn parts_of_a_layer_around_one_another_do_each_their_own() {
    let recorder = Recorder::new();
    let transport = || service_fn(|_: Request<Empty<Bytes>>| async { ok() });
    let ours = || layer(&recorder);
    let spans = SpanLayer::from(ours()).layer(MetricsLayer::from(ours()).layer(transport()));
    spans.oneshot(request("http://a/")).await.expect("sent");
    assert_eq!(recorded(&recorder), (1, 1), "spans around metrics");
    let metrics = MetricsLayer::from(ours()).layer(ours().layer(transport()));
    metrics.oneshot(request("http://a/")).await.expect("sent");
    assert_eq!(recorded(&recorder), (2, 2), "metrics around all");
}

/// Sends another request before its own.
#[derive(Clone)]
struct Login<S>(S, &'static str, &'static str);

impl<S> Service<Request<Empty<Bytes>>> for Login<S>
where
    S: Service<Request<Empty<Bytes>>, Error = io::Error> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = S::Response;
    type Error = io::Error;
    type Future = futures_util::future::BoxFuture<'static, Result<S::Response, io::Error>>;

    fn poll_ready(&mut self, cx: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), io::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, sent: Request<Empty<Bytes>>) -> Self::Future {
        let Self(inner, method, uri) = self.clone();
        Box::pin(async move {
            let mut login = request(uri);
            *login.method_mut() = method.parse().expect("a method");
            inner.clone().oneshot(login).await?;
            inner.oneshot(sent).await
        })
    }
}

#[tokio::test]
async fn another_request_that_is_sent_meanwhile_is_one_of_its_own() {
    let cases = [
        ("POST", "http://a/b"),
        ("GET", "http://login/token"),
        ("GET", "http://a/b?c"),
        ("GET", "http://a:81/b"),
        ("GET", "https://a/b"),
    ];
    for (method, uri) in cases {
        let recorder = Recorder::new();
        let transport = service_fn(|_: Request<Empty<Bytes>>| async { ok() });
        let client = layer(&recorder).layer(Login(layer(&recorder).layer(transport), method, uri));
        for times in 1..=3 {
            client
                .clone()
                .oneshot(request("http://a/b"))
                .await
                .map(|_| ())
                .expect("sent");
            let expected = (2 * times, 2 * times as u64);
            assert_eq!(recorded(&recorder), expected, "{method} {uri}, request {times}");
        }
    }
}

#[tokio::test]
async fn requests_one_after_another_are_all_recorded() {
    let recorder = Recorder::new();
    let transport = service_fn(|_: Request<Empty<Bytes>>| async { ok() });
    let client = ClientLayer::clone(&layer(&recorder)).layer(transport);
    for times in 1..=3 {
        client.clone().oneshot(request("http://a/b")).await.expect("sent");
        assert_eq!(recorded(&recorder), (times, times as u64), "request {times}");
    }
}
