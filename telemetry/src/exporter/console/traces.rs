//! Collects spans into traces, and prints each trace when it is complete.

use std::sync::Arc;

use opentelemetry::trace::TraceId;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::SpanData;

use crate::health::DeliveryMonitor;

use super::open::OpenSpans;
use super::output::Output;
use super::row::SpanRow;
use super::trace::Trace;
use super::tree;

/// The traces of this process. A trace is printed when it has no open spans. At shutdown, the remaining
/// traces are printed as incomplete.
///
/// A span is counted as delivered when its trace is printed, and as lost if that fails.
#[derive(Debug)]
pub(super) struct Traces {
    output: Output,
    monitor: DeliveryMonitor,
    open: Arc<OpenSpans>,
    /// The oldest first.
    ended: Vec<Trace>,
}

impl Traces {
    pub(super) fn new(output: Output, monitor: &DeliveryMonitor, open: &Arc<OpenSpans>) -> Self {
        Self {
            output,
            monitor: monitor.clone(),
            open: Arc::clone(open),
            ended: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, span: &SpanData, service: &Arc<str>) {
        let id = span.span_context.trace_id();
        let row = SpanRow::new(span, service, self.output.page.has_details);
        let is_local_root = row.is_local_root;
        let index = self.index(id);
        if let Some(trace) = self.ended.get_mut(index) {
            trace.push(row);
        }
        let is_complete = self.open.end(id).map_or(is_local_root, |open| open == 0);
        if is_complete {
            let trace = self.ended.remove(index);
            self.print(&trace, None);
        } else if self.ended.len() > MAX_HELD_TRACES {
            let oldest = self.ended.remove(0);
            self.print_incomplete(&oldest);
        }
    }

    /// Prints the incomplete traces.
    pub(super) fn print_rest(&mut self) {
        for trace in std::mem::take(&mut self.ended) {
            self.print_incomplete(&trace);
        }
    }

    fn print(&self, trace: &Trace, missing: Option<&str>) {
        let text = tree::print(trace, missing, self.output.page);
        let printed: OTelSdkResult = self
            .output
            .print(&text)
            .map_err(|error| OTelSdkError::InternalFailure(format!("the console: {error}")));
        self.monitor.finish(trace.spans(), &printed);
    }

    fn print_incomplete(&self, trace: &Trace) {
        let missing = match self.open.forget(trace.id) {
            Some(1) => "1 span still open".to_owned(),
            Some(count) => format!("{count} spans still open"),
            None => "its root has not ended".to_owned(),
        };
        self.print(trace, Some(&missing));
    }

    /// Returns the index of a trace. Adds the trace if it is new.
    fn index(&mut self, id: TraceId) -> usize {
        let index = self.ended.iter().position(|trace| trace.id == id);
        index.unwrap_or_else(|| {
            self.ended.push(Trace::new(id));
            self.ended.len() - 1
        })
    }
}

/// The maximum number of open traces that are held. Beyond it, the oldest is printed as incomplete.
const MAX_HELD_TRACES: usize = 256;

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::Mutex;

    use opentelemetry::trace::{SpanContext, SpanKind, TraceFlags, TraceState};

    use super::super::fixture::{Fixture, TRACE};
    use super::super::page::PageStyle;
    use super::*;
    use crate::config::{Exporter, TelemetryConfig};
    use crate::destination::Destination;
    use crate::health::Health;
    use crate::signal::Signal;

    /// A shared writer whose text the test can read.
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

    struct Printed {
        traces: Traces,
        open: Arc<OpenSpans>,
        health: Arc<Health>,
        shared: Shared,
    }

    impl Printed {
        fn new() -> Self {
            let (shared, open) = (Shared::default(), Arc::default());
            let health = Health::new(Signal::Traces, Exporter::Console, Destination::Console);
            let config = TelemetryConfig::default().with_console_writer(shared.clone());
            let monitor = DeliveryMonitor::new(Arc::clone(&health), &config);
            let output = Output::new(&config);
            let traces = Traces::new(output, &monitor, &open);
            Self {
                traces,
                open,
                health,
                shared,
            }
        }

        fn add(&mut self, service: &str, spans: impl IntoIterator<Item = SpanData>) {
            spans
                .into_iter()
                .for_each(|span| self.traces.add(&span, &service.into()));
        }

        /// The traces printed so far: the header after the id, and the names.
        fn headers(&self) -> Vec<String> {
            self.shared.headers()
        }

        fn delivered(&self) -> u64 {
            self.health.counts().delivered
        }
    }

    #[test]
    fn a_trace_that_calls_its_own_process_is_one_tree() {
        let mut printed = Printed::new();
        let mut spans = Fixture::default()
            .span(0, "client", SpanKind::Client, 0, 9)
            .span(1, "server", SpanKind::Server, 1, 8)
            .0;
        spans[1].parent_span_is_remote = true;
        printed.open.start(TRACE);
        printed.open.start(TRACE);
        let server = spans.pop().expect("the server's span");
        printed.add("", [server]);
        assert!(printed.headers().is_empty(), "the client's span is still open");
        assert_eq!(
            printed.delivered(),
            0,
            "nothing is delivered before it is printed"
        );
        printed.add("", spans);
        assert_eq!(
            printed.headers(),
            ["2 spans · ● critical path"],
            "both have ended"
        );
        assert_eq!(printed.delivered(), 2, "both are delivered");
        assert_eq!(printed.open.forget(TRACE), None, "nothing is counted anymore");
    }

    #[test]
    fn open_trace_is_printed_as_incomplete_at_shutdown() {
        let mut printed = Printed::new();
        let spans = Fixture::default().span(7, "child", SpanKind::Internal, 0, 9).0;
        printed.open.start(TRACE);
        printed.open.start(TRACE);
        printed.add("", spans);
        printed.traces.print_rest();
        let expected = ["1 span · incomplete: 1 span still open"];
        assert_eq!(printed.headers(), expected, "at shutdown");
    }

    #[test]
    fn a_trace_of_two_services_is_one_tree() {
        let mut printed = Printed::new();
        printed.open.start(TRACE);
        printed.open.start(TRACE);
        let mut spans = Fixture::default()
            .span(0, "client", SpanKind::Client, 0, 9)
            .span(1, "server", SpanKind::Server, 1, 8)
            .0;
        printed.add("other", spans.pop());
        printed.add("", spans);
        let headers = ["2 spans · 2 services · ● critical path"];
        assert_eq!(printed.headers(), headers, "one tree of both");
        printed.traces.print_rest();
        assert_eq!(printed.headers(), headers, "nothing remains");
    }

    #[test]
    fn memory_is_bounded_in_traces_and_in_spans() {
        let mut printed = Printed::new();
        let orphan = Fixture::default()
            .span(7, "child", SpanKind::Internal, 0, 9)
            .0
            .remove(0);
        for trace in 1..=MAX_HELD_TRACES as u128 + 2 {
            let mut span = orphan.clone();
            let flags = TraceFlags::SAMPLED;
            let id = span.span_context.span_id();
            span.span_context = SpanContext::new(trace.into(), id, flags, false, TraceState::NONE);
            printed.add("", [span]);
        }
        let early = "1 span · incomplete: its root has not ended";
        assert_eq!(printed.headers(), [early, early], "the two oldest");
        assert_eq!(printed.traces.ended.len(), MAX_HELD_TRACES, "the held traces");

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
        let text = tree::print(&trace, None, printed.traces.output.page);
        assert!(
            text.contains(" · 1003 spans, 3 of them not shown · "),
            "{:?}",
            text.lines().next()
        );
    }

    /// Spans end before their parents, so the last of a trace are those that hold it together.
    #[test]
    fn the_root_of_a_large_trace_is_shown() {
        let mut large = Fixture::default()
            .span(0, "POST /report", SpanKind::Server, 0, 9_000)
            .span(1, "collect", SpanKind::Internal, 1, 8_999);
        for number in 0..2_500 {
            large = large.span(2, "query", SpanKind::Client, 2 + number, 3 + number);
        }
        large = large
            .span(1, "failed", SpanKind::Client, 1, 2)
            .failing("timeout", "");
        let mut trace = Trace::new(TRACE);
        for span in large.0.iter().rev() {
            trace.push(SpanRow::new(span, &"".into(), false));
        }
        assert_eq!(
            (trace.rows.len(), trace.more),
            (1_000, 1_503),
            "bounded, and all are counted"
        );
        let text = tree::print(&trace, None, PageStyle::plain(100));
        let names: Vec<&str> = text.lines().skip(2).take(5).collect();
        let expected = [
            "● POST /report       ",
            "  ├─ failed          ",
            "  │     ✗ timeout",
            "● └─ collect         ",
            "●    └─ query × 997  ",
        ];
        let all = names
            .iter()
            .zip(expected)
            .all(|(line, start)| line.starts_with(start));
        assert!(all && names.len() == expected.len(), "{text}");
        assert!(text.contains("✗ timeout"), "errors stay: {text}");
    }

    #[test]
    fn cycle_of_parents_is_printed_once() {
        let circle = Fixture::default()
            .span(2, "a", SpanKind::Internal, 0, 9)
            .span(1, "b", SpanKind::Internal, 1, 8)
            .span(3, "itself", SpanKind::Internal, 2, 7);
        let trace = circle.trace();
        let tree = trace.tree();
        let names: Vec<&str> = tree
            .nodes()
            .iter()
            .map(|node| trace.rows[node.span].name.as_str())
            .collect();
        assert_eq!(names, ["a", "b", "itself"], "each span once");
    }
}
