//! Counts the deliveries of a signal, and reports the start and the end of outages.

#[cfg_attr(
    not(any(feature = "otlp-grpc", feature = "otlp-http")),
    expect(dead_code, reason = "only a collector answers")
)]
mod answers;
mod monitor;
mod outage;
#[cfg_attr(
    not(any(
        feature = "file",
        feature = "otlp-grpc",
        feature = "otlp-http",
        feature = "viewer"
    )),
    expect(dead_code, reason = "the console prints without a queue")
)]
mod queue;
#[cfg_attr(
    not(any(feature = "otlp-grpc", feature = "otlp-http")),
    expect(dead_code, reason = "other exporters report everything in their result")
)]
mod report;
mod waiting;

pub(crate) use monitor::{DeliveryMonitor, ExporterEnd};
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
pub(crate) use report::{BatchReport, BatchReporter};

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use throughline_tracing_layer::redaction::redact;
use tracing::Level;

use self::answers::CollectorAnswers;
use self::outage::{OutageNotice, Outages, RepeatTally, UnreportedOutages};
use self::report::BatchOutcome;
use crate::config::Exporter;
use crate::destination::Destination;
use crate::log_level::logs_warnings;
use crate::signal::Signal;

/// The state of one signal's deliveries by one exporter.
#[derive(Debug)]
pub(crate) struct Health {
    signal: Signal,
    exporter: Exporter,
    destination: Destination,
    counters: Counters,
    queued: AtomicUsize,
    queued_bytes: AtomicUsize,
    failures: AtomicU64,
    failure: Mutex<Option<String>>,
    messages: Mutex<PendingMessages>,
    answers: Mutex<CollectorAnswers>,
    is_muted: AtomicBool,
}

/// The counters since the start.
#[derive(Debug, Default)]
struct Counters {
    delivered: AtomicU64,
    lost: AtomicU64,
    rejected: AtomicU64,
    too_large: AtomicU64,
    dropped: AtomicU64,
    dropped_for_bytes: AtomicU64,
    /// The data points of the delivered and of the lost collections of metrics.
    points_delivered: AtomicU64,
    points_lost: AtomicU64,
}

/// The counts of one exporter of a signal since telemetry started: spans, log records, or collections of
/// metrics and their data points.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeliveryCounts {
    /// Spans, log records or collections of metrics that were delivered. For Prometheus, the number of pages
    /// that were read.
    pub delivered: u64,
    /// Spans, log records or collections of metrics whose delivery failed, or that were not sent because the
    /// signal is [switched off](crate::SignalDiagnosis::switched_off).
    pub lost: u64,
    /// Spans, log records or data points that the destination rejected from otherwise accepted requests.
    pub rejected: u64,
    /// Spans, log records or data points that were dropped because each one exceeds the limit of a request
    /// ([`max_request_bytes`](crate::TelemetryConfig::max_request_bytes)).
    pub too_large: u64,
    /// Spans or log records that were dropped because the queue was full.
    pub dropped: u64,
    /// Spans or log records that were dropped because they exceeded the queue's limit in bytes
    /// ([`max_queue_bytes`](crate::TelemetryConfig::max_queue_bytes)).
    pub dropped_for_bytes: u64,
    /// Spans or log records that wait in the queue.
    pub queued: usize,
}

/// The state of messages: events that were reported, and events to report as a sum.
#[derive(Debug)]
struct PendingMessages {
    outages: Outages,
    dropped: RepeatTally,
    dropped_for_bytes: RepeatTally,
    rejected: RepeatTally,
    too_large: RepeatTally,
}

impl Health {
    pub(crate) fn new(signal: Signal, exporter: Exporter, destination: Destination) -> Arc<Self> {
        Arc::new(Self {
            signal,
            exporter,
            destination,
            counters: Counters::default(),
            queued: AtomicUsize::new(0),
            queued_bytes: AtomicUsize::new(0),
            failures: AtomicU64::new(0),
            failure: Mutex::default(),
            messages: Mutex::new(PendingMessages {
                outages: Outages::new(),
                dropped: RepeatTally::default(),
                dropped_for_bytes: RepeatTally::default(),
                rejected: RepeatTally::default(),
                too_large: RepeatTally::default(),
            }),
            answers: Mutex::default(),
            is_muted: AtomicBool::new(false),
        })
    }

    pub(crate) fn exporter(&self) -> Exporter {
        self.exporter
    }

    /// Returns whether items wait in the queue of a batch processor, which is bounded in items. The console
    /// has its own queue for spans.
    pub(crate) fn is_batched(&self) -> bool {
        (self.signal, self.exporter) != (Signal::Traces, Exporter::Console)
    }

    /// Returns the delivered and the lost data points, if this is about metrics.
    pub(crate) fn data_points(&self) -> Option<(u64, u64)> {
        let Counters {
            points_delivered,
            points_lost,
            ..
        } = &self.counters;
        let counts = || {
            (
                points_delivered.load(Ordering::Relaxed),
                points_lost.load(Ordering::Relaxed),
            )
        };
        (self.signal == Signal::Metrics).then(counts)
    }

    /// Counts the data points of a collection.
    fn add_points(&self, points: usize, is_lost: bool) {
        let Counters {
            points_delivered,
            points_lost,
            ..
        } = &self.counters;
        let counter = if is_lost { points_lost } else { points_delivered };
        counter.fetch_add(points as u64, Ordering::Relaxed);
    }

    pub(crate) fn destination(&self) -> &Destination {
        &self.destination
    }

    /// The cause of the last failed delivery.
    pub(crate) fn failure(&self) -> Option<String> {
        locked(&self.failure).clone()
    }

    /// The number of deliveries that failed, in whole or in part.
    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    pub(crate) fn counts(&self) -> DeliveryCounts {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        DeliveryCounts {
            delivered: count(&self.counters.delivered),
            lost: count(&self.counters.lost),
            rejected: count(&self.counters.rejected),
            too_large: count(&self.counters.too_large),
            dropped: count(&self.counters.dropped),
            dropped_for_bytes: count(&self.counters.dropped_for_bytes),
            queued: self.queued.load(Ordering::Relaxed),
        }
    }

    /// Reports everything that was not reported yet, and mutes later reports, because the result of a
    /// shutdown contains its outcome.
    pub(crate) fn mute(&self) {
        let mut messages = self.messages();
        let notice = messages.outages.rest();
        let dropped = messages.dropped.rest();
        let dropped_for_bytes = messages.dropped_for_bytes.rest();
        let rejected = messages.rejected.rest();
        let too_large = messages.too_large.rest();
        drop(messages);
        self.report_outage(notice, "");
        for (count, what) in [
            (dropped, "were dropped because the queue was full"),
            (
                dropped_for_bytes,
                "were dropped because they exceeded the queue's limit in bytes",
            ),
            (rejected, "were rejected"),
            (
                too_large,
                "were dropped because they were too large for a request",
            ),
        ] {
            if let Some(count) = count {
                self.warn(format_args!("{count} more {} {what}", self.signal.items()));
            }
        }
        self.is_muted.store(true, Ordering::Relaxed);
    }

    /// Counts a delivery of `count` items by its result.
    pub(crate) fn record(&self, count: usize, result: &OTelSdkResult) {
        self.add(BatchOutcome::items(count as u64, result, None));
    }

    fn add(&self, outcome: BatchOutcome) {
        let BatchOutcome {
            delivered,
            lost,
            failure,
            is_switched_off,
        } = outcome;
        self.counters.delivered.fetch_add(delivered, Ordering::Relaxed);
        self.counters.lost.fetch_add(lost, Ordering::Relaxed);
        let now = Instant::now();
        match failure {
            Some(why) => {
                let notice = self.messages().outages.failed(now, lost);
                self.report_outage(notice, &why);
                *locked(&self.failure) = Some(why);
                // Incremented last, so that readers of the count see the cause.
                self.failures.fetch_add(1, Ordering::Release);
            }
            None if is_switched_off => {}
            None => {
                let notice = self.messages().outages.delivered(now);
                self.report_outage(notice, "");
            }
        }
    }

    fn report_outage(&self, notice: Option<OutageNotice>, why: &str) {
        let (signal, destination, items) = (self.signal, &self.destination, self.signal.deliveries());
        match notice {
            Some(OutageNotice::Began { before }) => {
                let before = match before {
                    UnreportedOutages { outages: 0, .. } => String::new(),
                    UnreportedOutages { outages, lost } => {
                        format!("; earlier unreported outages: {outages}, {items} lost during them: {lost}")
                    }
                };
                self.warn(format_args!(
                    "{signal} are not reaching {destination}: {why} (see Telemetry::diagnose{before})"
                ));
            }
            Some(OutageNotice::Ended { after, lost }) => {
                self.warn(format_args!(
                    "{signal} reach {destination} again after {:.1} s; {items} lost: {lost}",
                    after.as_secs_f64()
                ));
            }
            Some(OutageNotice::Passed(UnreportedOutages { outages, lost })) => self.warn(format_args!(
                "{signal} reach {destination}; outages since the last report: {outages}, {items} lost during them: {lost}"
            )),
            None => {}
        }
    }

    fn warn(&self, text: std::fmt::Arguments<'_>) {
        if !self.is_muted.load(Ordering::Relaxed) {
            warn(&text.to_string());
        }
    }

    fn messages(&self) -> MutexGuard<'_, PendingMessages> {
        locked(&self.messages)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Formats an SDK error without its preamble and without repeated causes.
pub(crate) fn error_text(error: &OTelSdkError) -> String {
    let text = match error {
        OTelSdkError::InternalFailure(why) => why.clone(),
        other => other.to_string(),
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

/// Logs a warning to the program's `tracing` subscriber, or to standard error if no subscriber accepts
/// warnings, unless `OTEL_LOG_LEVEL` excludes warnings. Secrets are redacted, because the text often contains
/// an error.
pub(crate) fn warn(text: &str) {
    if !logs_warnings() {
        return;
    }
    let text = redact(text);
    if tracing::enabled!(target: "throughline", Level::WARN) {
        tracing::warn!(target: "throughline", "{text}");
    } else {
        let _ = writeln!(io::stderr(), "throughline: {text}");
    }
}
