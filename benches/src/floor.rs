//! The minimum cost of telemetry: the raw API in straight-line code, without layer, future or body.

use std::time::Instant;

use http::header::{HOST, USER_AGENT};
use http::{HeaderValue, Request};
use opentelemetry::global::{BoxedTracer, ObjectSafeTracerProvider};
use opentelemetry::metrics::{Histogram, MeterProvider, UpDownCounter};
use opentelemetry::trace::{SpanBuilder, SpanKind, TraceContextExt, Tracer};
use opentelemetry::{Context, InstrumentationScope, KeyValue};
use throughline_propagation::TraceParent;

use crate::telemetry::Sdk;
use throughline_bench_workload::{Trivial, call, traceparent};

/// A tracer and instruments, and the extent of the recording.
pub(crate) struct Floor {
    tracer: BoxedTracer,
    duration: Histogram<f64>,
    request_size: Histogram<u64>,
    response_size: Histogram<u64>,
    active: UpDownCounter<i64>,
    extent: Extent,
}

/// The extent of the recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// A span with the attributes of the request.
    Span,
    /// The same, with the duration and the active requests.
    SpanAndMetrics,
    /// The same, with the sizes of both bodies.
    SpanMetricsAndSizes,
}

impl Floor {
    pub(crate) fn new(sdk: &Sdk, extent: Extent) -> Self {
        let scope = InstrumentationScope::builder("floor").build();
        let meter = sdk.meters.meter_with_scope(scope.clone());
        Self {
            tracer: BoxedTracer::new(sdk.tracers.boxed_tracer(scope)),
            duration: meter.f64_histogram("duration").build(),
            request_size: meter.u64_histogram("request.size").build(),
            response_size: meter.u64_histogram("response.size").build(),
            active: meter.i64_up_down_counter("active").build(),
            extent,
        }
    }

    /// Serves a request.
    pub(crate) fn serve<B>(&self, request: Request<B>) {
        let began = Instant::now();
        let parent = remote(&request);
        let attributes = vec![
            KeyValue::new("http.request.method", "GET"),
            KeyValue::new("url.scheme", "http"),
            KeyValue::new("url.path", request.uri().path().to_owned()),
            KeyValue::new("url.query", request.uri().query().unwrap_or_default().to_owned()),
            KeyValue::new("server.address", text(request.headers().get(HOST)).to_owned()),
            KeyValue::new(
                "user_agent.original",
                text(request.headers().get(USER_AGENT)).to_owned(),
            ),
            KeyValue::new("network.protocol.version", "1.1"),
            KeyValue::new("http.response.status_code", 200),
        ];
        let builder = SpanBuilder::from_name("GET")
            .with_kind(SpanKind::Server)
            .with_attributes(attributes);
        let context = parent.with_span(self.tracer.build_with_context(builder, &parent));
        let active = [
            KeyValue::new("http.request.method", "GET"),
            KeyValue::new("url.scheme", "http"),
        ];
        if self.extent != Extent::Span {
            self.active.add(1, &active);
        }
        let attached = context.clone().attach();
        call(&mut Trivial, request);
        drop(attached);
        if self.extent != Extent::Span {
            self.active.add(-1, &active);
            self.measure(began);
        }
        context.span().end();
    }

    fn measure(&self, began: Instant) {
        let labels = [
            KeyValue::new("http.request.method", "GET"),
            KeyValue::new("url.scheme", "http"),
            KeyValue::new("network.protocol.version", "1.1"),
            KeyValue::new("http.response.status_code", 200),
            KeyValue::new("server.port", 80),
        ];
        self.duration.record(began.elapsed().as_secs_f64(), &labels);
        if self.extent == Extent::SpanMetricsAndSizes {
            self.request_size.record(0, &labels);
            self.response_size.record(5, &labels);
        }
    }

    /// Sends a request.
    pub(crate) fn send<B>(&self, mut request: Request<B>) {
        let began = Instant::now();
        let attributes = vec![
            KeyValue::new("http.request.method", "GET"),
            KeyValue::new(
                "server.address",
                request.uri().host().unwrap_or_default().to_owned(),
            ),
            KeyValue::new("server.port", 80),
            KeyValue::new("url.full", request.uri().to_string()),
            KeyValue::new("network.protocol.version", "1.1"),
            KeyValue::new("http.response.status_code", 200),
        ];
        let parent = Context::current();
        let builder = SpanBuilder::from_name("GET")
            .with_kind(SpanKind::Client)
            .with_attributes(attributes);
        let context = parent.with_span(self.tracer.build_with_context(builder, &parent));
        if let Some(value) = traceparent(&context) {
            request.headers_mut().insert("traceparent", value);
        }
        let attached = context.clone().attach();
        call(&mut Trivial, request);
        drop(attached);
        self.measure(began);
        context.span().end();
    }
}

fn text(value: Option<&HeaderValue>) -> &str {
    value.and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn remote<B>(request: &Request<B>) -> Context {
    let value = request.headers().get("traceparent");
    match value.and_then(|value| TraceParent::parse(value.as_bytes()).ok()) {
        Some(parent) => Context::new().with_remote_span_context(parent.into()),
        None => Context::new(),
    }
}
