//! Measures the cost of a long stream through the LLM layer, over a loopback socket. See the README.
//!
//! Run with `cargo run --release -p throughline-stream-bench`. To change the length of the stream, add a
//! number of MiB.

#[cfg(test)]
mod flat;
mod heap;
mod provider;
mod table;

use std::fmt::Debug;
use std::pin::pin;
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use opentelemetry_sdk::metrics::{ManualReader, SdkMeterProvider};
use opentelemetry_sdk::trace::SdkTracerProvider;
use throughline_llm_layer::LlmLayer;
use tokio::runtime;
use tower::{Layer, Service, ServiceExt};

use crate::provider::{Provider, STREAMS};

/// The number of times that each stream is read, alternating with and without the layer.
const ROUNDS: usize = 7;
/// The number of measurements of the first byte.
const FIRST_BYTES: usize = 301;
const MIB: u64 = 1024 * 1024;

/// The cost of reading a stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    first_byte: Duration,
    whole: Duration,
    /// The processor time of this thread. A busy machine affects it little.
    busy: Duration,
    /// The peak heap use in bytes, above the use before.
    heap: usize,
}

fn main() {
    let mib = std::env::args()
        .nth(1)
        .map_or(1024, |mib| mib.parse().expect("a number of MiB"));
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let meters = SdkMeterProvider::builder().with_reader(ManualReader::builder().build());
    let layer = LlmLayer::new()
        .with_tracer_provider(SdkTracerProvider::builder().build())
        .with_meter_provider(meters.build());
    let plain = Client::builder(TokioExecutor::new()).build_http();
    let layered = layer.layer(Client::builder(TokioExecutor::new()).build_http());

    table::head(mib);
    for stream in STREAMS {
        let long = Provider::start(stream, mib * MIB);
        let short = Provider::start(stream, 1);
        let read = |provider: &Provider| {
            let plain = runtime.block_on(read(plain.clone(), provider.request()));
            let layered = runtime.block_on(read(layered.clone(), provider.request()));
            (plain, layered)
        };
        read(&short);
        let firsts = (0..FIRST_BYTES).map(|_| read(&short)).collect();
        let wholes = (0..ROUNDS).map(|_| read(&long)).collect();
        table::row(stream, long.length, firsts, wholes);
    }
}

/// Sends a request, and reads the answer to its end.
async fn read<S, B>(client: S, request: Request<Full<Bytes>>) -> Cost
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error: Debug>,
    B: Body<Error: Debug>,
{
    let before = heap::start();
    let (start, on_processor) = (Instant::now(), on_processor());
    let response = client.oneshot(request).await.expect("an answer");
    let mut body = pin!(response.into_body());
    let mut first_byte = None;
    let mut read = 0;
    while let Some(frame) = body.frame().await {
        first_byte.get_or_insert_with(|| start.elapsed());
        let frame = frame.expect("a frame");
        read += frame.data_ref().map_or(0, |data| data.remaining() as u64);
    }
    let (whole, busy) = (start.elapsed(), self::on_processor() - on_processor);
    assert!(read > 0, "an answer");
    Cost {
        first_byte: first_byte.expect("an answer"),
        whole,
        busy,
        heap: heap::peak() - before,
    }
}

/// Returns the processor time of this thread.
fn on_processor() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let nanoseconds = stat.split(' ').next().and_then(|field| field.parse().ok());
    Duration::from_nanos(nanoseconds.expect("nanoseconds"))
}
