//! The span processor of the console: a batch processor that also knows which spans are open.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry::trace::Span as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{BatchSpanProcessor, Span, SpanData, SpanProcessor};

use crate::health::Watch;

use super::exporter::{Traces, TreeExporter};

/// Counts the spans that start, and hands those that end to a batch processor, which prints on a thread of its own.
#[derive(Debug)]
pub(super) struct ConsoleProcessor {
    traces: Arc<Traces>,
    batch: BatchSpanProcessor,
}

impl ConsoleProcessor {
    pub(super) fn new(traces: &Arc<Traces>, watch: &Watch) -> Self {
        let exporter = watch.over(TreeExporter::new(Arc::clone(traces)));
        let config = watch.span_batches().with_scheduled_delay(DELAY).build();
        Self {
            traces: Arc::clone(traces),
            batch: BatchSpanProcessor::builder(exporter)
                .with_batch_config(config)
                .build(),
        }
    }
}

#[deny(clippy::missing_trait_methods)]
impl SpanProcessor for ConsoleProcessor {
    fn on_start(&self, span: &mut Span, cx: &Context) {
        if span.span_context().is_sampled() {
            self.traces.open.start(span.span_context().trace_id());
        }
        self.batch.on_start(span, cx);
    }

    fn on_end(&self, span: SpanData) {
        self.batch.on_end(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.batch.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.batch.shutdown_with_timeout(timeout)
    }

    fn shutdown(&self) -> OTelSdkResult {
        self.batch.shutdown()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.batch.set_resource(resource);
    }
}

/// How soon a finished trace is printed: at once, to a person.
const DELAY: Duration = Duration::from_millis(200);
