//! Our layers together with layers of other crates on the same request: no layer panics, and every span has
//! the expected parent.

use std::sync::{Arc, Mutex, OnceLock};

use axum::body::Body;
use axum::routing::{Router, get};
use http::{Extensions, HeaderMap, Request as HttpRequest};
use http_body_util::BodyExt;
use opentelemetry::global;
use opentelemetry::trace::{SpanId, TracerProvider};
use opentelemetry_instrumentation_tower::http::server::{self, LayerBuilder};
use reqwest::{Request, Response};
use reqwest_middleware::{ClientBuilder, Middleware, Next};
use reqwest_tracing::TracingMiddleware;
use throughline_propagation::W3cPropagator;
use throughline_test_support::Recorder;
use throughline_tracing_layer::{ClientLayer, ServerLayer};
use tower::ServiceExt;
use tracing_subscriber::layer::SubscriberExt;

const OURS: &str = "throughline-tracing-layer";
const THEIRS: &str = "opentelemetry-instrumentation-tower";
const REMOTE: &str = "b7ad6b7169203331";

/// Both layers read the same headers, so both spans are children of the caller. Without a caller, the inner
/// span is a child of the outer one.
#[tokio::test]
async fn two_server_layers() {
    let recorder = installed();
    let inner = || Router::new().route("/hello", get(|| async { "hello" }));
    let routers = [
        (inner().layer(theirs()).layer(ours(recorder)), THEIRS),
        (inner().layer(ours(recorder)).layer(theirs()), OURS),
    ];
    for (router, inner) in routers {
        for traced in [true, false] {
            let before = recorder.spans().len();
            let mut request = HttpRequest::get("/hello");
            if traced {
                let parent = format!("00-0af7651916cd43dd8448eb211c80319c-{REMOTE}-01");
                request = request.header("traceparent", parent);
            }
            let request = request.body(Body::empty()).expect("a request");
            let response = router.clone().oneshot(request).await.expect("an answer");
            let body = response.into_body().collect().await.expect("a body");
            assert_eq!(body.to_bytes(), "hello", "the answer passes through both");

            let all = recorder.spans();
            let spans = all.get(before..).expect("older spans stay");
            let [one, other] = spans else {
                panic!("one span per layer, not {spans:?}");
            };
            let (inner, outer) = if one.instrumentation_scope.name() == inner {
                (one, other)
            } else {
                (other, one)
            };
            assert_ne!(
                inner.instrumentation_scope.name(),
                outer.instrumentation_scope.name(),
                "one span per layer"
            );
            assert_eq!(
                inner.span_context.trace_id(),
                outer.span_context.trace_id(),
                "one trace"
            );
            let remote = SpanId::from_hex(REMOTE).expect("an id");
            let expected = if traced {
                (remote, remote)
            } else {
                (outer.span_context.span_id(), SpanId::INVALID)
            };
            assert_eq!(
                (inner.parent_span_id, outer.parent_span_id),
                expected,
                "the parents with {} inside, traced: {traced}",
                inner.instrumentation_scope.name()
            );
        }
    }
}

/// The spans nest like the middlewares. The request carries our span, because only our layer uses this
/// version of OpenTelemetry.
#[tokio::test]
async fn reqwest_tracing_around_and_inside_ours() {
    for ours_inside in [true, false] {
        let recorder = Recorder::new();
        let bridge = tracing_opentelemetry::layer().with_tracer(recorder.tracer_provider().tracer("bridge"));
        let subscriber = tracing_subscriber::registry().with(bridge);
        let _subscriber = tracing::subscriber::set_default(subscriber);
        let ours = ClientLayer::new()
            .with_propagator(W3cPropagator::new())
            .with_tracer_provider(recorder.tracer_provider())
            .with_meter_provider(recorder.meter_provider());
        let transport = Transport::default();
        let theirs = TracingMiddleware::default();
        let chain = ClientBuilder::new(reqwest::Client::new());
        let chain = if ours_inside {
            chain.with(theirs).with(ours)
        } else {
            chain.with(ours).with(theirs)
        };
        let client = chain.with(transport.clone()).build();
        let answer = client.get("http://shop.example.com/hello").send().await;
        let text = answer.expect("an answer").text().await.expect("a body");
        assert_eq!(text, "hello", "the answer passes through both");

        let spans = recorder.spans();
        let span_of = |ours: bool| {
            let found = spans
                .iter()
                .find(|span| (span.instrumentation_scope.name() == OURS) == ours);
            found.expect("one span per layer")
        };
        assert_eq!(spans.len(), 2, "one span per layer: {spans:?}");
        let (inner, outer) = (span_of(ours_inside), span_of(!ours_inside));
        assert_eq!(
            (inner.parent_span_id, outer.parent_span_id),
            (outer.span_context.span_id(), SpanId::INVALID),
            "the parents, ours inside: {ours_inside}"
        );
        let ours = &span_of(true).span_context;
        let named = format!("00-{}-{}-0", ours.trace_id(), ours.span_id());
        let sent = transport.0.lock().expect("no panic").clone();
        let parents: Vec<_> = sent.get_all("traceparent").iter().collect();
        let [parent] = parents.as_slice() else {
            panic!("one traceparent, not {parents:?}");
        };
        let parent = parent.to_str().expect("text");
        assert!(
            parent.starts_with(&named),
            "{parent} is our span: {named}, ours inside: {ours_inside}"
        );
    }
}

/// A recorder behind OpenTelemetry's globals, which are all that the other tower layer supports.
fn installed() -> &'static Recorder {
    static RECORDER: OnceLock<Recorder> = OnceLock::new();
    RECORDER.get_or_init(|| {
        let recorder = Recorder::new();
        global::set_tracer_provider(recorder.tracer_provider());
        global::set_meter_provider(recorder.meter_provider());
        global::set_text_map_propagator(W3cPropagator::new());
        recorder
    })
}

fn ours(recorder: &Recorder) -> ServerLayer {
    ServerLayer::new()
        .with_tracer_provider(recorder.tracer_provider())
        .with_meter_provider(recorder.meter_provider())
}

fn theirs() -> server::Layer {
    LayerBuilder::builder().build().expect("a layer")
}

/// Answers instead of the transport, and stores the headers of the request.
#[derive(Clone, Default)]
struct Transport(Arc<Mutex<HeaderMap>>);

#[async_trait::async_trait]
impl Middleware for Transport {
    async fn handle(
        &self,
        request: Request,
        _: &mut Extensions,
        _: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        *self.0.lock().expect("no panic") = request.headers().clone();
        Ok(http::Response::new("hello").into())
    }
}
