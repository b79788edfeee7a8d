//! A model call recorded with the raw OpenTelemetry API in straight-line code, for comparison: the spans and
//! the metrics that `LlmLayer` and `ClientLayer` record for this call, from a request and an answer that
//! serde_json reads into borrowed fields.

use std::time::Instant;

use bytes::Bytes;
use http::Request;
use opentelemetry::metrics::{Counter, Histogram, Meter, MeterProvider};
use opentelemetry::trace::{SpanBuilder, SpanKind, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Array, Context, KeyValue, StringValue, Value};
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use serde::Deserialize;
use throughline_bench_workload::traceparent;

/// The spans and instruments of a model call.
pub(crate) struct Floor {
    tracer: SdkTracer,
    duration: Histogram<f64>,
    tokens: [Histogram<u64>; 2],
    used: [Counter<u64>; 4],
    prompt_size: Counter<u64>,
    client: Histogram<f64>,
}

#[derive(Deserialize)]
struct ChatRequest<'a> {
    model: &'a str,
    stream: Option<bool>,
}

#[derive(Deserialize)]
struct ChatAnswer<'a> {
    id: &'a str,
    model: &'a str,
    #[serde(borrow)]
    choices: Vec<Choice<'a>>,
    usage: Usage,
    service_tier: &'a str,
}

#[derive(Deserialize)]
struct Choice<'a> {
    finish_reason: &'a str,
}

#[derive(Deserialize)]
struct Usage {
    prompt_tokens: u64,
    completion_tokens: u64,
    prompt_tokens_details: Cached,
    completion_tokens_details: Reasoning,
}

#[derive(Deserialize)]
struct Cached {
    cached_tokens: u64,
}

#[derive(Deserialize)]
struct Reasoning {
    reasoning_tokens: u64,
}

impl Floor {
    pub(crate) fn new(tracers: &SdkTracerProvider, meters: &SdkMeterProvider) -> Self {
        let meter: Meter = meters.meter("floor");
        let counter = |name: &'static str| meter.u64_counter(name).build();
        let tokens = |name: &'static str| meter.u64_histogram(name).build();
        Self {
            tracer: tracers.tracer("floor"),
            duration: meter.f64_histogram("gen_ai.client.inference.duration").build(),
            tokens: [
                tokens("gen_ai.client.inference.operation.input_tokens"),
                tokens("gen_ai.client.inference.operation.output_tokens"),
            ],
            used: [
                counter("gen_ai.client.inference.usage.input_tokens"),
                counter("gen_ai.client.inference.usage.output_tokens"),
                counter("gen_ai.client.inference.usage.cache_read.input_tokens"),
                counter("gen_ai.client.inference.usage.reasoning.output_tokens"),
            ],
            prompt_size: counter("prompt_size"),
            client: meter.f64_histogram("http.client.request.duration").build(),
        }
    }

    /// Records a call. `send` sends the request and returns the answer.
    pub(crate) fn call<B>(
        &self,
        body: &Bytes,
        mut request: Request<B>,
        send: impl FnOnce(Request<B>) -> Bytes,
    ) {
        let began = Instant::now();
        let asked: ChatRequest<'_> = serde_json::from_slice(body).expect("a request");
        let model = StringValue::from(asked.model.to_owned());
        assert_ne!(asked.stream, Some(true), "not a stream");
        let parent = Context::current();
        let builder = SpanBuilder::from_name(format!("chat {}", asked.model))
            .with_kind(SpanKind::Client)
            .with_attributes(vec![
                KeyValue::new("gen_ai.operation.name", "chat"),
                KeyValue::new("gen_ai.provider.name", "openai"),
                KeyValue::new("gen_ai.request.model", model.clone()),
                KeyValue::new("openai.api.type", "chat_completions"),
                KeyValue::new("server.address", "127.0.0.1"),
                KeyValue::new("server.port", 8080),
            ]);
        let call = parent.with_span(self.tracer.build_with_context(builder, &parent));
        let builder = SpanBuilder::from_name("POST")
            .with_kind(SpanKind::Client)
            .with_attributes(vec![
                KeyValue::new("http.request.method", "POST"),
                KeyValue::new("server.address", "127.0.0.1"),
                KeyValue::new("server.port", 8080),
                KeyValue::new("url.full", "http://127.0.0.1:8080/v1/chat/completions"),
                KeyValue::new("network.protocol.version", "1.1"),
            ]);
        let attempt = call.with_span(self.tracer.build_with_context(builder, &call));
        if let Some(value) = traceparent(&attempt) {
            request.headers_mut().insert("traceparent", value);
        }
        let attached = attempt.clone().attach();
        let answer = send(request);
        drop(attached);
        attempt
            .span()
            .set_attribute(KeyValue::new("http.response.status_code", 200));
        let labels = [
            KeyValue::new("http.request.method", "POST"),
            KeyValue::new("server.address", "127.0.0.1"),
            KeyValue::new("server.port", 8080),
            KeyValue::new("network.protocol.version", "1.1"),
            KeyValue::new("http.response.status_code", 200),
        ];
        self.client.record(began.elapsed().as_secs_f64(), &labels);
        attempt.span().end();

        let answered: ChatAnswer<'_> = serde_json::from_slice(&answer).expect("an answer");
        let usage = &answered.usage;
        let reasons = answered
            .choices
            .iter()
            .map(|choice| choice.finish_reason.to_owned().into());
        let reasons = Value::Array(Array::String(reasons.collect()));
        let answering = StringValue::from(answered.model.to_owned());
        call.span().set_attributes([
            KeyValue::new("gen_ai.response.id", answered.id.to_owned()),
            KeyValue::new("gen_ai.response.model", answering.clone()),
            KeyValue::new("gen_ai.response.finish_reasons", reasons),
            KeyValue::new("gen_ai.usage.input_tokens", i64(usage.prompt_tokens)),
            KeyValue::new("gen_ai.usage.output_tokens", i64(usage.completion_tokens)),
            KeyValue::new("openai.response.service_tier", answered.service_tier.to_owned()),
            KeyValue::new("throughline.tokens.source", "reported"),
        ]);
        let labels = [
            KeyValue::new("gen_ai.operation.name", "chat"),
            KeyValue::new("gen_ai.provider.name", "openai"),
            KeyValue::new("gen_ai.request.model", model),
            KeyValue::new("server.address", "127.0.0.1"),
            KeyValue::new("server.port", 8080),
            KeyValue::new("gen_ai.response.model", answering),
            KeyValue::new("gen_ai.token.modality", "unknown"),
        ];
        let common = &labels[..6];
        self.duration.record(began.elapsed().as_secs_f64(), common);
        let counts = [
            usage.prompt_tokens,
            usage.completion_tokens,
            usage.prompt_tokens_details.cached_tokens,
            usage.completion_tokens_details.reasoning_tokens,
        ];
        for (histogram, count) in self.tokens.iter().zip(counts) {
            histogram.record(count, common);
        }
        for (counter, count) in self.used.iter().zip(counts) {
            counter.add(count, &labels);
        }
        for (direction, count) in ["input", "output"].into_iter().zip(counts) {
            self.prompt_size
                .add(count, &[KeyValue::new("direction", direction)]);
        }
        call.span().end();
    }
}

fn i64(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
