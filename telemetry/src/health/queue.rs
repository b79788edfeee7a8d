//! Bounds the queue between a program and its exporter, in items and in bytes. Items beyond a limit are
//! dropped, counted and reported.
//!
//! The SDK's batch processors also drop items, but do not publish their count, and have no limit in bytes.
//! This processor admits only as many items as their queue holds, so they never drop any. A slot is released
//! when a batch is taken from the queue. The bytes are released when the batch is exported, because the
//! exporter holds them until then.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

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

use super::{DeliveryMonitor, Health};
use crate::size::{record_bytes, span_bytes};

impl DeliveryMonitor {
    /// Adds an exporter of spans behind a bounded queue.
    pub(crate) fn spans(
        &self,
        builder: TracerProviderBuilder,
        exporter: impl SpanExporter + 'static,
    ) -> TracerProviderBuilder {
        let batches = BatchSpanProcessor::builder(self.monitored(exporter));
        let batches = batches.with_batch_config(self.span_batches().build());
        self.process(builder, BoundedProcessor::new(batches.build(), self))
    }

    /// Adds an exporter of log records behind a bounded queue.
    pub(crate) fn logs(
        &self,
        builder: LoggerProviderBuilder,
        exporter: impl LogExporter + 'static,
    ) -> LoggerProviderBuilder {
        // All values are set, so that the SDK reads none from the environment.
        let config = logs::BatchConfigBuilder::default()
            .with_max_queue_size(self.batches.max_queue_size)
            .with_max_export_batch_size(self.batches.max_export_batch_size)
            .with_scheduled_delay(self.batches.interval);
        let batches = BatchLogProcessor::builder(self.monitored(exporter)).with_batch_config(config.build());
        builder.with_log_processor(BoundedProcessor::new(batches.build(), self))
    }

    /// Adds an exporter that collects all metrics at an interval.
    pub(crate) fn metrics(
        &self,
        builder: MeterProviderBuilder,
        exporter: impl PushMetricExporter,
    ) -> MeterProviderBuilder {
        let reader = PeriodicReader::builder(self.monitored(exporter)).with_interval(self.batches.interval);
        builder.with_reader(reader.build())
    }
}

impl Health {
    /// Reserves a slot and bytes, or counts the item as dropped.
    pub(super) fn enter(&self, limits: QueueLimits, bytes: usize) -> bool {
        if self.queued.fetch_add(1, Ordering::Relaxed) >= limits.items {
            self.queued.fetch_sub(1, Ordering::Relaxed);
            self.dropped(limits.items);
            return false;
        }
        let before = self.queued_bytes.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > limits.bytes {
            self.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
            self.queued.fetch_sub(1, Ordering::Relaxed);
            self.dropped_for_bytes(limits.bytes);
            return false;
        }
        true
    }

    /// Releases slots.
    pub(super) fn release_slots(&self, count: usize) {
        release(&self.queued, count);
    }

    /// Releases bytes.
    pub(super) fn release_bytes(&self, bytes: usize) {
        release(&self.queued_bytes, bytes);
    }

    fn dropped(&self, limit: usize) {
        self.counters.dropped.fetch_add(1, Ordering::Relaxed);
        let due = self.messages().dropped.add(Instant::now(), 1);
        if let Some(count) = due {
            let (items, destination) = (self.signal.items(), &self.destination);
            self.warn(format_args!(
                "{items} are recorded faster than {destination} accepts them: {count} were dropped because the \
                 queue of {limit} was full"
            ));
        }
    }

    fn dropped_for_bytes(&self, limit: usize) {
        self.counters.dropped_for_bytes.fetch_add(1, Ordering::Relaxed);
        let due = self.messages().dropped_for_bytes.add(Instant::now(), 1);
        if let Some(count) = due {
            let (items, destination) = (self.signal.items(), &self.destination);
            self.warn(format_args!(
                "{items} exceed the memory limit of the queue for {destination}: {count} were dropped because the queue \
                 of {limit} bytes (max_queue_bytes) was full"
            ));
        }
    }
}

fn release(count: &AtomicUsize, released: usize) {
    let release = |count: usize| Some(count.saturating_sub(released));
    let _ = count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, release);
}

/// The limits of a queue.
#[derive(Debug, Clone, Copy)]
pub(super) struct QueueLimits {
    pub(super) items: usize,
    pub(super) bytes: usize,
}

/// A batch processor that receives no more than its queue holds.
#[derive(Debug)]
struct BoundedProcessor<P> {
    next: P,
    health: Arc<Health>,
    limits: QueueLimits,
}

impl<P> BoundedProcessor<P> {
    /// The item limit is the size of the processor's queue.
    fn new(next: P, monitor: &DeliveryMonitor) -> Self {
        Self {
            next,
            health: Arc::clone(&monitor.health),
            limits: QueueLimits {
                items: monitor.batches.max_queue_size,
                bytes: monitor.max_queue_bytes,
            },
        }
    }
}

#[deny(clippy::missing_trait_methods)]
impl<P: SpanProcessor> SpanProcessor for BoundedProcessor<P> {
    fn on_start(&self, span: &mut Span, cx: &Context) {
        self.next.on_start(span, cx);
    }

    fn on_end(&self, span: SpanData) {
        // Batch processors ignore unsampled spans, so these need no slot.
        if span.span_context.is_sampled() && self.health.enter(self.limits, span_bytes(&span)) {
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
impl<P: LogProcessor> LogProcessor for BoundedProcessor<P> {
    fn emit(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) {
        if self.health.enter(self.limits, record_bytes(record)) {
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
