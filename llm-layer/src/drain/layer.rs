//! The layer and its service.

use std::sync::Arc;
use std::task::{self, Poll};
use std::time::Duration;

use tower_layer::Layer;
use tower_service::Service;

use super::bodies::BodyDrainLayer;
use super::drains::{Drains, Limits};
use super::executor::Executor;
use super::future::DrainFuture;
use super::response::Drainable;
use crate::drain_signal::DrainSignal;
use crate::response::LlmResponse;

/// Puts a [`Drain`] around a service: see [the module](super). Its clones share their drains.
#[derive(Debug, Clone)]
pub struct DrainLayer {
    drains: Drains,
}

impl DrainLayer {
    /// A layer whose drains run on `executor`, such as `tokio::runtime::Handle::current()`.
    #[must_use]
    pub fn new(executor: impl Executor) -> Self {
        Self {
            drains: Drains {
                executor: Arc::new(executor),
                limits: Limits::default(),
                open: Arc::default(),
                scoped: None,
                mark: DrainSignal::default(),
            },
        }
    }

    /// The most drains at once, each of which keeps a connection; by default 64. A call or an answer beyond
    /// that is dropped.
    #[must_use]
    pub fn with_count(mut self, count: usize) -> Self {
        self.drains.limits.count = count;
        self
    }

    /// The most bytes that one drain reads; by default 1 MiB.
    #[must_use]
    pub fn with_bytes(mut self, bytes: u64) -> Self {
        self.drains.limits.bytes = bytes;
        self
    }

    /// The longest that one drain waits and reads; by default 30 s.
    #[must_use]
    pub fn with_time(mut self, time: Duration) -> Self {
        self.drains.limits.time = time;
        self
    }

    /// A layer with this one's drains, for services whose futures may borrow and so cannot go on alone, such
    /// as those of `LlmMiddleware`: a call that is dropped before its head is dropped.
    #[must_use]
    pub fn bodies_only(&self) -> BodyDrainLayer {
        BodyDrainLayer {
            drains: self.drains.clone(),
        }
    }

    /// The number of open drains, for a gauge.
    #[must_use]
    pub fn open(&self) -> usize {
        self.drains.open.count()
    }

    /// Waits until no drain is open; those that still are after `within` are cut off. Whether none had to be.
    ///
    /// Call it when no more calls are made, and before [`settle`](crate::settle) and the shutdown of the
    /// providers: a drain that was cut off has its span too, unless the executor does not get to it within
    /// 100 ms.
    pub async fn settle(&self, within: Duration) -> bool {
        let settled = self.drains.none_open(within).await;
        if !settled {
            self.drains.open.cut_off();
            self.drains.none_open(GRACE).await;
        }
        settled
    }
}

impl<S> Layer<S> for DrainLayer {
    type Service = Drain<S>;

    fn layer(&self, inner: S) -> Drain<S> {
        Drain {
            inner,
            drains: self.drains.clone(),
        }
    }
}

/// Reads the answers of model calls on when their callers leave.
#[derive(Debug, Clone)]
pub struct Drain<S> {
    inner: S,
    drains: Drains,
}

impl<S, R> Service<R> for Drain<S>
where
    S: Service<R, Response: Drainable, Future: Send + 'static>,
{
    type Response = <S::Response as LlmResponse<Drains>>::Output;
    type Error = S::Error;
    type Future = DrainFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let (call, drains) = self.drains.around(|| self.inner.call(request));
        DrainFuture::whole(call, drains)
    }
}

/// How long a drain that was cut off has to end.
const GRACE: Duration = Duration::from_millis(100);
