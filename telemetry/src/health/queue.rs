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
    self, BatchLogProcessor, LogExporter, LogProcessor, LoggerProviderBuilder, SdkLogRecord,
};
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{MeterProviderBuilder, PeriodicReader};
use opentelemetry_sdk::trace::{
    BatchSpanProcessor, Span, SpanData, SpanExporter, SpanProcessor, TracerProviderBuilder,
};

use super::{Health, Watch, say};
use crate::config::BatchLimits;
use crate::signal::Signal;

impl Watch {
    /// Adds an exporter that gets spans in batches, from a bounded queue.
    pub(crate) fn spans(
        &self,
        builder: TracerProviderBuilder,
        exporter: impl SpanExporter + 'static,
    ) -> TracerProviderBuilder {
        let batches = BatchSpanProcessor::builder(self.over(exporter));
        let batches = batches.with_batch_config(self.span_batches().build());
        let limits = *self.sdk.batches.of(Signal::Traces);
        self.process(builder, Bounded::new(batches.build(), &self.health, limits))
    }

    /// Adds an exporter that gets log records in batches, from a bounded queue.
    pub(crate) fn logs(
        &self,
        builder: LoggerProviderBuilder,
        exporter: impl LogExporter + 'static,
    ) -> LoggerProviderBuilder {
        let limits = *self.sdk.batches.of(Signal::Logs);
        // Each value is set, so that none is read from the environment.
        let config = logs::BatchConfigBuilder::default()
            .with_max_queue_size(limits.max_queue_size)
            .with_max_export_batch_size(limits.max_export_batch_size())
            .with_scheduled_delay(limits.schedule_delay);
        let batches = BatchLogProcessor::builder(self.over(exporter)).with_batch_config(config.build());
        builder.with_log_processor(Bounded::new(batches.build(), &self.health, limits))
    }

    /// Adds an exporter that gets all metrics at an interval.
    pub(crate) fn metrics(
        &self,
        builder: MeterProviderBuilder,
        exporter: impl PushMetricExporter,
    ) -> MeterProviderBuilder {
        let reader = PeriodicReader::builder(self.over(exporter)).with_interval(self.sdk.metric_interval);
        builder.with_reader(reader.build())
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
    /// The bound is that of the processor's queue.
    fn new(next: P, health: &Arc<Health>, limits: BatchLimits) -> Self {
        Self {
            next,
            health: Arc::clone(health),
            most: limits.max_queue_size,
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
