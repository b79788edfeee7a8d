//! Spans: started, made current, ended.

use std::borrow::Cow;
use std::sync::LazyLock;
use std::thread;

use opentelemetry::trace::{SpanBuilder, Status, TraceContextExt};
use opentelemetry::{Context, InstrumentationScope, KeyValue};

use super::thread::{Attached, is_alive, shielded, with_current};
use crate::provider::LazyTracer;
use crate::semconv;

/// A span that has started, not current yet: [`enter`](OpenSpan::enter) it in a function, put it
/// [`around`](OpenSpan::around) a future, or send it to another thread and do so there.
///
/// It ends when this is dropped, and not later: whoever else holds its context cannot keep it open. One that is dropped
/// because the thread panics has the status Error and the `error.type` `panic`.
#[derive(Debug)]
#[must_use = "a span ends when it is dropped"]
pub struct OpenSpan {
    context: Context,
    ends: bool,
    calm: bool,
}

impl OpenSpan {
    /// A context that is not a span to end.
    pub(super) fn none(context: Context) -> Self {
        Self {
            context,
            ends: false,
            calm: true,
        }
    }

    fn started(context: Context) -> Self {
        Self {
            context,
            ends: true,
            calm: !thread::panicking(),
        }
    }

    /// The context in which the span is the current one; the parent's, where no span was started.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Makes the span the current one of this thread until the guard is dropped.
    pub fn enter(self) -> SpanGuard {
        SpanGuard {
            _attached: Some(Attached::new(self.context.clone())),
            _span: Some(self),
        }
    }

    /// Runs `work` with the span as the current one, and leaves it open.
    pub fn within<T>(&self, work: impl FnOnce() -> T) -> T {
        let _attached = Attached::new(self.context.clone());
        work()
    }

    pub(super) fn panicked(&self) {
        if self.ends {
            let span = self.context.span();
            span.set_attribute(KeyValue::new(semconv::ERROR_TYPE, semconv::PANIC));
            span.set_status(Status::error("panicked"));
        }
    }
}

impl Drop for OpenSpan {
    fn drop(&mut self) {
        if self.calm && thread::panicking() {
            self.panicked();
        }
        if self.ends {
            shielded(|| self.context.span().end());
        }
    }
}

/// Keeps a span current on this thread; dropped, it ends the span.
///
/// It must not be held across an `.await`, where another task would find itself in the span: it is not `Send`, so the
/// compiler refuses to spawn such a future. Use [`in_span`](super::in_span) there.
///
/// ```compile_fail
/// use throughline_tracing_layer::span::span;
///
/// fn spawn(task: impl Future<Output = ()> + Send) {}
///
/// spawn(async {
///     let _span = span("wrong");
///     std::future::ready(()).await;
/// });
/// ```
#[derive(Debug)]
#[must_use = "a span ends when its guard is dropped: bind it to a name such as `_span`, not to `_`"]
pub struct SpanGuard {
    // Fields are dropped in this order: detached, then ended.
    _attached: Option<Attached>,
    _span: Option<OpenSpan>,
}

/// Starts a span and makes it current until the guard is dropped. TaskWeaver's
/// `get_tracer().start_as_current_span(name)`.
///
/// ```
/// use throughline_tracing_layer::span::{set_span_attribute, span};
///
/// fn plan(task: &str) -> usize {
///     let _span = span("plan");
///     let steps = task.split(',').count();
///     set_span_attribute("plan.steps", steps as i64);
///     steps
/// }
/// # assert_eq!(plan("a,b"), 2);
/// ```
pub fn span(name: impl Into<Cow<'static, str>>) -> SpanGuard {
    span_with(|| SpanBuilder::from_name(name))
}

/// Starts a span with attributes and makes it current until the guard is dropped. TinyLLM's `trace_span`.
///
/// Attributes given here are seen by the sampler. They are not iterated over where no span is started.
///
/// ```
/// use opentelemetry::KeyValue;
/// use throughline_tracing_layer::span::trace_span;
///
/// let _span = trace_span("node.model", [KeyValue::new("node.id", "n1")]);
/// ```
pub fn trace_span(
    name: impl Into<Cow<'static, str>>,
    attributes: impl IntoIterator<Item = KeyValue>,
) -> SpanGuard {
    span_with(|| SpanBuilder::from_name(name).with_attributes(attributes))
}

/// Like [`span`], with all that a [`SpanBuilder`] knows: kind, attributes, links, start.
///
/// `build` is not called where no span is started.
pub fn span_with(build: impl FnOnce() -> SpanBuilder) -> SpanGuard {
    // Where no span is started, nothing is attached either: the current context is the right one.
    let span = match start(&current(), build) {
        Start::Span(context) => OpenSpan::started(context),
        Start::Shade(context) => OpenSpan::none(context),
        Start::Nothing => {
            return SpanGuard {
                _attached: None,
                _span: None,
            };
        }
    };
    span.enter()
}

/// Starts a span that is not current yet, a child of the current one. TaskWeaver's `get_tracer().start_span(name)`.
///
/// ```
/// use throughline_tracing_layer::span::open;
///
/// let span = open("render");
/// std::thread::spawn(move || {
///     let _span = span.enter();
/// })
/// # .join().unwrap();
/// ```
pub fn open(name: impl Into<Cow<'static, str>>) -> OpenSpan {
    open_with(|| SpanBuilder::from_name(name))
}

/// Like [`open`], with all that a [`SpanBuilder`] knows.
///
/// ```
/// use opentelemetry::trace::{SpanBuilder, SpanKind};
/// use throughline_tracing_layer::span::open_with;
///
/// let span = open_with(|| SpanBuilder::from_name("publish").with_kind(SpanKind::Producer));
/// span.within(|| println!("published"));
/// ```
pub fn open_with(build: impl FnOnce() -> SpanBuilder) -> OpenSpan {
    open_in(current(), build)
}

/// Like [`open_with`], with a parent that need not be current.
///
/// Where no span is started, what is entered is the parent's context: what came from elsewhere goes on.
pub fn open_in(parent: Context, build: impl FnOnce() -> SpanBuilder) -> OpenSpan {
    match start(&parent, build) {
        Start::Span(context) => OpenSpan::started(context),
        Start::Shade(context) => OpenSpan::none(context),
        Start::Nothing => OpenSpan::none(parent),
    }
}

/// Whether a span started here would go to anyone: telemetry is not suppressed, and the current span is recorded or the
/// global tracer provider is not a no-op. TinyLLM's `is_telemetry_enabled`.
///
/// It does not ask the sampler. After a provider was shut down it is `true` until the next span has found that out.
#[must_use]
pub fn is_telemetry_enabled() -> bool {
    let seen = with_current(|cx| (cx.is_telemetry_suppressed(), cx.span().is_recording()));
    match seen {
        None | Some((true, _)) => false,
        Some((false, true)) => true,
        Some((false, false)) => !TRACER.is_noop(),
    }
}

enum Start {
    Span(Context),
    Shade(Context),
    Nothing,
}

/// A span that is not started must not leave its attributes to the one above it, if that is of another provider: a span
/// with the same ids that records nothing stands in between.
///
/// A thread that shuts down starts none: exporters have thread locals too.
fn start(parent: &Context, build: impl FnOnce() -> SpanBuilder) -> Start {
    if !is_alive() {
        return Start::Nothing;
    }
    let above = parent.span();
    match TRACER.start(parent, build) {
        Some(span) => Start::Span(parent.with_span(span)),
        None if above.is_recording() => {
            Start::Shade(parent.with_remote_span_context(above.span_context().clone()))
        }
        None => Start::Nothing,
    }
}

pub(super) fn current() -> Context {
    with_current(Context::clone).unwrap_or_default()
}

static TRACER: LazyLock<LazyTracer> = LazyLock::new(|| {
    let scope = InstrumentationScope::builder(env!("CARGO_PKG_NAME"))
        .with_version(env!("CARGO_PKG_VERSION"))
        .build();
    LazyTracer::following(scope)
});
