//! A future that lives in a context.

use std::future::Future;
use std::pin::Pin;
use std::task::{self, Poll};

use opentelemetry::Context;
use pin_project_lite::pin_project;

pin_project! {
    /// Runs a future with a [`Context`] as the current one: while it is polled, and while it is dropped.
    ///
    /// OpenTelemetry's own `WithContext` drops its future outside the context, so what the future does last would be
    /// lost to the trace. Here it is dropped as soon as it is ready, or with this one.
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
    /// Calls `start` in the context, and keeps what it returns there.
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
        // To be pending with nobody to wake would let the caller wait for ever.
        let Some(poll) = poll else {
            unreachable!("a future in a context was polled after it was ready")
        };
        if poll.is_ready() {
            this.future.set(None);
        }
        poll
    }
}
