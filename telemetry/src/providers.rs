//! The providers of one service, with flush and shutdown.

use std::sync::Arc;
use std::time::{Duration, Instant};

use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use throughline_tracing_layer::provider::BoundInstruments;

use crate::health::ExporterEnd;
use crate::signal::Signal;

/// The providers of the recorded signals. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Providers {
    pub(crate) tracer: Option<SdkTracerProvider>,
    pub(crate) logger: Option<SdkLoggerProvider>,
    pub(crate) meter: Option<SdkMeterProvider>,
    /// Lets layers bind the instruments of `meter`.
    pub(crate) _bound: Option<BoundInstruments>,
    /// Each is set when the exporter behind a periodic reader has ended.
    pub(crate) metrics_ended: Vec<Arc<ExporterEnd>>,
}

/// Work on a provider, which may block.
pub(crate) type Work = Box<dyn FnOnce() -> OTelSdkResult + Send>;

impl Providers {
    /// Exports everything recorded so far.
    pub(crate) fn flush(self, deadline: Duration) -> Vec<(Signal, Work)> {
        self.each(
            move |provider| until(deadline, || provider.force_flush()),
            move |provider| until(deadline, || provider.force_flush()),
            |provider| provider.force_flush(),
        )
    }

    /// Exports everything recorded, and stops. The result may not include a failed delivery, because the SDK
    /// drops the results of the last exports.
    pub(crate) fn end(self, deadline: Duration) -> Vec<(Signal, Work)> {
        let metrics_ended = self.metrics_ended.clone();
        self.each(
            move |provider| provider.shutdown_with_timeout(deadline),
            move |provider| provider.shutdown_with_timeout(deadline),
            move |provider| {
                let begun = Instant::now();
                let ended = provider.shutdown_with_timeout(deadline);
                // The shutdown of a periodic reader returns after 5 seconds, whatever the deadline, while its
                // thread continues.
                let remaining = || deadline.saturating_sub(begun.elapsed());
                match &ended {
                    Err(error) if is_late(error) && metrics_ended.iter().all(|end| end.wait(remaining())) => {
                        Ok(())
                    }
                    _ => ended,
                }
            },
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

/// Flushes until the deadline. The flush of a batch processor returns after 5 seconds, whatever the deadline,
/// so it is repeated.
fn until(deadline: Duration, flush: impl Fn() -> OTelSdkResult) -> OTelSdkResult {
    let begun = Instant::now();
    loop {
        match flush() {
            Err(error) if is_late(&error) && begun.elapsed() < deadline => {}
            flushed => return flushed,
        }
    }
}

/// Whether the SDK stopped waiting. Its providers return the errors of processors and readers as text only.
pub(crate) fn is_late(error: &OTelSdkError) -> bool {
    match error {
        OTelSdkError::Timeout(_) => true,
        OTelSdkError::InternalFailure(text) => text.contains("Timeout("),
        OTelSdkError::AlreadyShutdown => false,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// A flush used to fail after the 5 seconds of the SDK, whatever its deadline.
    #[test]
    fn a_flush_lasts_until_its_deadline() {
        // The error of a provider.
        let late = || {
            Err(OTelSdkError::InternalFailure(
                "errs: [Err(Timeout(5s))]".to_owned(),
            ))
        };
        let times = Cell::new(0);
        let flush = || {
            times.set(times.get() + 1);
            if times.get() < 3 { late() } else { Ok(()) }
        };
        let flushed = until(Duration::MAX, flush);
        assert!(flushed.is_ok(), "at the third attempt: {flushed:?}");
        let flushed = until(Duration::ZERO, late);
        assert!(flushed.is_err(), "no time remains");
        let failed = until(Duration::MAX, || Err(OTelSdkError::AlreadyShutdown));
        assert!(failed.is_err(), "another failure is returned immediately");
    }
}
