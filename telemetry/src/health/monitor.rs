//! Wraps every exporter: counts deliveries, bounds the queue and truncates long values.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use opentelemetry::logs::Severity;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogBatch, LogExporter};
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, Metric, MetricData, ResourceMetrics};
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, SpanData, SpanExporter, SpanProcessor, TracerProviderBuilder,
};

use super::Health;
use super::report::{BatchOutcome, BatchReporter};
use crate::config::{BatchLimits, TailRule, TelemetryConfig};
use crate::limit::truncate_values;
use crate::sampling::TailProcessor;
use crate::size::{record_bytes, span_bytes};

/// Monitors the deliveries of one exporter.
#[derive(Debug, Clone)]
pub(crate) struct DeliveryMonitor {
    pub(super) health: Arc<Health>,
    pub(super) max_queue_bytes: usize,
    pub(super) batches: BatchLimits,
    max_value_chars: Option<usize>,
    tail: Option<TailRule>,
    reporter: BatchReporter,
    ended: Arc<ExporterEnd>,
}

impl DeliveryMonitor {
    pub(crate) fn new(health: Arc<Health>, config: &TelemetryConfig) -> Self {
        Self {
            max_value_chars: config.attribute_value_length_limit,
            tail: config.tail.clone(),
            max_queue_bytes: config.max_queue_bytes,
            batches: config.batches(health.signal),
            reporter: BatchReporter::new(Arc::clone(&health)),
            ended: Arc::default(),
            health,
        }
    }

    /// Returns a monitor whose batches and collections wait at most this long.
    #[cfg(feature = "viewer")]
    #[must_use]
    pub(crate) fn with_max_delay(mut self, delay: Duration) -> Self {
        self.batches.interval = self.batches.interval.min(delay);
        self
    }

    #[cfg(feature = "prometheus")]
    pub(crate) fn health(&self) -> Arc<Health> {
        Arc::clone(&self.health)
    }

    /// Returns the batch settings of spans. All values are set, so that the SDK reads none from the
    /// environment.
    pub(crate) fn span_batches(&self) -> BatchConfigBuilder {
        BatchConfigBuilder::default()
            .with_max_queue_size(self.batches.max_queue_size)
            .with_max_export_batch_size(self.batches.max_export_batch_size)
            .with_scheduled_delay(self.batches.interval)
    }

    /// Returns the reporter for details that an exporter's result cannot express.
    #[cfg_attr(
        not(any(feature = "otlp-grpc", feature = "otlp-http")),
        expect(dead_code, reason = "other exporters report everything in their result")
    )]
    pub(crate) fn reporter(&self) -> BatchReporter {
        self.reporter.clone()
    }

    /// Returns a flag that is set when the exporter has ended.
    pub(crate) fn ended(&self) -> Arc<ExporterEnd> {
        Arc::clone(&self.ended)
    }

    /// Adds a processor, after tail sampling if it is configured.
    pub(crate) fn process(
        &self,
        builder: TracerProviderBuilder,
        processor: impl SpanProcessor + 'static,
    ) -> TracerProviderBuilder {
        match &self.tail {
            Some(rule) => {
                builder.with_span_processor(TailProcessor::new(processor, rule.clone(), self.max_queue_bytes))
            }
            None => builder.with_span_processor(processor),
        }
    }

    /// Truncates the long values of a span.
    pub(super) fn truncate(&self, span: &mut SpanData) {
        if let Some(max_value_chars) = self.max_value_chars {
            truncate_values(span, max_value_chars);
        }
    }

    fn record_items(&self, count: usize, result: &OTelSdkResult) {
        let outcome = BatchOutcome::items(count as u64, result, self.reporter.take());
        self.health.add(outcome);
    }

    pub(crate) fn monitored<E>(&self, inner: E) -> Monitored<E> {
        Monitored {
            inner,
            monitor: self.clone(),
        }
    }
}

/// An exporter whose deliveries are counted and whose long values are truncated.
#[derive(Debug)]
pub(crate) struct Monitored<E> {
    inner: E,
    monitor: DeliveryMonitor,
}

#[deny(clippy::missing_trait_methods)]
impl<E: SpanExporter> SpanExporter for Monitored<E> {
    async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len();
        let bytes = batch.iter().map(span_bytes).sum();
        self.monitor.health.release_slots(count);
        batch.iter_mut().for_each(|span| self.monitor.truncate(span));
        let result = self.inner.export(batch).await;
        self.monitor.health.release_bytes(bytes);
        self.monitor.record_items(count, &result);
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn shutdown(&self) -> OTelSdkResult {
        self.inner.shutdown()
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

#[deny(clippy::missing_trait_methods)]
impl<E: LogExporter> LogExporter for Monitored<E> {
    async fn export(&self, batch: LogBatch<'_>) -> OTelSdkResult {
        let (mut count, mut bytes) = (0, 0);
        for (record, _) in batch.iter() {
            count += 1;
            bytes += record_bytes(record);
        }
        self.monitor.health.release_slots(count);
        let result = self.inner.export(batch).await;
        self.monitor.health.release_bytes(bytes);
        self.monitor.record_items(count, &result);
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn shutdown(&self) -> OTelSdkResult {
        self.inner.shutdown()
    }

    fn event_enabled(&self, level: Severity, target: &str, name: Option<&str>) -> bool {
        self.inner.event_enabled(level, target, name)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

#[deny(clippy::missing_trait_methods)]
impl<E: PushMetricExporter> PushMetricExporter for Monitored<E> {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let result = self.inner.export(metrics).await;
        let outcome = BatchOutcome::collection(&result, self.monitor.reporter.take());
        let points = metrics
            .scope_metrics()
            .flat_map(|scope| scope.metrics())
            .map(points);
        self.monitor.health.add_points(points.sum(), outcome.lost > 0);
        self.monitor.health.add(outcome);
        result
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        let result = self.inner.shutdown_with_timeout(timeout);
        self.monitor.ended.set();
        result
    }

    fn shutdown(&self) -> OTelSdkResult {
        let result = self.inner.shutdown();
        self.monitor.ended.set();
        result
    }

    fn temporality(&self) -> Temporality {
        self.inner.temporality()
    }
}

/// The number of data points of a metric.
fn points(metric: &Metric) -> usize {
    fn count<T>(data: &MetricData<T>) -> usize {
        match data {
            MetricData::Gauge(gauge) => gauge.data_points().count(),
            MetricData::Sum(sum) => sum.data_points().count(),
            MetricData::Histogram(histogram) => histogram.data_points().count(),
            MetricData::ExponentialHistogram(histogram) => histogram.data_points().count(),
        }
    }
    match metric.data() {
        AggregatedMetrics::F64(data) => count(data),
        AggregatedMetrics::U64(data) => count(data),
        AggregatedMetrics::I64(data) => count(data),
    }
}

/// Whether an exporter has ended. The shutdown of a periodic reader waits at most 5 seconds for it.
#[derive(Debug, Default)]
pub(crate) struct ExporterEnd {
    is_set: Mutex<bool>,
    change: Condvar,
}

impl ExporterEnd {
    fn set(&self) {
        *self.is_set.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.change.notify_all();
    }

    /// Waits until the exporter has ended, and returns whether it has.
    pub(crate) fn wait(&self, timeout: Duration) -> bool {
        let is_set = self.is_set.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.change.wait_timeout_while(is_set, timeout, |is_set| !*is_set);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}
