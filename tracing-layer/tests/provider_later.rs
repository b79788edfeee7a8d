//! A provider that is installed after the first requests. It has its own process, since the providers
//! are global.

#![expect(clippy::expect_used, reason = "a test may")]

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use opentelemetry::metrics::{
    Counter, Histogram, HistogramBuilder, InstrumentBuilder, InstrumentProvider, Meter, MeterProvider,
    SyncInstrument, UpDownCounter,
};
use opentelemetry::trace::{SpanId, TraceContextExt};
use opentelemetry::{Context, InstrumentationScope, KeyValue, global};
use throughline_propagation::W3cPropagator;
use throughline_test_support::Recorder;
use throughline_tracing_layer::provider::report_installed;
use throughline_tracing_layer::{ClientLayer, ServerLayer};
use tower::{Layer, ServiceExt, service_fn};

type Body = Full<bytes::Bytes>;

fn request(traced: bool) -> Request<Body> {
    let mut request = Request::get("http://a.example/");
    if traced {
        request = request.header(
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        );
    }
    request.body(Body::default()).expect("a request")
}

/// Returns the parent's span id that a service behind both layers sees: in its context, and in its headers.
fn seen(server: &ServerLayer, client: &ClientLayer, traced: bool) -> (Option<SpanId>, bool) {
    let client = client.layer(service_fn(
        |request: Request<Body>| -> Ready<Result<Response<Body>, Infallible>> {
            let has_header = request.headers().contains_key("traceparent");
            ready(Ok(Response::new(Body::from(if has_header { "1" } else { "0" }))))
        },
    ));
    let service = server.layer(service_fn(move |_: Request<Body>| {
        let span = Context::map_current(|cx| cx.span().span_context().span_id());
        client.clone().oneshot(request(false)).map(move |response| {
            let mut response = response.expect("a response");
            response
                .headers_mut()
                .insert("span", span.to_string().parse().expect("a value"));
            Ok::<_, Infallible>(response)
        })
    }));
    let response = service
        .oneshot(request(traced))
        .now_or_never()
        .expect("at once")
        .expect("a response");
    let span = response.headers()["span"].to_str().expect("text");
    let span = SpanId::from_hex(span).expect("an id");
    let body = response
        .into_body()
        .collect()
        .now_or_never()
        .expect("at once")
        .expect("a body");
    (
        Some(span).filter(|&span| span != SpanId::INVALID),
        body.to_bytes() == "1",
    )
}

/// A foreign provider, whose types have no size, like those of the no-op.
struct Foreign;
struct ForeignMeter;
struct Measured;

static MEASURED: AtomicU64 = AtomicU64::new(0);

impl MeterProvider for Foreign {
    fn meter_with_scope(&self, _: InstrumentationScope) -> Meter {
        Meter::new(Arc::new(ForeignMeter))
    }
}

impl InstrumentProvider for ForeignMeter {
    fn f64_histogram(&self, _: HistogramBuilder<'_, Histogram<f64>>) -> Histogram<f64> {
        Histogram::new(Arc::new(Measured))
    }

    fn u64_counter(&self, _: InstrumentBuilder<'_, Counter<u64>>) -> Counter<u64> {
        Counter::new(Arc::new(Measured))
    }

    fn i64_up_down_counter(&self, _: InstrumentBuilder<'_, UpDownCounter<i64>>) -> UpDownCounter<i64> {
        UpDownCounter::new(Arc::new(Measured))
    }
}

impl<T> SyncInstrument<T> for Measured {
    fn measure(&self, _: T, _: &[KeyValue]) {
        MEASURED.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_provider_that_is_installed_later_is_seen() {
    let server = ServerLayer::new().with_propagator(W3cPropagator::new());
    let client = ClientLayer::new().with_propagator(W3cPropagator::new());
    let callers = SpanId::from_hex("b7ad6b7169203331").ok();
    for round in 0..1_500 {
        assert_eq!(
            seen(&server, &client, false),
            (None, false),
            "round {round}: no trace, nothing to forward"
        );
        assert_eq!(
            seen(&server, &client, true),
            (callers, true),
            "round {round}: the caller's trace is forwarded"
        );
    }
    let recorder = Recorder::new();
    global::set_tracer_provider(recorder.tracer_provider());
    global::set_meter_provider(Foreign);
    report_installed(true);
    let (span, has_header) = seen(&server, &client, true);
    assert!(
        span.is_some_and(|span| Some(span) != callers),
        "the next request has a span: {span:?}"
    );
    assert!(has_header, "its trace is forwarded");
    let spans = recorder.spans();
    assert_eq!(spans.len(), 2, "both layers record it");
    assert_eq!(
        MEASURED.load(Ordering::Relaxed),
        4,
        "the active requests twice, and both durations, although the meter has no size"
    );

    // A layer whose provider is not reported finds it within a millisecond, however long it has run without.
    let server = ServerLayer::new().with_propagator(W3cPropagator::new());
    let deadline = Instant::now() + Duration::from_secs(60);
    while recorder.spans().len() == spans.len() {
        assert!(Instant::now() < deadline, "the provider is not seen");
        let _ = seen(&server, &client, false);
    }
}
