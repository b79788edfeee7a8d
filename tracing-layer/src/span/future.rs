//! A future that runs in a context.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context as Task, Poll, ready};

use opentelemetry::Context;
use pin_project_lite::pin_project;

use super::open::{OpenSpan, current, open};
use super::thread::Attached;

pin_project! {
    /// A future with its own context, which is current at every poll and while the future is dropped, on any
    /// thread.
    ///
    /// The inner future is dropped as soon as it is ready. Then its span, if it has one, ends, even if
    /// spawned tasks still hold the same context. (OpenTelemetry's own `WithContext` drops its future outside
    /// of the context, so that spans of destructors are lost to the trace.)
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are polled"]
    #[project = Projected]
    pub struct Traced<F> {
        #[pin]
        future: Option<F>,
        span: Option<OpenSpan>,
        working: bool,
    }

    impl<F> PinnedDrop for Traced<F> {
        fn drop(this: Pin<&mut Self>) {
            this.project().finish();
        }
    }
}

impl OpenSpan {
    /// Makes the span current in a future, on any thread that polls it, and ends it with the future.
    pub fn around<F: Future>(self, future: F) -> Traced<F> {
        Traced::new(future, self)
    }
}

impl<F> Traced<F> {
    pub(super) fn new(future: F, span: OpenSpan) -> Self {
        Self {
            future: Some(future),
            span: Some(span),
            working: false,
        }
    }
}

impl<F: Future> Future for Traced<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Task<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        // `Pending` without a registered waker would let the caller wait forever.
        let (Some(future), Some(span)) = (this.future.as_mut().as_pin_mut(), &this.span) else {
            unreachable!("a traced future was polled after it was ready")
        };
        *this.working = true;
        let attached = Attached::new(span.context().clone());
        let polled = future.poll(cx);
        drop(attached);
        *this.working = false;
        let output = ready!(polled);
        this.finish();
        Poll::Ready(output)
    }
}

impl<F> Projected<'_, F> {
    /// Drops the future in its context, then ends the span. If a poll did not return, it panicked, even if
    /// the panic was caught outside.
    fn finish(&mut self) {
        let Some(span) = self.span.take() else {
            return;
        };
        let attached = Attached::new(span.context().clone());
        self.future.set(None);
        drop(attached);
        if *self.working {
            span.panicked();
        }
    }
}

/// Carries a context into a future, whatever executor it is spawned on.
///
/// ```
/// # use throughline_tracing_layer as throughline;
/// use throughline::span::{InContextExt, current_trace_id, in_span};
/// # async fn spawn<T>(future: impl Future<Output = T> + Send) -> T { future.await }
///
/// # async fn example() {
/// in_span("parent", async {
///     let task = async { current_trace_id() }.in_current_context();
///     spawn(task).await;
/// })
/// .await;
/// # }
/// ```
pub trait InContextExt: Future + Sized {
    /// Makes `context` current whenever this future is polled or dropped.
    fn in_context(self, context: Context) -> Traced<Self> {
        Traced::new(self, OpenSpan::none(context))
    }

    /// Makes the context that is current now current whenever this future is polled or dropped.
    fn in_current_context(self) -> Traced<Self> {
        self.in_context(current())
    }
}

impl<F: Future> InContextExt for F {}

/// Starts a span now and makes it current in `future` until that is ready or dropped.
///
/// ```
/// # use throughline_tracing_layer as throughline;
/// use throughline::span::{in_span, set_span_attribute};
///
/// # async fn load(id: i64) -> i64 { id }
/// # async fn example() -> i64 {
/// in_span("load user", async {
///     set_span_attribute("user.id", 7);
///     load(7).await
/// })
/// .await
/// # }
/// ```
pub fn in_span<F: Future>(name: impl Into<Cow<'static, str>>, future: F) -> Traced<F> {
    open(name).around(future)
}
