//! The global propagator. It is one for the whole process, so this is one test.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::HeaderMap;
use opentelemetry::Context;
use opentelemetry::baggage::BaggageExt;
use opentelemetry::trace::TraceContextExt;
use throughline_propagation::{Propagator, W3cPropagator};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::support::{TRACE, headers, traceparent};

#[test]
fn it_is_looked_up_when_a_request_comes_and_its_absence_is_told_once() {
    let warnings = Warnings::default();
    let _guard = tracing::subscriber::set_default(warnings.clone());
    let propagator = Propagator::default();
    let sent = headers(&[("traceparent", traceparent("01")), ("baggage", "a=1".to_owned())]);

    for _ in 0..3 {
        let cx = propagator.extract(&sent, &Context::new());
        assert!(
            !cx.has_active_span() && cx.baggage().is_empty(),
            "nothing is read"
        );
    }
    assert_eq!(warnings.0.load(Ordering::Relaxed), 1, "told once");

    opentelemetry::global::set_text_map_propagator(W3cPropagator::new());
    let cx = propagator.extract(&sent, &Context::new());
    assert_eq!(cx.span().span_context().trace_id().to_string(), TRACE, "read");
    let mut got = HeaderMap::new();
    propagator.inject(&cx, &mut got);
    assert_eq!(got, sent, "written");
}

/// Counts this crate's warnings.
#[derive(Debug, Clone, Default)]
struct Warnings(Arc<AtomicUsize>);

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::WARN && metadata.target() == "throughline-propagation"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
