//! The bound between a program and its exporter: what finds no room is dropped at once, counted, and told.
//!
//! The SDK's batch processors drop too, and count for themselves only. They never have to here: no more is let in than
//! their queue holds.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use opentelemetry::logs::Severity;
use opentelemetry::{Context, InstrumentationScope};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{
    BatchLogProcessor, LogExporter, LogProcessor, LoggerProviderBuilder, SdkLogRecord,
};
use opentelemetry_sdk::trace::{
    BatchSpanProcessor, Span, SpanData, SpanExporter, SpanProcessor, TracerProviderBuilder,
};

use super::{Health, Watch, say};

impl Watch {
    /// Adds an exporter that gets spans in batches, from a bounded queue.
    pub(crate) fn spans(
        &self,
        builder: TracerProviderBuilder,
        exporter: impl SpanExporter + 'static,
    ) -> TracerProviderBuilder {
        let batches = BatchSpanProcessor::builder(self.over(exporter)).build();
        self.process(
            builder,
            Bounded::new(batches, &self.health, "OTEL_BSP_MAX_QUEUE_SIZE"),
        )
    }

    /// Adds an exporter that gets log records in batches, from a bounded queue.
    pub(crate) fn logs(
        &self,
        builder: LoggerProviderBuilder,
        exporter: impl LogExporter + 'static,
    ) -> LoggerProviderBuilder {
        let batches = BatchLogProcessor::builder(self.over(exporter)).build();
        builder.with_log_processor(Bounded::new(batches, &self.health, "OTEL_BLRP_MAX_QUEUE_SIZE"))
    }
}

impl Health {
    /// Takes a place among so many at most, or counts what is dropped for want of one.
    fn enter(&self, most: usize) -> bool {
        if self.queued.fetch_add(1, Ordering::Relaxed) < most {
            return true;
        }
        self.queued.fetch_sub(1, Ordering::Relaxed);
        self.dropped.fetch_add(1, Ordering::Relaxed);
        if !self.is_drop_said.swap(true, Ordering::Relaxed) {
            say(&format!(
                "{} are recorded faster than {} takes them: what finds no room in the queue of {most} is dropped (said once)",
                self.signal, self.destination
            ));
        }
        false
    }
}

/// A batch processor that is given no more than it has room for.
#[derive(Debug)]
struct Bounded<P> {
    next: P,
    health: Arc<Health>,
    most: usize,
}

impl<P> Bounded<P> {
    /// The bound is that of the processor: the variable it reads, or the specification's default.
    fn new(next: P, health: &Arc<Health>, variable: &str) -> Self {
        let set = std::env::var(variable).ok().and_then(|size| size.parse().ok());
        Self {
            next,
            health: Arc::clone(health),
            most: set.unwrap_or(DEFAULT),
        }
    }
}

#[deny(clippy::missing_trait_methods)]
impl<P: SpanProcessor> SpanProcessor for Bounded<P> {
    fn on_start(&self, span: &mut Span, cx: &Context) {
        self.next.on_start(span, cx);
    }

    fn on_end(&self, span: SpanData) {
        // A batch processor ignores spans that are not sampled: they take no room.
        if span.span_context.is_sampled() && self.health.enter(self.most) {
            self.next.on_end(span);
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

#[deny(clippy::missing_trait_methods)]
impl<P: LogProcessor> LogProcessor for Bounded<P> {
    fn emit(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) {
        if self.health.enter(self.most) {
            self.next.emit(record, scope);
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

    fn event_enabled(&self, level: Severity, target: &str, name: Option<&str>) -> bool {
        self.next.event_enabled(level, target, name)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.next.set_resource(resource);
    }
}

const DEFAULT: usize = 2048;
