//! Layers around a model call.

use std::sync::LazyLock;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use opentelemetry::metrics::noop::NoopMeterProvider;
use opentelemetry::trace::noop::NoopTracerProvider;
use throughline_llm_layer::LlmLayer;
use throughline_propagation::W3cPropagator;
use throughline_tracing_layer::ClientLayer;
use tower_layer::Layer;

use super::{Row, Section};
use throughline_bench_workload::{Trivial, calls};

pub(super) fn section() -> Section {
    let client = ClientLayer::new()
        .with_propagator(W3cPropagator::new())
        .with_tracer_provider(NoopTracerProvider::new())
        .with_meter_provider(NoopMeterProvider::new());
    let model = LlmLayer::new()
        .with_tracer_provider(NoopTracerProvider::new())
        .with_meter_provider(NoopMeterProvider::new());
    let ours = || model.layer(client.layer(Trivial));
    Section {
        title: "Model call, telemetry off",
        rows: vec![
            Row::new("the service alone", calls(Trivial, short)),
            Row::new("LlmLayer + ClientLayer, prompt of 1 KiB", calls(ours(), short)),
            Row::new("the service alone, prompt of 256 KiB", calls(Trivial, long)),
            Row::new("LlmLayer + ClientLayer, prompt of 256 KiB", calls(ours(), long)),
        ],
    }
}

fn short(_: usize) -> Request<Full<Bytes>> {
    static BODY: LazyLock<Bytes> = LazyLock::new(|| body(1024));
    request(&BODY)
}

fn long(_: usize) -> Request<Full<Bytes>> {
    static BODY: LazyLock<Bytes> = LazyLock::new(|| body(256 * 1024));
    request(&BODY)
}

/// A request of the chat completions API, whose prompt has this length in bytes.
fn body(length: usize) -> Bytes {
    let prompt = "A prompt. ".repeat(length.div_ceil(10));
    let prompt = &prompt[..length];
    format!(r#"{{"model":"gpt-4o","messages":[{{"role":"user","content":"{prompt}"}}]}}"#).into()
}

fn request(body: &Bytes) -> Request<Full<Bytes>> {
    Request::post("https://api.openai.com/v1/chat/completions")
        .header("authorization", "Bearer sk-not-a-key")
        .header("content-type", "application/json")
        .header("accept", "application/json")
        .header("user-agent", "bench/1.0")
        .body(Full::new(body.clone()))
        .expect("a request")
}
