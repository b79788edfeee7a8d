//! What a request costs in allocations: the numbers that the design holds us to.
//!
//! Counted on one thread, after a request that warms up what is made once. The service inside allocates
//! nothing.

#![expect(clippy::expect_used, clippy::panic, reason = "a test may")]

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::pin;
use std::task::{Context as Task, Poll, Waker};

use allocation_counter::measure;
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use opentelemetry::metrics::noop::NoopMeterProvider;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::noop::NoopTracerProvider;
use opentelemetry::{Context, global};
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use throughline_propagation::W3cPropagator;
use throughline_propagation::carrier::Headers;
use throughline_test_support::Recorder;
use throughline_tracing_layer::provider::KnownTracers;
use throughline_tracing_layer::server::MetricsLayer;
use throughline_tracing_layer::{ClientLayer, ServerLayer};
use tower_layer::Layer;
use tower_service::Service;

type Reply = Ready<Result<Response<Full<Bytes>>, Infallible>>;

/// Answers at once.
#[derive(Clone)]
struct Hello;

impl Service<Request<Full<Bytes>>> for Hello {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Reply;

    fn poll_ready(&mut self, _: &mut Task<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Full<Bytes>>) -> Reply {
        ready(Ok(Response::new(Full::new(Bytes::from_static(b"hello")))))
    }
}

fn tracer_provider(sampler: Sampler) -> SdkTracerProvider {
    SdkTracerProvider::builder().with_sampler(sampler).build()
}

fn meter_provider() -> SdkMeterProvider {
    Recorder::new().meter_provider()
}

fn server() -> ServerLayer {
    ServerLayer::new().with_propagator(W3cPropagator::new())
}

fn client() -> ClientLayer {
    ClientLayer::new().with_propagator(W3cPropagator::new())
}

const TRACEPARENT: (&str, &str) = (
    "traceparent",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
);

/// A request as browsers and proxies send it, with or without a `traceparent`.
fn request(uri: &str, traced: bool) -> Request<Full<Bytes>> {
    let mut builder = Request::builder()
        .uri(uri)
        .header("host", "shop.example.com:8080")
        .header(
            "user-agent",
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        )
        .header("accept", "application/json")
        .header("accept-encoding", "gzip, br")
        .header("content-type", "application/json");
    if traced {
        builder = builder.header(TRACEPARENT.0, TRACEPARENT.1);
    }
    builder.body(Full::new(Bytes::new())).expect("a request")
}

/// Serves `request` to the last byte.
fn serve<S, B>(service: &mut S, request: Request<Full<Bytes>>)
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible>,
    B: Body,
{
    let mut task = Task::from_waker(Waker::noop());
    let mut future = pin!(service.call(request));
    let Poll::Ready(Ok(response)) = future.as_mut().poll(&mut task) else {
        panic!("the service answers at once")
    };
    let mut body = pin!(response.into_body());
    while let Poll::Ready(Some(_)) = body.as_mut().poll_frame(&mut task) {}
}

/// Allocations of the second request, after the first has warmed up.
fn count<S, B>(service: &mut S, first: Request<Full<Bytes>>, second: Request<Full<Bytes>>) -> u64
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible>,
    B: Body,
{
    serve(service, first);
    measure(|| serve(service, second)).count_total
}

/// What a thread has seen a moment ago costs less than what is new to it.
#[derive(Clone, Copy, PartialEq)]
enum Uri {
    Same,
    NewPath,
    /// A path and a value of the query that are new. Values are not recorded.
    New,
    /// Also the name of a parameter.
    NewName,
}

impl Uri {
    /// The URIs of two requests, the second perhaps with a path, or path and query, of its own.
    fn pair(self, base: &str, case: usize) -> [String; 2] {
        let first = format!("{base}/users/7?page=1");
        match self {
            Self::Same => [first.clone(), first],
            Self::NewPath => [first, format!("{base}/users/{case}000")],
            Self::New => [first, format!("{base}/users/{case}000?page={case}")],
            Self::NewName => [first, format!("{base}/users/{case}000?page{case}={case}")],
        }
    }
}

#[test]
fn server_allocations() {
    let noop = || {
        server()
            .with_tracer_provider(NoopTracerProvider::new())
            .with_meter_provider(NoopMeterProvider::new())
    };
    let with = |sampler| {
        server()
            .with_tracer_provider(tracer_provider(sampler))
            .with_meter_provider(meter_provider())
    };
    let out = || with(Sampler::AlwaysOff);
    let full = || with(Sampler::AlwaysOn);
    let cases = [
        ("no-op", noop(), false, Uri::New, 0),
        ("no-op, a traceparent passes", noop(), true, Uri::New, 1),
        ("sampled out", out(), true, Uri::Same, 3),
        ("sampled out, new path", out(), true, Uri::NewPath, 4),
        ("sampled out, new path and value", out(), true, Uri::New, 4),
        ("sampled out, new path and name", out(), true, Uri::NewName, 5),
        ("sampled", full(), true, Uri::Same, 4),
        ("sampled, new path and value", full(), true, Uri::New, 5),
        ("sampled, new path and name", full(), true, Uri::NewName, 6),
    ];
    for (index, (name, layer, traced, uri, expected)) in cases.into_iter().enumerate() {
        let [first, second] = uri.pair("", index);
        let mut service = layer.layer(Hello);
        let counted = count(&mut service, request(&first, traced), request(&second, traced));
        assert_eq!(counted, expected, "{name}");
    }
}

/// The only test of this process that uses the global provider.
#[test]
fn server_allocations_with_the_global_provider() {
    let serve_twice = || {
        let mut service = server().with_meter_provider(meter_provider()).layer(Hello);
        count(&mut service, request("/global", true), request("/global", true))
    };
    let sampled = || tracer_provider(Sampler::AlwaysOn);
    global::set_tracer_provider(KnownTracers::new(sampled()));
    assert_eq!(serve_twice(), 4, "like a provider that the layer was given");
    global::set_tracer_provider(sampled());
    assert_eq!(serve_twice(), 5, "a box around the box");

    let [known, plain] = [Recorder::new(), Recorder::new()];
    global::set_tracer_provider(KnownTracers::new(known.tracer_provider()));
    serve_twice();
    global::set_tracer_provider(plain.tracer_provider());
    serve_twice();
    let spans = [known.spans().len(), plain.spans().len()];
    assert_eq!(
        spans,
        [2, 2],
        "each layer uses the provider that was global when it started"
    );
}

#[test]
fn server_allocations_of_metrics_alone() {
    let layer = MetricsLayer::from(server().with_meter_provider(meter_provider()));
    let mut service = layer.layer(Hello);
    let counted = count(&mut service, request("/a", true), request("/b?c", true));
    assert_eq!(counted, 0, "all labels are on the stack");
}

#[test]
fn server_allocations_suppressed() {
    let _suppressed = Context::enter_telemetry_suppressed_scope();
    let layer = server().with_tracer_provider(tracer_provider(Sampler::AlwaysOn));
    let mut service = layer.with_meter_provider(meter_provider()).layer(Hello);
    let counted = count(&mut service, request("/a", true), request("/b", true));
    assert_eq!(counted, 0, "nothing is done at all");
}

#[test]
fn client_allocations() {
    let with = |sampler| {
        client()
            .with_tracer_provider(tracer_provider(sampler))
            .with_meter_provider(meter_provider())
    };
    let noop = client()
        .with_tracer_provider(NoopTracerProvider::new())
        .with_meter_provider(NoopMeterProvider::new());
    let parent = W3cPropagator::new().extract(&Headers::new(request("/", true).headers()));
    let cases = [
        ("no-op, no trace", noop.clone(), Context::new(), Uri::New, 0),
        ("no-op, a trace passes", noop, parent.clone(), Uri::New, 1),
        (
            "sampled out",
            with(Sampler::AlwaysOff),
            parent.clone(),
            Uri::Same,
            3,
        ),
        (
            "sampled out, new URL",
            with(Sampler::AlwaysOff),
            parent.clone(),
            Uri::New,
            4,
        ),
        ("sampled", with(Sampler::AlwaysOn), parent.clone(), Uri::Same, 4),
        ("sampled, new URL", with(Sampler::AlwaysOn), parent, Uri::New, 5),
    ];
    for (index, (name, layer, parent, uri, expected)) in cases.into_iter().enumerate() {
        let _parent = parent.attach();
        let [first, second] = uri.pair("http://shop.example.com", index);
        let mut service = layer.layer(Hello);
        let counted = count(&mut service, request(&first, false), request(&second, false));
        assert_eq!(counted, expected, "{name}");
    }
}
