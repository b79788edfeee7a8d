//! How delivery goes: what was delivered, what failed and why, said once in words when it begins to fail.

#[cfg_attr(
    not(any(feature = "file", feature = "otlp-grpc", feature = "otlp-http")),
    expect(dead_code, reason = "the console prints without a queue")
)]
mod queue;

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use opentelemetry::logs::Severity;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::logs::{LogBatch, LogExporter};
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::trace::{SpanData, SpanExporter, SpanProcessor, TracerProviderBuilder};
use throughline_propagation::redaction::redact;
use tracing::Level;

use crate::config::{TailRule, TelemetryConfig};
use crate::destination::Destination;
use crate::limit::cut;
use crate::probe::of_tls;
use crate::sampling::TailProcessor;
use crate::signal::Signal;

/// The deliveries of one signal.
#[derive(Debug)]
pub(crate) struct Health {
    signal: Signal,
    destination: Destination,
    delivered: AtomicU64,
    lost: AtomicU64,
    dropped: AtomicU64,
    queued: AtomicUsize,
    cause: Mutex<Option<String>>,
    failure: Mutex<Option<String>>,
    is_said: AtomicBool,
    is_drop_said: AtomicBool,
}

impl Health {
    pub(crate) fn new(signal: Signal, destination: Destination) -> Arc<Self> {
        Arc::new(Self {
            signal,
            destination,
            delivered: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            queued: AtomicUsize::new(0),
            cause: Mutex::default(),
            failure: Mutex::default(),
            is_said: AtomicBool::new(false),
            is_drop_said: AtomicBool::new(false),
        })
    }

    pub(crate) fn destination(&self) -> &Destination {
        &self.destination
    }

    /// Why the last failed delivery failed.
    pub(crate) fn failure(&self) -> Option<String> {
        self.failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The spans, log records or collections of metrics that an exporter took, and those that it failed to take.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (
            self.delivered.load(Ordering::Relaxed),
            self.lost.load(Ordering::Relaxed),
        )
    }

    /// What waits to be exported, and what found no room to wait.
    pub(crate) fn queue(&self) -> (usize, u64) {
        (
            self.queued.load(Ordering::Relaxed),
            self.dropped.load(Ordering::Relaxed),
        )
    }

    /// Gives places back.
    fn leave(&self, count: usize) {
        let _ = self
            .queued
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |queued| {
                Some(queued.saturating_sub(count))
            });
    }

    /// Says no more: who asked for the end has been told how it went.
    pub(crate) fn hush(&self) {
        self.is_said.store(true, Ordering::Relaxed);
        self.is_drop_said.store(true, Ordering::Relaxed);
    }

    /// Why the delivery that is under way fails, if whoever makes it knows better than the SDK will say.
    #[cfg_attr(
        not(feature = "otlp-http"),
        expect(dead_code, reason = "the SDK says enough of gRPC and files")
    )]
    pub(crate) fn because(&self, cause: Option<String>) {
        *self.cause.lock().unwrap_or_else(PoisonError::into_inner) = cause;
    }

    pub(crate) fn record(&self, count: usize, result: &OTelSdkResult) {
        let Err(error) = result else {
            self.delivered.fetch_add(count as u64, Ordering::Relaxed);
            return;
        };
        let cause = self.cause.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut why = cause.unwrap_or_else(|| words(error));
        if let Destination::Otlp(target) = &self.destination
            && let Some(advice) = of_tls(&why, target)
        {
            why = format!("{why}; {advice}");
        }
        self.lost.fetch_add(count as u64, Ordering::Relaxed);
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(why.clone());
        if !self.is_said.swap(true, Ordering::Relaxed) {
            say(&format!(
                "{} are not reaching {}: {why} (said once; Telemetry::diagnose tells more)",
                self.signal, self.destination
            ));
        }
    }
}

/// What stands between a processor and its exporter.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    health: Arc<Health>,
    longest: Option<usize>,
    tail: Option<TailRule>,
}

impl Watch {
    pub(crate) fn new(health: Arc<Health>, config: &TelemetryConfig) -> Self {
        let (longest, tail) = (config.attribute_value_length_limit, config.tail.clone());
        Self {
            health,
            longest,
            tail,
        }
    }

    pub(crate) fn health(&self) -> Arc<Health> {
        Arc::clone(&self.health)
    }

    /// Adds a processor, behind the rule that decides in the end if there is one.
    pub(crate) fn process(
        &self,
        builder: TracerProviderBuilder,
        processor: impl SpanProcessor + 'static,
    ) -> TracerProviderBuilder {
        match &self.tail {
            Some(rule) => builder.with_span_processor(TailProcessor::new(processor, rule.clone())),
            None => builder.with_span_processor(processor),
        }
    }

    pub(crate) fn over<E>(&self, inner: E) -> Watched<E> {
        Watched {
            inner,
            watch: self.clone(),
        }
    }
}

/// An exporter whose deliveries are counted and whose long texts are cut.
#[derive(Debug)]
pub(crate) struct Watched<E> {
    inner: E,
    watch: Watch,
}

#[deny(clippy::missing_trait_methods)]
impl<E: SpanExporter> SpanExporter for Watched<E> {
    async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len();
        self.watch.health.leave(count);
        if let Some(longest) = self.watch.longest {
            batch.iter_mut().for_each(|span| cut(span, longest));
        }
        let result = self.inner.export(batch).await;
        self.watch.health.record(count, &result);
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
impl<E: LogExporter> LogExporter for Watched<E> {
    async fn export(&self, batch: LogBatch<'_>) -> OTelSdkResult {
        let count = batch.iter().count();
        self.watch.health.leave(count);
        let result = self.inner.export(batch).await;
        self.watch.health.record(count, &result);
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
impl<E: PushMetricExporter> PushMetricExporter for Watched<E> {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let result = self.inner.export(metrics).await;
        self.watch.health.record(1, &result);
        result
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn shutdown(&self) -> OTelSdkResult {
        self.inner.shutdown()
    }

    fn temporality(&self) -> Temporality {
        self.inner.temporality()
    }
}

/// The SDK's errors without its preamble and tonic's, and no cause twice in a row.
pub(crate) fn words(error: &OTelSdkError) -> String {
    let text = match error {
        OTelSdkError::InternalFailure(why) => why.clone(),
        other => other.to_string(),
    };
    let text = match text.split_once("export failed with gRPC code: ") {
        Some((_, code)) => format!("{GRPC}{code}"),
        None => text,
    };
    let mut causes: Vec<&str> = Vec::new();
    for cause in text.split(": ") {
        causes.push(cause);
        let repeated = (1..=causes.len() / 2).find(|count| {
            let (before, last) = causes.split_at(causes.len() - count);
            before.ends_with(last)
        });
        causes.truncate(causes.len() - repeated.unwrap_or(0));
    }
    causes.join(": ")
}

/// Stands before the code of an answer by gRPC.
pub(crate) const GRPC: &str = "gRPC ";

/// To the program's `tracing` subscriber, or where there is none that takes it, to standard error: silence is the worst
/// answer. Without secrets: the text is often that of an error.
pub(crate) fn say(text: &str) {
    let text = redact(text);
    if tracing::enabled!(target: "throughline", Level::WARN) {
        tracing::warn!(target: "throughline", "{text}");
    } else {
        let _ = writeln!(io::stderr(), "throughline: {text}");
    }
}
