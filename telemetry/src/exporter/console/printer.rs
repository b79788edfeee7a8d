//! The thread that prints traces, and its queue.
//!
//! Standard output can be a pipe whose reader is slow, stalls or closes it. Requests never wait for it. Ended
//! spans are put into a queue that is bounded in bytes. If the queue is full, they are dropped, counted and
//! reported. Only flush and shutdown wait for the queue, up to their deadlines.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use opentelemetry::Context;
use opentelemetry::trace::TraceId;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::SpanData;

use crate::error::InitError;
use crate::health::DeliveryMonitor;

use super::open::OpenSpans;
use super::output::Output;
use super::traces::Traces;

/// The handle of the thread, which ends when this is dropped and the queue is empty.
#[derive(Debug)]
pub(super) struct Printer {
    queue: Sender<PrinterItem>,
    open: Arc<OpenSpans>,
    monitor: DeliveryMonitor,
}

#[derive(Debug)]
enum PrinterItem {
    Span(Box<Queued>),
    /// Answered when everything before it in the queue is printed.
    Flush(Sender<()>),
    /// Like [`Flush`](Self::Flush), but incomplete traces are printed too.
    End(Sender<()>),
}

#[derive(Debug)]
struct Queued {
    span: SpanData,
    service: Arc<str>,
    bytes: usize,
}

impl Printer {
    pub(super) fn start(output: Output, monitor: &DeliveryMonitor) -> Result<Self, InitError> {
        let open = Arc::new(OpenSpans::default());
        let traces = Traces::new(output, monitor, &open);
        let (queue, items) = mpsc::channel();
        let thread_monitor = monitor.clone();
        thread::Builder::new()
            .name("throughline-console".into())
            .spawn(move || {
                let _suppressed = Context::enter_telemetry_suppressed_scope();
                run(&items, traces, &thread_monitor);
            })
            .map_err(|error| {
                InitError::exporter("the console thread cannot be started".into()).caused_by(error)
            })?;
        Ok(Self {
            queue,
            open,
            monitor: monitor.clone(),
        })
    }

    /// Counts a span that starts.
    pub(super) fn begin(&self, trace: TraceId) {
        self.open.start(trace);
    }

    /// Queues a span that ended.
    pub(super) fn print(&self, span: SpanData, service: &Arc<str>) {
        let trace = span.span_context.trace_id();
        let Some(bytes) = self.monitor.admit(&span) else {
            self.open.end(trace);
            return;
        };
        let item = PrinterItem::Span(Box::new(Queued {
            span,
            service: Arc::clone(service),
            bytes,
        }));
        if self.queue.send(item).is_err() {
            self.monitor.finish(1, &Err(ended()));
        }
    }

    /// Waits until the queue is printed.
    pub(super) fn flush(&self, timeout: Duration) -> OTelSdkResult {
        self.wait(PrinterItem::Flush, timeout)
    }

    /// Waits until the queue and the incomplete traces are printed.
    pub(super) fn end(&self, timeout: Duration) -> OTelSdkResult {
        self.wait(PrinterItem::End, timeout)
    }

    fn wait(&self, item: fn(Sender<()>) -> PrinterItem, timeout: Duration) -> OTelSdkResult {
        let (done, answer) = mpsc::channel();
        // A thread that has ended drops the sender.
        let _ = self.queue.send(item(done));
        answer.recv_timeout(timeout).map_err(|error| match error {
            RecvTimeoutError::Timeout => OTelSdkError::Timeout(timeout),
            RecvTimeoutError::Disconnected => ended(),
        })
    }
}

fn ended() -> OTelSdkError {
    OTelSdkError::InternalFailure("the console thread has ended".to_owned())
}

fn run(items: &Receiver<PrinterItem>, mut traces: Traces, monitor: &DeliveryMonitor) {
    while let Ok(first) = items.recv() {
        for item in gather(first, items) {
            match item {
                PrinterItem::Span(mut queued) => {
                    monitor.take(&mut queued.span, queued.bytes);
                    traces.add(&queued.span, &queued.service);
                }
                PrinterItem::Flush(done) => drop(done.send(())),
                PrinterItem::End(done) => {
                    traces.print_rest();
                    let _ = done.send(());
                }
            }
        }
    }
}

/// Waits a moment for more items: a span that starts when the last one of its trace ends belongs to the same
/// tree.
fn gather(first: PrinterItem, items: &Receiver<PrinterItem>) -> Vec<PrinterItem> {
    let begun = Instant::now();
    let mut gathered = vec![first];
    while gathered.len() < MAX_GATHERED_ITEMS && matches!(gathered.last(), Some(PrinterItem::Span(_))) {
        match items.recv_timeout(GATHER_TIME.saturating_sub(begun.elapsed())) {
            Ok(item) => gathered.push(item),
            Err(_) => break,
        }
    }
    gathered
}

/// The delay before a complete trace is printed. It is too short to notice.
const GATHER_TIME: Duration = Duration::from_millis(200);
/// The maximum number of items that are taken from the queue at once.
const MAX_GATHERED_ITEMS: usize = 512;
