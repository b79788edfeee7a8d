//! How delivery goes: what was delivered, what was not and why, said when it begins to fail and when that ends.

#[cfg_attr(
    not(any(feature = "otlp-grpc", feature = "otlp-http")),
    expect(dead_code, reason = "only a collector answers")
)]
mod answers;
mod outage;
#[cfg_attr(
    not(any(feature = "file", feature = "otlp-grpc", feature = "otlp-http")),
    expect(dead_code, reason = "the console prints without a queue")
)]
mod queue;
#[cfg_attr(
    not(any(feature = "otlp-grpc", feature = "otlp-http")),
    expect(dead_code, reason = "the result of other exporters says all")
)]
mod report;
mod waiting;
mod watch;

#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
pub(crate) use report::{Report, Reporter};
pub(crate) use watch::{Ended, Watch};

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use throughline_propagation::redaction::redact;
use tracing::Level;

use self::answers::Answers;
use self::outage::{Notice, Outages, Repeated, Unsaid};
use self::report::Outcome;
use crate::destination::Destination;
use crate::signal::Signal;

/// The deliveries of one signal.
#[derive(Debug)]
pub(crate) struct Health {
    signal: Signal,
    destination: Destination,
    delivered: AtomicU64,
    lost: AtomicU64,
    rejected: AtomicU64,
    too_large: AtomicU64,
    dropped: AtomicU64,
    dropped_for_bytes: AtomicU64,
    queued: AtomicUsize,
    queued_bytes: AtomicUsize,
    failures: AtomicU64,
    failure: Mutex<Option<String>>,
    messages: Mutex<Messages>,
    answers: Mutex<Answers>,
    is_hushed: AtomicBool,
}

/// The counts of one signal: spans, log records, or collections of metrics and their data points.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) delivered: u64,
    pub(crate) lost: u64,
    pub(crate) rejected: u64,
    pub(crate) too_large: u64,
    pub(crate) dropped: u64,
    pub(crate) dropped_for_bytes: u64,
    pub(crate) queued: usize,
}

/// What was said, and what is to be said with a sum.
#[derive(Debug)]
struct Messages {
    outages: Outages,
    dropped: Repeated,
    dropped_for_bytes: Repeated,
    rejected: Repeated,
    too_large: Repeated,
}

impl Health {
    pub(crate) fn new(signal: Signal, destination: Destination) -> Arc<Self> {
        Arc::new(Self {
            signal,
            destination,
            delivered: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            rejected: AtomicU64::new(0),
            too_large: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            dropped_for_bytes: AtomicU64::new(0),
            queued: AtomicUsize::new(0),
            queued_bytes: AtomicUsize::new(0),
            failures: AtomicU64::new(0),
            failure: Mutex::default(),
            messages: Mutex::new(Messages {
                outages: Outages::new(),
                dropped: Repeated::default(),
                dropped_for_bytes: Repeated::default(),
                rejected: Repeated::default(),
                too_large: Repeated::default(),
            }),
            answers: Mutex::default(),
            is_hushed: AtomicBool::new(false),
        })
    }

    pub(crate) fn destination(&self) -> &Destination {
        &self.destination
    }

    /// Why the last failed delivery failed.
    pub(crate) fn failure(&self) -> Option<String> {
        locked(&self.failure).clone()
    }

    /// The number of deliveries that failed, in whole or in part.
    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    pub(crate) fn counts(&self) -> Counts {
        let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
        Counts {
            delivered: count(&self.delivered),
            lost: count(&self.lost),
            rejected: count(&self.rejected),
            too_large: count(&self.too_large),
            dropped: count(&self.dropped),
            dropped_for_bytes: count(&self.dropped_for_bytes),
            queued: self.queued.load(Ordering::Relaxed),
        }
    }

    /// Says what is left to be said, and then no more: whoever asked for the end learns how it went from the result.
    pub(crate) fn hush(&self) {
        let mut messages = self.messages();
        let notice = messages.outages.rest();
        let dropped = messages.dropped.rest();
        let dropped_for_bytes = messages.dropped_for_bytes.rest();
        let rejected = messages.rejected.rest();
        let too_large = messages.too_large.rest();
        drop(messages);
        self.say_notice(notice, "");
        for (count, what) in [
            (dropped, "found no room in the queue and were dropped"),
            (
                dropped_for_bytes,
                "found no room in the queue's bytes and were dropped",
            ),
            (rejected, "were rejected"),
            (too_large, "were too large for a request and were dropped"),
        ] {
            if let Some(count) = count {
                self.say(format_args!("{count} more {} {what}", self.signal.items()));
            }
        }
        self.is_hushed.store(true, Ordering::Relaxed);
    }

    /// Counts a delivery of so many items whose result says all.
    pub(crate) fn record(&self, count: usize, result: &OTelSdkResult) {
        self.add(Outcome::items(count as u64, result, None));
    }

    fn add(&self, outcome: Outcome) {
        let Outcome {
            delivered,
            lost,
            failure,
            is_switched_off,
        } = outcome;
        self.delivered.fetch_add(delivered, Ordering::Relaxed);
        self.lost.fetch_add(lost, Ordering::Relaxed);
        let now = Instant::now();
        match failure {
            Some(why) => {
                let notice = self.messages().outages.failed(now, lost);
                self.say_notice(notice, &why);
                *locked(&self.failure) = Some(why);
                // Last, so that whoever sees that there was one finds why.
                self.failures.fetch_add(1, Ordering::Release);
            }
            None if is_switched_off => {}
            None => {
                let notice = self.messages().outages.delivered(now);
                self.say_notice(notice, "");
            }
        }
    }

    fn say_notice(&self, notice: Option<Notice>, why: &str) {
        let (signal, destination, items) = (self.signal, &self.destination, self.signal.deliveries());
        match notice {
            Some(Notice::Began { before }) => {
                let before = match before {
                    Unsaid { outages: 0, .. } => String::new(),
                    Unsaid { outages, lost } => {
                        format!("; outages before this that were not reported: {outages}, {items} lost in them: {lost}")
                    }
                };
                self.say(format_args!(
                    "{signal} are not reaching {destination}: {why} (Telemetry::diagnose has more{before})"
                ));
            }
            Some(Notice::Ended { after, lost }) => {
                self.say(format_args!(
                    "{signal} reach {destination} again after {:.1} s; {items} lost: {lost}",
                    after.as_secs_f64()
                ));
            }
            Some(Notice::Passed(Unsaid { outages, lost })) => self.say(format_args!(
                "{signal} reach {destination}; outages since this was last said: {outages}, {items} lost in them: {lost}"
            )),
            None => {}
        }
    }

    fn say(&self, text: std::fmt::Arguments<'_>) {
        if !self.is_hushed.load(Ordering::Relaxed) {
            say(&text.to_string());
        }
    }

    fn messages(&self) -> MutexGuard<'_, Messages> {
        locked(&self.messages)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The SDK's errors without its preamble, and no cause twice in a row.
pub(crate) fn words(error: &OTelSdkError) -> String {
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
