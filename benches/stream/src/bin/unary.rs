//! Measures the cost of a unary model call: a service alone, and through `LlmLayer` and `ClientLayer`. See
//! the README.
//!
//! Run with `cargo run --release -p throughline-stream-bench --bin unary`. To select a row, add its name.

use std::convert::Infallible;
use std::fmt::Debug;
use std::future::{Ready, ready};
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use opentelemetry_sdk::metrics::{ManualReader, SdkMeterProvider};
use opentelemetry_sdk::trace::SdkTracerProvider;
use throughline_bench_workload::{Allocated, Provider, model_call, read};
use throughline_llm_layer::LlmLayer;
use throughline_tracing_layer::ClientLayer;
use throughline_tracing_layer::provider::BoundInstruments;
use tower::{Layer, Service};

#[path = "../floor.rs"]
mod floor;

use floor::Floor;

/// The calls per round. Instructions and allocations are counted in one round, after a warm-up round.
const CALLS: usize = 1_000;
/// The number of rounds. The table shows the best time.
const ROUNDS: usize = 51;

/// The provider, called in the way that the raw API is used.
struct WithFloor(Floor);

impl Service<Request<Full<Bytes>>> for WithFloor {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        let (parts, body) = request.into_parts();
        let bytes = whole(body);
        let mut answered = None;
        let request = Request::from_parts(parts, Full::new(bytes.clone()));
        self.0.call(&bytes, request, |request| {
            let Ok(response) = Provider.call(request).into_inner();
            let (parts, body) = response.into_parts();
            let answer = whole(body);
            answered = Some(Response::from_parts(parts, Full::new(answer.clone())));
            answer
        });
        ready(Ok(answered.expect("an answer")))
    }
}

/// Takes the one frame of a body.
fn whole(body: Full<Bytes>) -> Bytes {
    let mut cx = Context::from_waker(Waker::noop());
    match pin!(body).poll_frame(&mut cx) {
        Poll::Ready(Some(Ok(frame))) => frame.into_data().expect("data"),
        _ => Bytes::new(),
    }
}

fn main() {
    let only = std::env::args().nth(1);
    let runs = |name: &str| only.as_deref().is_none_or(|only| name.starts_with(only));
    let tracers = SdkTracerProvider::builder().build();
    let reader = ManualReader::builder().build();
    let meters = SdkMeterProvider::builder().with_reader(reader).build();
    // Lets our layers bind instruments, as `telemetry::init` does.
    let _bound = BoundInstruments::report(meters.clone());
    println!("| call | best ns | allocations | bytes |");
    println!("|---|--:|--:|--:|");
    if runs("bare") {
        row("bare", &mut Provider);
    }
    if runs("nothing installed") {
        let mut service = LlmLayer::new().layer(ClientLayer::new().layer(Provider));
        row("nothing installed", &mut service);
    }
    if runs("floor") {
        row("floor", &mut WithFloor(Floor::new(&tracers, &meters)));
    }
    if runs("sampled") {
        let client = ClientLayer::new()
            .with_tracer_provider(tracers.clone())
            .with_meter_provider(meters.clone());
        let llm = LlmLayer::new()
            .with_tracer_provider(tracers)
            .with_meter_provider(meters);
        row("sampled", &mut llm.layer(client.layer(Provider)));
    }
}

/// Prints the cost of a call. After a warm-up round, one round is counted, and the best of the others is
/// timed.
fn row<S, B>(name: &str, service: &mut S)
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error: Debug>,
    B: Body,
{
    round(requests(), service);
    let prepared = requests();
    let before = Allocated::so_far();
    measured(prepared, service);
    let allocated = Allocated::so_far() - before;
    let times = (0..ROUNDS).map(|_| {
        let prepared = requests();
        let start = Instant::now();
        round(prepared, service);
        start.elapsed()
    });
    let best = times.min().unwrap_or_default().as_nanos() / CALLS as u128;
    let calls = CALLS as u64;
    println!(
        "| {name} | {best} | {:.1} | {} |",
        allocated.blocks as f64 / calls as f64,
        allocated.bytes / calls
    );
}

fn requests() -> Vec<Request<Full<Bytes>>> {
    (0..CALLS).map(model_call).collect()
}

/// Callgrind counts the instructions of this function.
#[inline(never)]
fn measured<S, B>(requests: Vec<Request<Full<Bytes>>>, service: &mut S)
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error: Debug>,
    B: Body,
{
    round(requests, service);
    // Prevents a tail call, whose return the tool would not see.
    black_box(());
}

fn round<S, B>(requests: Vec<Request<Full<Bytes>>>, service: &mut S)
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error: Debug>,
    B: Body,
{
    for request in requests {
        let mut cx = Context::from_waker(Waker::noop());
        assert!(service.poll_ready(&mut cx).is_ready(), "always ready");
        let mut future = pin!(service.call(request));
        let response = loop {
            if let Poll::Ready(response) = future.as_mut().poll(&mut cx) {
                break response;
            }
        };
        read(response.expect("an answer").into_body());
    }
}
