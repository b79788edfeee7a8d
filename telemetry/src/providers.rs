//! The providers of one service, and how they are flushed and ended.

use std::time::{Duration, Instant};

use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;

use crate::signal::Signal;

/// A provider of each signal that is recorded. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Providers {
    pub(crate) tracer: Option<SdkTracerProvider>,
    pub(crate) logger: Option<SdkLoggerProvider>,
    pub(crate) meter: Option<SdkMeterProvider>,
}

/// What is to be done with a provider, which may block.
pub(crate) type Work = Box<dyn FnOnce() -> OTelSdkResult + Send>;

impl Providers {
    /// Delivers what has been recorded so far.
    pub(crate) fn flush(self, deadline: Duration) -> Vec<(Signal, Work)> {
        self.each(
            move |provider| patiently(deadline, || provider.force_flush()),
            move |provider| patiently(deadline, || provider.force_flush()),
            |provider| provider.force_flush(),
        )
    }

    /// Delivers what has been recorded, and stops.
    pub(crate) fn end(self, deadline: Duration) -> Vec<(Signal, Work)> {
        self.each(
            move |provider| last(provider.force_flush(), provider.shutdown_with_timeout(deadline)),
            move |provider| last(provider.force_flush(), provider.shutdown_with_timeout(deadline)),
            move |provider| provider.shutdown_with_timeout(deadline),
        )
    }

    fn each(
        self,
        traces: impl FnOnce(SdkTracerProvider) -> OTelSdkResult + Send + 'static,
        logs: impl FnOnce(SdkLoggerProvider) -> OTelSdkResult + Send + 'static,
        metrics: impl FnOnce(SdkMeterProvider) -> OTelSdkResult + Send + 'static,
    ) -> Vec<(Signal, Work)> {
        let mut each: Vec<(Signal, Work)> = Vec::new();
        if let Some(provider) = self.tracer {
            each.push((Signal::Traces, Box::new(move || traces(provider))));
        }
        if let Some(provider) = self.logger {
            each.push((Signal::Logs, Box::new(move || logs(provider))));
        }
        if let Some(provider) = self.meter {
            each.push((Signal::Metrics, Box::new(move || metrics(provider))));
        }
        each
    }
}

/// A batch processor's flush gives up after 5 seconds, however long one is ready to wait.
fn patiently(deadline: Duration, flush: impl Fn() -> OTelSdkResult) -> OTelSdkResult {
    let begun = Instant::now();
    loop {
        match flush() {
            Err(OTelSdkError::Timeout(_)) if begun.elapsed() < deadline => {}
            flushed => return flushed,
        }
    }
}

/// A batch processor's shutdown hides the result of its last export; its flush tells, but gives up after 5 seconds.
fn last(flushed: OTelSdkResult, ended: OTelSdkResult) -> OTelSdkResult {
    match flushed {
        Err(OTelSdkError::Timeout(_)) | Ok(()) => ended,
        failed => failed,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// A flush used to fail after the 5 seconds of the SDK, whatever its deadline.
    #[test]
    fn a_flush_takes_the_time_it_is_given() {
        let late = || Err(OTelSdkError::Timeout(Duration::from_secs(5)));
        let times = Cell::new(0);
        let flush = || {
            times.set(times.get() + 1);
            if times.get() < 3 { late() } else { Ok(()) }
        };
        let flushed = patiently(Duration::MAX, flush);
        assert!(flushed.is_ok(), "at the third attempt: {flushed:?}");
        let flushed = patiently(Duration::ZERO, late);
        assert!(flushed.is_err(), "no time is left");
        let failed = patiently(Duration::MAX, || Err(OTelSdkError::AlreadyShutdown));
        assert!(failed.is_err(), "another failure is told at once");
    }
}
