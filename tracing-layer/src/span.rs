//! A span in its context, ended once, for as long as the metrics say.

use std::time::{Duration, Instant, SystemTime};

use opentelemetry::global::BoxedSpan;
use opentelemetry::trace::{Span, Status, TraceContextExt};
use opentelemetry::{Context, KeyValue};

use crate::semconv;

/// When an exchange began.
///
/// Its length is measured by the monotonic clock and added to the start, so that the span is as long as the metric
/// says, also if the system's clock is set meanwhile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Began {
    pub(crate) at: SystemTime,
    instant: Instant,
}

/// The context that an exchange's span is in.
#[derive(Debug)]
pub(crate) struct OpenSpan {
    context: Context,
    recording: bool,
}

impl Began {
    pub(crate) fn now() -> Self {
        Self {
            at: SystemTime::now(),
            instant: Instant::now(),
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.instant.elapsed()
    }
}

impl OpenSpan {
    /// Puts a span into `parent`.
    pub(crate) fn new(parent: &Context, span: BoxedSpan) -> Self {
        let recording = span.is_recording();
        // Of a span that records nothing, only the ids are of use, and cheaper to keep.
        let context = if recording {
            parent.with_span(span)
        } else {
            parent.with_remote_span_context(span.span_context().clone())
        };
        Self { context, recording }
    }

    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    pub(crate) fn is_recording(&self) -> bool {
        self.recording
    }

    pub(crate) fn set(&self, attributes: impl IntoIterator<Item = KeyValue>) {
        self.context.span().set_attributes(attributes);
    }

    /// Ends the span with the class of error, if it failed. There is never a description: an error's text may hold
    /// secrets, and a status code needs none.
    pub(crate) fn end(self, began: Began, lasted: Duration, error: Option<&'static str>) {
        if !self.recording {
            return;
        }
        let span = self.context.span();
        if let Some(error) = error {
            span.set_attribute(KeyValue::new(semconv::ERROR_TYPE, error));
            span.set_status(Status::error(""));
        }
        span.end_with_timestamp(began.at + lasted);
    }
}
