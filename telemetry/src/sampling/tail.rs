//! Tail sampling: exports unsampled traces that are slow or have an error.
//!
//! Ended spans of an unsampled trace are held until the trace has no open span in this process. Then the
//! whole trace is exported or dropped by the rule. Memory is bounded in spans, traces and bytes. Beyond a
//! limit, the oldest trace is dropped, because it is the least likely to end soon.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry::trace::{Span as _, SpanContext, SpanId, Status, TraceId};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};

use crate::config::TailRule;
use crate::size::span_bytes;

/// Holds the ended spans of unsampled traces until the trace has no open span.
#[derive(Debug)]
pub(crate) struct TailProcessor<P> {
    next: P,
    rule: TailRule,
    limits: TailLimits,
    held: Mutex<HeldTraces>,
}

/// The limits of the held traces.
#[derive(Debug, Clone, Copy)]
struct TailLimits {
    spans: usize,
    bytes: usize,
}

/// The held traces, the oldest first.
#[derive(Debug, Default)]
struct HeldTraces {
    traces: HashMap<TraceId, HeldTrace>,
    order: VecDeque<TraceId>,
    spans: usize,
    bytes: usize,
}

#[derive(Debug, Default)]
struct HeldTrace {
    open: usize,
    spans: Vec<SpanData>,
    bytes: usize,
}

impl<P: SpanProcessor> TailProcessor<P> {
    /// Creates a processor that holds at most the number of spans of the rule, and at most `max_bytes`.
    pub(crate) fn new(next: P, rule: TailRule, max_bytes: usize) -> Self {
        Self {
            next,
            limits: TailLimits {
                spans: rule.max_spans,
                bytes: max_bytes,
            },
            rule,
            held: Mutex::default(),
        }
    }

    fn is_exported(&self, span: &SpanData) -> bool {
        let is_local_root = span.parent_span_id == SpanId::INVALID || span.parent_span_is_remote;
        let lasted = span.end_time.duration_since(span.start_time).unwrap_or_default();
        let is_slow = is_local_root && self.rule.slower_than.is_some_and(|limit| lasted >= limit);
        is_slow || (self.rule.errors && matches!(span.status, Status::Error { .. }))
    }
}

impl HeldTraces {
    /// Counts a span that starts. Beyond the limit of traces, the oldest is dropped.
    fn start(&mut self, trace: TraceId, limits: TailLimits) {
        if !self.traces.contains_key(&trace) {
            self.order.push_back(trace);
            self.make_room(TailLimits {
                spans: limits.spans.saturating_sub(1),
                ..limits
            });
        }
        self.traces.entry(trace).or_default().open += 1;
    }

    /// Adds an ended span, and returns the spans of its trace if it was the last open one.
    fn end(&mut self, span: SpanData, limits: TailLimits) -> Option<Vec<SpanData>> {
        let id = span.span_context.trace_id();
        let trace = self.traces.get_mut(&id)?;
        trace.open = trace.open.saturating_sub(1);
        let bytes = span_bytes(&span);
        trace.spans.push(span);
        trace.bytes += bytes;
        self.spans += 1;
        self.bytes += bytes;
        if trace.open > 0 {
            self.make_room(limits);
            return None;
        }
        self.order.retain(|other| *other != id);
        self.remove(id)
    }

    fn make_room(&mut self, limits: TailLimits) {
        while self.spans > limits.spans || self.traces.len() > limits.spans || self.bytes > limits.bytes {
            let Some(oldest) = self.order.pop_front() else {
                return;
            };
            self.remove(oldest);
        }
    }

    fn remove(&mut self, id: TraceId) -> Option<Vec<SpanData>> {
        let HeldTrace { spans, bytes, .. } = self.traces.remove(&id)?;
        self.spans -= spans.len();
        self.bytes -= bytes;
        Some(spans)
    }
}

#[deny(clippy::missing_trait_methods)]
impl<P: SpanProcessor> SpanProcessor for TailProcessor<P> {
    fn on_start(&self, span: &mut Span, cx: &Context) {
        let context = span.span_context();
        if !context.is_sampled() {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            held.start(context.trace_id(), self.limits);
        }
        self.next.on_start(span, cx);
    }

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() {
            return self.next.on_end(span);
        }
        let ended = self
            .held
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .end(span, self.limits);
        let Some(spans) = ended else { return };
        if spans.iter().any(|span| self.is_exported(span)) {
            spans
                .into_iter()
                .map(sampled)
                .for_each(|span| self.next.on_end(span));
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.next.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.next.shutdown_with_timeout(timeout)
    }

    fn shutdown(&self) -> OTelSdkResult {
        self.next.shutdown()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.next.set_resource(resource);
    }
}

/// Sets the sampled flag, because exporters ignore unsampled spans.
fn sampled(mut span: SpanData) -> SpanData {
    let context = &span.span_context;
    span.span_context = SpanContext::new(
        context.trace_id(),
        context.span_id(),
        context.trace_flags().with_sampled(true),
        context.is_remote(),
        context.trace_state().clone(),
    );
    span
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use opentelemetry::trace::{SpanBuilder, TraceContextExt, Tracer, TracerProvider};
    use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracer, SdkTracerProvider, SimpleSpanProcessor};

    use super::*;
    use crate::config::TelemetryConfig;
    use crate::sampling::sampler;

    fn tracer(rate: f64, rule: TailRule) -> (SdkTracer, InMemorySpanExporter) {
        tracer_holding(rate, rule, usize::MAX)
    }

    fn tracer_holding(rate: f64, rule: TailRule, max_bytes: usize) -> (SdkTracer, InMemorySpanExporter) {
        let exporter = InMemorySpanExporter::default();
        let next = SimpleSpanProcessor::new(exporter.clone());
        let processor = TailProcessor::new(next, rule.clone(), max_bytes);
        let config = TelemetryConfig::default()
            .with_sampling_rate(rate)
            .with_tail(rule);
        let provider = SdkTracerProvider::builder()
            .with_sampler(sampler(&config))
            .with_span_processor(processor);
        (provider.build().tracer("test"), exporter)
    }

    /// Records a root of this duration, with a child that may fail.
    fn trace(tracer: &SdkTracer, name: &'static str, millis: u64, is_failing: bool) {
        let start = SystemTime::UNIX_EPOCH;
        let root = tracer.build(SpanBuilder::from_name(name).with_start_time(start));
        let cx = Context::new().with_span(root);
        let mut child = tracer.start_with_context("child", &cx);
        if is_failing {
            child.set_status(Status::error("broken"));
        }
        child.end();
        cx.span()
            .end_with_timestamp(start + Duration::from_millis(millis));
    }

    fn names(exporter: &InMemorySpanExporter) -> Vec<String> {
        let spans = exporter.get_finished_spans().expect("spans");
        assert!(
            spans.iter().all(|span| span.span_context.is_sampled()),
            "what is exported is sampled"
        );
        spans.into_iter().map(|span| span.name.into_owned()).collect()
    }

    #[test]
    fn errors_and_slow_traces_are_kept_whole() {
        let rule = TailRule::default().with_slower_than(Duration::from_millis(500));
        let (tracer, exporter) = tracer(0.0, rule);
        trace(&tracer, "quick", 10, false);
        trace(&tracer, "failed", 10, true);
        trace(&tracer, "slow", 500, false);
        assert_eq!(
            names(&exporter),
            ["child", "failed", "child", "slow"],
            "the exported traces"
        );
    }

    #[test]
    fn a_sampled_trace_is_not_held() {
        let (tracer, exporter) = tracer(1.0, TailRule::default());
        trace(&tracer, "quick", 10, false);
        assert_eq!(names(&exporter), ["child", "quick"], "all of it");
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_trace_is_dropped() {
        let (tracer, exporter) = tracer(0.0, TailRule::default().with_max_spans(3));
        let roots: Vec<Context> = (0..3)
            .map(|_| Context::new().with_span(tracer.start("root")))
            .collect();
        for cx in &roots {
            for _ in 0..2 {
                let mut child = tracer.start_with_context("child", cx);
                child.set_status(Status::error("broken"));
                child.end();
            }
        }
        roots.iter().for_each(|cx| cx.span().end());
        assert_eq!(names(&exporter), ["child", "child", "root"], "the newest, whole");
    }

    /// The bound used to be in spans only, however large they are.
    #[test]
    fn memory_is_bounded_in_bytes_too() {
        let (tracer, exporter) = tracer_holding(0.0, TailRule::default(), 250_000);
        let roots: Vec<Context> = (0..3)
            .map(|_| Context::new().with_span(tracer.start("root")))
            .collect();
        for cx in &roots {
            let mut child = tracer.start_with_context("child", cx);
            child.set_attribute(opentelemetry::KeyValue::new("text", "x".repeat(100_000)));
            child.set_status(Status::error("broken"));
            child.end();
        }
        roots.iter().for_each(|cx| cx.span().end());
        assert_eq!(
            names(&exporter),
            ["child", "root", "child", "root"],
            "the two newest, whole"
        );
        trace(&tracer, "later", 10, true);
        assert_eq!(names(&exporter).len(), 6, "bytes are free again");
    }
}
