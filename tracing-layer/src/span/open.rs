//! Starts spans, makes them current and ends them.

use std::borrow::Cow;
use std::sync::LazyLock;
use std::thread;

use opentelemetry::trace::{SpanBuilder, Status, TraceContextExt};
use opentelemetry::{Context, InstrumentationScope, KeyValue};

use super::thread::{Attached, is_alive, shielded, with_current};
use crate::provider::{LazyTracer, is_shut_down};
use crate::semconv;

/// A span that has started and is not current yet. [`enter`](OpenSpan::enter) it in a function, put it
/// [`around`](OpenSpan::around) a future, or send it to another thread first.
///
/// It ends when it is dropped, even if its context is held elsewhere. If it is dropped because the thread
/// panics, it has the status Error and the `error.type` `panic`.
#[derive(Debug)]
#[must_use = "a span ends when it is dropped"]
pub struct OpenSpan {
    context: Context,
    ends: bool,
    calm: bool,
}

impl OpenSpan {
    /// Creates a context without a span to end.
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

    /// Returns the context in which the span is current, or the context of the parent if no span was started.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Makes the span current on this thread until the guard is dropped.
    pub fn enter(self) -> SpanGuard {
        SpanGuard {
            _attached: Some(Attached::new(self.context.clone())),
            _span: Some(self),
        }
    }

    /// Runs `work` with the span current. The span remains open.
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

/// Keeps a span current on this thread. The span ends when the guard is dropped.
///
/// It must not be held across an `.await`, where another task would run in the span. It is not `Send`, so the
/// compiler refuses to spawn such a future. Use [`in_span`](super::in_span) instead.
///
/// ```compile_fail
/// # use throughline_tracing_layer as throughline;
/// use throughline::span::span;
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
    // Fields are dropped in this order: the context is detached, then the span ends.
    _attached: Option<Attached>,
    _span: Option<OpenSpan>,
}

/// Starts a span and makes it current until the guard is dropped, like TaskWeaver's
/// `get_tracer().start_as_current_span(name)`.
///
/// ```
/// # use throughline_tracing_layer as throughline;
/// use throughline::span::{set_span_attribute, span};
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

/// Starts a span with attributes and makes it current until the guard is dropped, like TinyLLM's
/// `trace_span`.
///
/// The sampler sees these attributes. If no span is started, the iterator is not used.
///
/// ```
/// # use throughline_tracing_layer as throughline;
/// use opentelemetry::KeyValue;
/// use throughline::span::trace_span;
///
/// let _span = trace_span("node.model", [KeyValue::new("node.id", "n1")]);
/// ```
pub fn trace_span(
    name: impl Into<Cow<'static, str>>,
    attributes: impl IntoIterator<Item = KeyValue>,
) -> SpanGuard {
    span_with(|| SpanBuilder::from_name(name).with_attributes(attributes))
}

/// Like [`span`], with everything that a [`SpanBuilder`] can set: kind, attributes, links, start time.
///
/// `build` is not called if no span is started.
pub fn span_with(build: impl FnOnce() -> SpanBuilder) -> SpanGuard {
    // If no span is started, nothing is attached either, since the current context is the right one.
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

/// Starts a span that is not current yet, as a child of the current one, like TaskWeaver's
/// `get_tracer().start_span(name)`.
///
/// ```
/// # use throughline_tracing_layer as throughline;
/// use throughline::span::open;
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

/// Like [`open`], with everything that a [`SpanBuilder`] can set.
///
/// ```
/// # use throughline_tracing_layer as throughline;
/// use opentelemetry::trace::{SpanBuilder, SpanKind};
/// use throughline::span::open_with;
///
/// let span = open_with(|| SpanBuilder::from_name("publish").with_kind(SpanKind::Producer));
/// span.within(|| println!("published"));
/// ```
pub fn open_with(build: impl FnOnce() -> SpanBuilder) -> OpenSpan {
    open_in(current(), build)
}

/// Like [`open_with`], with a parent that need not be current.
///
/// If no span is started, the context of the parent is entered, so that a remote trace continues.
pub fn open_in(parent: Context, build: impl FnOnce() -> SpanBuilder) -> OpenSpan {
    match start(&parent, build) {
        Start::Span(context) => OpenSpan::started(context),
        Start::Shade(context) => OpenSpan::none(context),
        Start::Nothing => OpenSpan::none(parent),
    }
}

/// Returns whether a span that is started now would reach a provider: telemetry is not suppressed, and the
/// current span is recorded or the global tracer provider is not a no-op. It is like TinyLLM's
/// `is_telemetry_enabled`.
///
/// The sampler is not consulted. After the shutdown of `throughline-telemetry`, the result is `false`; after
/// that of another provider, it is `true` until the next span detects it.
#[must_use]
pub fn is_telemetry_enabled() -> bool {
    let seen = with_current(|cx| (cx.is_telemetry_suppressed(), cx.span().is_recording()));
    match seen {
        None | Some((true, _)) => false,
        Some((false, true)) => true,
        Some((false, false)) => !is_shut_down() && !TRACER.is_noop(),
    }
}

enum Start {
    Span(Context),
    Shade(Context),
    Nothing,
}

/// If no span is started, its attributes must not go to the outer span of another provider. Therefore a span
/// with the same ids that records nothing is put in between.
///
/// A thread that shuts down starts no span, since exporters have thread locals too.
fn start(parent: &Context, build: impl FnOnce() -> SpanBuilder) -> Start {
    if !is_alive() {
        return Start::Nothing;
    }
    let above = parent.span();
    match TRACER.start(parent, build) {
        Some(span) => Start::Span(span.context),
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
