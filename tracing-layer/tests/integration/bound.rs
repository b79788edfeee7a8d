//! Bound instruments: used where the provider is known to support them, and nowhere else.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use opentelemetry::metrics::{
    BoundSyncInstrument, Histogram, HistogramBuilder, InstrumentBuilder, InstrumentProvider, Meter,
    MeterProvider, SyncInstrument, UpDownCounter,
};
use opentelemetry::trace::noop::NoopTracerProvider;
use opentelemetry::{InstrumentationScope, KeyValue};
use throughline_propagation::W3cPropagator;
use throughline_test_support::Recorder;
use throughline_tracing_layer::provider::BoundInstruments;
use throughline_tracing_layer::{ClientLayer, ServerLayer};
use tower::{Layer, Service, ServiceExt, service_fn};

type Body = Full<bytes::Bytes>;

/// Answers with the status code that the path names, or fails.
async fn answer(request: Request<Body>) -> Result<Response<Body>, std::io::Error> {
    let path = request.uri().path().trim_start_matches('/');
    if path == "fails" {
        return Err(std::io::ErrorKind::ConnectionReset.into());
    }
    let status: u16 = path.parse().unwrap_or(200);
    let mut response = Response::new(Body::from("x".repeat(usize::from(status / 100))));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    Ok(response)
}

/// Sends the requests of a table through both layers, each `times`.
async fn exchange(meters: impl MeterProvider + Clone + Send + Sync + 'static, times: usize) {
    let server = ServerLayer::new()
        .with_propagator(W3cPropagator::new())
        .with_tracer_provider(NoopTracerProvider::new())
        .with_meter_provider(meters.clone())
        .with_body_sizes(true)
        .with_route(|head| {
            let is_listed = head.uri().path() != "/200";
            is_listed.then(|| "/{status}".into())
        });
    let client = ClientLayer::new()
        .with_propagator(W3cPropagator::new())
        .with_tracer_provider(NoopTracerProvider::new())
        .with_meter_provider(meters)
        .with_body_sizes(true);
    for _ in 0..times {
        for method in ["GET", "POST", "XYZZY"] {
            for (host, path) in [
                ("a.example", "200"),
                ("a.example", "204"),
                ("b.example:8080", "404"),
                ("b.example", "503"),
                ("c.example", "fails"),
            ] {
                let request = || {
                    let body = if method == "POST" { "body" } else { "" };
                    let builder = Request::builder().method(method);
                    let uri = format!("http://{host}/{path}");
                    builder.uri(uri).body(Body::from(body)).expect("a request")
                };
                read(server.layer(service_fn(answer)), request()).await;
                read(client.layer(service_fn(answer)), request()).await;
            }
        }
    }
}

async fn read<S, B>(service: S, request: Request<Body>)
where
    S: Service<Request<Body>, Response = Response<B>, Error = std::io::Error>,
    B: http_body::Body<Error = Infallible>,
{
    if let Ok(response) = service.oneshot(request).await {
        let read = response.into_body().collect().await;
        assert!(read.is_ok(), "the body passes");
    }
}

/// Returns the counts of all instruments, and the sums of those that do not depend on time.
fn measured(recorder: &Recorder) -> Vec<String> {
    let is_size = |line: &String| line.contains(".size{");
    let sums = recorder.sums().into_iter().filter(is_size);
    recorder.metrics().into_iter().chain(sums).collect()
}

#[tokio::test]
async fn bound_instruments_record_what_others_do() {
    let (unbound, bound) = (Recorder::new(), Recorder::new());
    let reported = BoundInstruments::report(bound.meter_provider());
    exchange(unbound.meter_provider(), 3).await;
    exchange(bound.meter_provider(), 3).await;
    let expected = measured(&unbound);
    let count = |name: &str| expected.iter().filter(|line| line.starts_with(name)).count();
    assert_eq!(count("http.server.request.duration{"), 15, "{expected:#?}");
    assert_eq!(count("http.client.request.duration{"), 15, "{expected:#?}");
    assert_eq!(measured(&bound), expected, "series, counts and sizes");
    drop(reported);
}

#[tokio::test]
async fn a_provider_that_is_reported_no_more_is_not_bound() {
    let meters = Meters::default();
    drop(BoundInstruments::report(meters.clone()));
    exchange(meters.clone(), 2).await;
    assert_eq!(meters.bound(), 0, "it may be another one by now");
}

/// A provider that counts how it is used.
#[derive(Clone, Default)]
struct Meters(Arc<Counts>);

#[derive(Default)]
struct Counts {
    measured: AtomicUsize,
    bound: AtomicUsize,
    measured_bound: AtomicUsize,
    meter: std::sync::OnceLock<Meter>,
}

struct Instrument(Arc<Counts>);
struct Bound(Arc<Counts>);

impl Meters {
    fn measured(&self) -> usize {
        self.0.measured.load(Ordering::Relaxed)
    }

    fn bound(&self) -> usize {
        self.0.bound.load(Ordering::Relaxed)
    }

    fn measured_bound(&self) -> usize {
        self.0.measured_bound.load(Ordering::Relaxed)
    }
}

impl MeterProvider for Meters {
    fn meter_with_scope(&self, _: InstrumentationScope) -> Meter {
        // Like an SDK, the same meter for the same scope.
        let meter = || Meter::new(Arc::new(Self(Arc::clone(&self.0))));
        self.0.meter.get_or_init(meter).clone()
    }
}

impl InstrumentProvider for Meters {
    fn f64_histogram(&self, _: HistogramBuilder<'_, Histogram<f64>>) -> Histogram<f64> {
        Histogram::new(Arc::new(Instrument(Arc::clone(&self.0))))
    }

    fn u64_histogram(&self, _: HistogramBuilder<'_, Histogram<u64>>) -> Histogram<u64> {
        Histogram::new(Arc::new(Instrument(Arc::clone(&self.0))))
    }

    fn i64_up_down_counter(&self, _: InstrumentBuilder<'_, UpDownCounter<i64>>) -> UpDownCounter<i64> {
        UpDownCounter::new(Arc::new(Instrument(Arc::clone(&self.0))))
    }
}

impl<T> SyncInstrument<T> for Instrument {
    fn measure(&self, _: T, _: &[KeyValue]) {
        self.0.measured.fetch_add(1, Ordering::Relaxed);
    }

    fn bind(&self, _: &[KeyValue]) -> Box<dyn BoundSyncInstrument<T> + Send + Sync> {
        self.0.bound.fetch_add(1, Ordering::Relaxed);
        Box::new(Bound(Arc::clone(&self.0)))
    }
}

impl<T> BoundSyncInstrument<T> for Bound {
    fn measure(&self, _: T) {
        self.0.measured_bound.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn a_provider_that_is_not_reported_loses_nothing() {
    let (other, foreign) = (Recorder::new(), Meters::default());
    let _reported = BoundInstruments::report(other.meter_provider());
    exchange(foreign.clone(), 3).await;
    assert_eq!(
        (foreign.bound(), foreign.measured_bound()),
        (0, 0),
        "what it binds may be dropped"
    );
    // Requests of both layers: a duration and a size each, and without a failure another size; the server's are
    // active twice.
    let [all, failed] = [3 * 15, 3 * 3];
    assert_eq!(
        foreign.measured(),
        all * (2 + 2 + 2) + 2 * (all - failed),
        "each measurement"
    );
}

#[tokio::test]
async fn a_reported_provider_looks_up_each_series_once() {
    let meters = Meters::default();
    let _reported = BoundInstruments::report(meters.clone());
    exchange(meters.clone(), 1).await;
    let (measured, bound) = (meters.measured(), meters.bound());
    exchange(meters.clone(), 1).await;
    assert_eq!(meters.bound(), bound, "no series is bound twice");
    assert_eq!(meters.measured(), measured, "all series are bound");
    let all = 15 * (2 + 2 + 2) + 2 * (15 - 3);
    assert_eq!(
        (measured + meters.measured_bound()),
        2 * all,
        "each measurement, once"
    );
}
