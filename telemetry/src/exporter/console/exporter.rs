//! Collects spans into traces and prints each when it is complete.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use opentelemetry::Key;
use opentelemetry::trace::TraceId;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

use crate::semconv;

use super::open::OpenSpans;
use super::output::Output;
use super::row::Row;
use super::text::plain;
use super::trace::Trace;
use super::tree;

/// The traces of this process. One is printed when no span of it is open; what is left is printed as incomplete when the
/// last exporter shuts down.
#[derive(Debug)]
pub(super) struct Traces {
    output: Output,
    pub(super) open: OpenSpans,
    /// The oldest first.
    ended: Mutex<Vec<Trace>>,
    exporters: AtomicUsize,
}

/// The way of one service's spans into the traces.
#[derive(Debug)]
pub(super) struct TreeExporter {
    traces: Arc<Traces>,
    service: Arc<str>,
}

impl Traces {
    pub(super) fn new(output: Output) -> Self {
        Self {
            output,
            open: OpenSpans::default(),
            ended: Mutex::default(),
            exporters: AtomicUsize::new(0),
        }
    }

    fn ended(&self) -> MutexGuard<'_, Vec<Trace>> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn print(&self, trace: &Trace, missing: Option<&str>) -> OTelSdkResult {
        let text = tree::print(trace, missing, self.output.page);
        self.output
            .print(&text)
            .map_err(|error| OTelSdkError::InternalFailure(format!("the console: {error}")))
    }

    fn print_incomplete(&self, trace: &Trace) -> OTelSdkResult {
        let missing = match self.open.forget(trace.id) {
            Some(1) => "1 span still open".to_owned(),
            Some(count) => format!("{count} spans still open"),
            None => "its root has not ended".to_owned(),
        };
        self.print(trace, Some(&missing))
    }

    fn add(&self, traces: &mut Vec<Trace>, span: &SpanData, service: &Arc<str>) -> OTelSdkResult {
        let id = span.span_context.trace_id();
        let row = Row::new(span, service);
        let is_local_root = row.is_local_root;
        let index = index(traces, id);
        if let Some(trace) = traces.get_mut(index) {
            trace.push(row);
        }
        let is_complete = self.open.end(id).map_or(is_local_root, |open| open == 0);
        if is_complete {
            return self.print(&traces.remove(index), None);
        }
        if traces.len() > MOST_TRACES {
            return self.print_incomplete(&traces.remove(0));
        }
        Ok(())
    }
}

impl TreeExporter {
    pub(super) fn new(traces: Arc<Traces>) -> Self {
        traces.exporters.fetch_add(1, Ordering::Relaxed);
        Self {
            traces,
            service: Arc::default(),
        }
    }
}

#[deny(clippy::missing_trait_methods)]
impl SpanExporter for TreeExporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let mut traces = self.traces.ended();
        let mut result = Ok(());
        for span in batch {
            let added = self.traces.add(&mut traces, &span, &self.service);
            result = result.and(added);
        }
        result
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        if self.traces.exporters.fetch_sub(1, Ordering::AcqRel) > 1 {
            return Ok(());
        }
        let left = std::mem::take(&mut *self.traces.ended());
        left.iter()
            .map(|trace| self.traces.print_incomplete(trace))
            .fold(Ok(()), OTelSdkResult::and)
    }

    fn shutdown(&self) -> OTelSdkResult {
        self.shutdown_with_timeout(Duration::MAX)
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn set_resource(&mut self, resource: &Resource) {
        let name = resource.get(&Key::from_static_str(semconv::SERVICE_NAME));
        self.service = name.map_or_else(Arc::default, |name| plain(&name.as_str()).into());
    }
}

/// The place of a trace, which is added if it is new.
fn index(traces: &mut Vec<Trace>, id: TraceId) -> usize {
    let known = traces.iter().position(|trace| trace.id == id);
    known.unwrap_or_else(|| {
        traces.push(Trace::new(id));
        traces.len() - 1
    })
}

/// The traces that are kept while they are open; the oldest of more is printed as incomplete.
const MOST_TRACES: usize = 256;

#[cfg(test)]
mod tests {
    use std::io::{self, Write};

    use futures_util::FutureExt;
    use opentelemetry::trace::{SpanContext, SpanKind, TraceFlags, TraceState};

    use super::super::fixture::{Fixture, TRACE};
    use super::*;
    use crate::config::ConsoleWriter;

    /// A writer whose text can be read while another has it.
    #[derive(Debug, Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("unpoisoned").write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Shared {
        /// The traces printed so far: the header after the id, and the names.
        fn headers(&self) -> Vec<String> {
            let text = String::from_utf8(self.0.lock().expect("unpoisoned").clone()).expect("UTF-8");
            let headers = text.lines().filter(|line| line.starts_with("trace "));
            headers
                .map(|line| line.split(" · ").skip(2).collect::<Vec<_>>().join(" · "))
                .collect()
        }
    }

    fn exporter() -> (TreeExporter, Arc<Traces>, Shared) {
        let shared = Shared::default();
        let traces = Arc::new(Traces::new(Output::new(Some(ConsoleWriter::new(shared.clone())))));
        (TreeExporter::new(Arc::clone(&traces)), traces, shared)
    }

    fn export(exporter: &TreeExporter, spans: Vec<SpanData>) {
        exporter
            .export(spans)
            .now_or_never()
            .expect("no waiting")
            .expect("printed");
    }

    #[test]
    fn a_trace_that_calls_its_own_process_is_one_tree() {
        let (exporter, traces, shared) = exporter();
        let mut spans = Fixture::default()
            .span(0, "client", SpanKind::Client, 0, 9)
            .span(1, "server", SpanKind::Server, 1, 8)
            .0;
        spans[1].parent_span_is_remote = true;
        traces.open.start(TRACE);
        traces.open.start(TRACE);
        let server = spans.pop().expect("the server's span");
        export(&exporter, vec![server]);
        assert!(shared.headers().is_empty(), "the client's span is still open");
        export(&exporter, spans);
        assert_eq!(shared.headers(), ["2 spans · ● critical path"], "both have ended");
        assert_eq!(traces.open.forget(TRACE), None, "nothing is counted any more");
    }

    #[test]
    fn a_trace_left_open_is_printed_at_shutdown_as_incomplete() {
        let (exporter, traces, shared) = exporter();
        let spans = Fixture::default().span(7, "child", SpanKind::Internal, 0, 9).0;
        traces.open.start(TRACE);
        traces.open.start(TRACE);
        export(&exporter, spans);
        exporter.shutdown().expect("printed");
        let expected = ["1 span · incomplete: 1 span still open · ● critical path"];
        assert_eq!(shared.headers(), expected, "at shutdown");
    }

    #[test]
    fn what_one_service_leaves_open_waits_for_the_last_to_shut_down() {
        let (exporter, traces, shared) = exporter();
        let mut other = TreeExporter::new(Arc::clone(&traces));
        other.set_resource(&Resource::builder_empty().with_service_name("other").build());
        traces.open.start(TRACE);
        traces.open.start(TRACE);
        let mut spans = Fixture::default()
            .span(0, "client", SpanKind::Client, 0, 9)
            .span(1, "server", SpanKind::Server, 1, 8)
            .0;
        export(&other, vec![spans.pop().expect("the server's span")]);
        other.shutdown().expect("ended");
        assert!(shared.headers().is_empty(), "the client's service is not ended");
        export(&exporter, spans);
        let headers = ["2 spans · 2 services · ● critical path"];
        assert_eq!(shared.headers(), headers, "one tree of both");
        exporter.shutdown().expect("ended");
        assert_eq!(shared.headers(), headers, "nothing is left");
    }

    #[test]
    fn memory_is_bounded_in_traces_and_in_spans() {
        let (exporter, traces, shared) = exporter();
        let orphan = Fixture::default()
            .span(7, "child", SpanKind::Internal, 0, 9)
            .0
            .remove(0);
        for trace in 1..=MOST_TRACES as u128 + 2 {
            let mut span = orphan.clone();
            let flags = TraceFlags::SAMPLED;
            let id = span.span_context.span_id();
            span.span_context = SpanContext::new(trace.into(), id, flags, false, TraceState::NONE);
            export(&exporter, vec![span]);
        }
        let early = "1 span · incomplete: its root has not ended · ● critical path";
        assert_eq!(shared.headers(), [early, early], "the two oldest");
        assert_eq!(traces.ended().len(), MOST_TRACES, "kept");

        let mut many = Fixture::default();
        for _ in 0..1_003 {
            many = many.span(0, "child", SpanKind::Internal, 0, 9);
        }
        let trace = many.trace();
        assert_eq!(
            (trace.rows.len(), trace.more),
            (1_000, 3),
            "a trace keeps its first spans"
        );
        let text = tree::print(&trace, None, traces.output.page);
        assert!(
            text.contains(" · 1003 spans, 3 of them not shown · "),
            "{:?}",
            text.lines().next()
        );
    }

    #[test]
    fn parents_in_a_circle_are_printed_once_each() {
        let circle = Fixture::default()
            .span(2, "a", SpanKind::Internal, 0, 9)
            .span(1, "b", SpanKind::Internal, 1, 8)
            .span(3, "itself", SpanKind::Internal, 2, 7);
        let trace = circle.trace();
        let names: Vec<&str> = trace.nodes().iter().map(|node| node.row.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "itself"], "each span once");
    }
}
