//! Hand-written traces with fixed ids and times, for the tests of the console.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{Event, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue, Value};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};

use super::row::SpanRow;
use super::trace::Trace;

pub(super) const TRACE: TraceId = TraceId::from_bytes([
    0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6, 0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36,
]);

/// Spans in the order of their ids, which count from 1.
#[derive(Debug, Default)]
pub(super) struct Fixture(pub(super) Vec<SpanData>, Vec<Arc<str>>);

impl Fixture {
    /// Adds a span. Times are in microseconds since the start of the trace; parent 0 means no parent.
    pub(super) fn span(
        mut self,
        parent: u64,
        name: &'static str,
        kind: SpanKind,
        from: u64,
        to: u64,
    ) -> Self {
        let at = |micros| SystemTime::UNIX_EPOCH + Duration::from_micros(1_000_000_000 + micros);
        let id = SpanId::from(self.0.len() as u64 + 1);
        self.0.push(SpanData {
            span_context: SpanContext::new(TRACE, id, TraceFlags::SAMPLED, false, TraceState::NONE),
            parent_span_id: SpanId::from(parent),
            parent_span_is_remote: false,
            span_kind: kind,
            name: name.into(),
            start_time: at(from),
            end_time: at(to),
            attributes: Vec::new(),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: Status::Unset,
            instrumentation_scope: InstrumentationScope::default(),
        });
        self
    }

    /// Sets the service of the last span and of following spans.
    pub(super) fn service(mut self, service: &str) -> Self {
        self.1
            .resize(self.0.len(), self.1.last().cloned().unwrap_or_default());
        if let Some(last) = self.1.last_mut() {
            *last = service.into();
        }
        self
    }

    /// Adds an attribute to the last span.
    pub(super) fn with(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        self.last().attributes.push(KeyValue::new(key, value));
        self
    }

    /// Sets an error status on the last span.
    pub(super) fn failing(mut self, kind: &'static str, description: &'static str) -> Self {
        self.last().status = Status::error(description);
        self.with("error.type", kind)
    }

    /// Adds an exception event to the last span.
    pub(super) fn throwing(mut self, message: &'static str) -> Self {
        let attributes = vec![KeyValue::new("exception.message", message)];
        let event = Event::new("exception", SystemTime::UNIX_EPOCH, attributes, 0);
        self.last().events.events.push(event);
        self
    }

    pub(super) fn trace(&self) -> Trace {
        self.trace_with(false)
    }

    /// Returns the trace with or without details.
    pub(super) fn trace_with(&self, has_details: bool) -> Trace {
        let mut trace = Trace::new(TRACE);
        let last = self.1.last().cloned().unwrap_or_default();
        let services = self.1.iter().chain(std::iter::repeat(&last));
        for (span, service) in self.0.iter().zip(services) {
            trace.push(SpanRow::new(span, service, has_details));
        }
        trace
    }

    fn last(&mut self) -> &mut SpanData {
        self.0.last_mut().expect("a span")
    }
}

/// A task of TaskWeaver's roles: one successful call, one with estimated tokens, and one rejected and
/// retried.
pub(super) fn task() -> Fixture {
    Fixture::default()
        .span(0, "POST /task", SpanKind::Server, 0, 1_420_000)
        .span(1, "invoke_agent Planner", SpanKind::Internal, 4_000, 1_416_000)
        .with("gen_ai.operation.name", "invoke_agent")
        .with("gen_ai.agent.name", "Planner")
        .span(2, "chat gpt-4o", SpanKind::Client, 6_000, 420_000)
        .with("gen_ai.operation.name", "chat")
        .with("gen_ai.request.model", "gpt-4o")
        .with("gen_ai.response.model", "gpt-4o")
        .with("gen_ai.usage.input_tokens", 57)
        .with("gen_ai.usage.output_tokens", 24)
        .with("gen_ai.usage.cache_read.input_tokens", 40)
        .span(3, "POST", SpanKind::Client, 7_000, 400_000)
        .span(
            2,
            "invoke_agent CodeInterpreter",
            SpanKind::Internal,
            424_000,
            1_410_000,
        )
        .with("gen_ai.agent.name", "CodeInterpreter")
        .span(
            5,
            "invoke_agent CodeGenerator",
            SpanKind::Internal,
            425_000,
            1_180_000,
        )
        .with("gen_ai.agent.name", "CodeGenerator")
        .span(6, "chat gpt-4o", SpanKind::Client, 426_000, 1_178_000)
        .with("gen_ai.operation.name", "chat")
        .with("gen_ai.request.model", "gpt-4o")
        .with("gen_ai.usage.input_tokens", 210)
        .with("gen_ai.usage.output_tokens", 96)
        .with("throughline.tokens.source", "estimated")
        .span(7, "POST", SpanKind::Client, 427_000, 520_000)
        .failing("429", "Too many requests")
        .span(7, "POST", SpanKind::Client, 620_000, 700_000)
        .span(
            5,
            "execute_tool run_code",
            SpanKind::Internal,
            1_182_000,
            1_408_000,
        )
}

/// A service that answers a question: a model without usage, a retried request, queries in a loop and a gRPC
/// call that fails.
pub(super) fn shop() -> Fixture {
    let mut shop = Fixture::default()
        .span(0, "POST /chat", SpanKind::Server, 0, 2_000_000)
        .with("http.response.status_code", 200)
        .span(1, "chat llama3.2", SpanKind::Client, 10_000, 900_000)
        .with("gen_ai.operation.name", "chat")
        .with("gen_ai.request.model", "llama3.2")
        .with("throughline.tokens.input", 210)
        .with("throughline.tokens.output", 96)
        .with("throughline.tokens.source", "estimated")
        .with("gen_ai.input.messages", r#"[{"role":"user","parts":[{"type":"text","content":"Which product sold most, and how many of it were sent back?"}]}]"#)
        .span(2, "POST", SpanKind::Client, 11_000, 300_000)
        .with("url.full", "http://127.0.0.1:11434/api/chat?key=REDACTED")
        .with("http.response.status_code", 503)
        .failing("503", "")
        .span(2, "POST", SpanKind::Client, 400_000, 890_000)
        .with("url.full", "http://127.0.0.1:11434/api/chat")
        .with("http.response.status_code", 200)
        .span(1, "chat gpt-4o", SpanKind::Client, 900_000, 1_400_000)
        .with("gen_ai.operation.name", "chat")
        .with("gen_ai.response.model", "gpt-4o-2024-08-06")
        .with("gen_ai.usage.input_tokens", 57)
        .with("gen_ai.usage.output_tokens", 24)
        .with("throughline.cost", 0.0012)
        .span(1, "execute_tool lookup", SpanKind::Internal, 1_400_000, 1_900_000);
    for query in 0..990 {
        let start = 1_401_000 + query * 450;
        shop = shop.span(6, "SELECT products", SpanKind::Client, start, start + 400);
    }
    shop.span(6, "shop.Stock/Reserve", SpanKind::Client, 1_860_000, 1_890_000)
        .with("rpc.system.name", "grpc")
        .with("rpc.response.status_code", "NOT_FOUND")
        .with("server.address", "stock.internal")
        .with("server.port", 50051)
        .failing("NOT_FOUND", "")
}
