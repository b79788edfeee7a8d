//! The span processor of the console. It counts open spans and passes ended ones to the printer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use opentelemetry::trace::Span as _;
use opentelemetry::{Context, Key};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};

use crate::health::DeliveryMonitor;
use crate::semconv;

use super::printer::Printer;
use super::text::plain;

/// Passes the spans of one service to the printer that all services share.
#[derive(Debug)]
pub(super) struct ConsoleProcessor {
    printer: Arc<Printer>,
    monitor: DeliveryMonitor,
    service: Arc<str>,
    /// The number of processors that have not ended. The last one prints the incomplete traces.
    running: Arc<AtomicUsize>,
}

impl ConsoleProcessor {
    pub(super) fn new(printer: &Arc<Printer>, running: &Arc<AtomicUsize>, monitor: &DeliveryMonitor) -> Self {
        running.fetch_add(1, Ordering::AcqRel);
        Self {
            printer: Arc::clone(printer),
            monitor: monitor.clone(),
            service: Arc::default(),
            running: Arc::clone(running),
        }
    }
}

#[deny(clippy::missing_trait_methods)]
impl SpanProcessor for ConsoleProcessor {
    fn on_start(&self, span: &mut Span, _: &Context) {
        if span.span_context().is_sampled() {
            self.printer.begin(span.span_context().trace_id());
        }
    }

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() {
            self.printer.print(span, &self.service);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.printer.flush(FLUSH_TIMEOUT)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        // Shorter than the timeout of the caller, so that the caller receives the number of missing spans.
        let timeout = timeout - timeout / 16;
        let is_last = self.running.fetch_sub(1, Ordering::AcqRel) == 1;
        let ended = if is_last {
            self.printer.end(timeout)
        } else {
            self.printer.flush(timeout)
        };
        let why = match ended {
            Ok(()) => self.monitor.losses(),
            Err(OTelSdkError::Timeout(_)) => Some(format!(
                "{} spans are not printed within {timeout:?}: the console is too slow",
                self.monitor.waiting()
            )),
            Err(error) => return Err(error),
        };
        why.map_or(Ok(()), |why| {
            self.monitor.fail(&why);
            Err(OTelSdkError::InternalFailure(why))
        })
    }

    fn shutdown(&self) -> OTelSdkResult {
        self.shutdown_with_timeout(FLUSH_TIMEOUT)
    }

    fn set_resource(&mut self, resource: &Resource) {
        let name = resource.get(&Key::from_static_str(semconv::SERVICE_NAME));
        self.service = name.map_or_else(Arc::default, |name| plain(&name.as_str()).into());
    }
}

/// The timeout of a flush without a deadline, as in the SDK's batch processors.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);
