//! A future that runs in a context.

use std::future::Future;
use std::pin::Pin;
use std::task::{self, Poll};

use opentelemetry::Context;
use pin_project_lite::pin_project;

pin_project! {
    /// Makes a [`Context`] current while the inner future is polled and while it is dropped.
    ///
    /// OpenTelemetry's own `WithContext` drops its future outside of the context, so that spans of
    /// destructors are lost to the trace. This future drops the inner one in the context, as soon as it is
    /// ready.
    #[derive(Debug)]
    pub struct InContext<F> {
        #[pin]
        future: Option<F>,
        context: Context,
    }

    impl<F> PinnedDrop for InContext<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if this.future.is_some() {
                let _guard = this.context.clone().attach();
                this.future.set(None);
            }
        }
    }
}

impl<F> InContext<F> {
    /// Calls `start` in the context. The future that it returns runs in the context too.
    pub fn start(context: Context, start: impl FnOnce() -> F) -> Self {
        let guard = context.clone().attach();
        let future = Some(start());
        drop(guard);
        Self { future, context }
    }
}

impl<F: Future> Future for InContext<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let _guard = this.context.clone().attach();
        let poll = this.future.as_mut().as_pin_mut().map(|future| future.poll(cx));
        // `Pending` without a registered waker would let the caller wait forever.
        let Some(poll) = poll else {
            unreachable!("a future in a context was polled after it was ready")
        };
        if poll.is_ready() {
            this.future.set(None);
        }
        poll
    }
}
