//! The layer and its service.

use std::sync::Arc;
use std::task::{self, Poll};
use std::time::Duration;

use throughline_tracing_layer::message::HttpResponse;
use tower_layer::Layer;
use tower_service::Service;

use super::bodies::BodyDrainLayer;
use super::drains::{Drains, Limits};
use super::executor::Executor;
use super::future::DrainFuture;
use crate::drain_signal::DrainSignal;

/// Reads the answer of a model call to its end if the caller drops the call or the body. See
/// [the module](super).
///
/// Clones share their drains, and so the limit on their number.
#[derive(Debug, Clone)]
pub struct DrainLayer {
    drains: Drains,
}

impl DrainLayer {
    /// Creates a layer whose drains run on `executor`, such as `tokio::runtime::Handle::current()`.
    #[must_use]
    pub fn new(executor: impl Executor) -> Self {
        Self {
            drains: Drains {
                executor: Arc::new(executor),
                limits: Limits::default(),
                open: Arc::default(),
                scoped: None,
                signal: DrainSignal::default(),
            },
        }
    }

    /// Sets how many drains may be open at once. Each one occupies a connection. Default: 64. Beyond that,
    /// dropped calls and bodies are dropped as without this layer.
    #[must_use]
    pub fn with_max_drains(mut self, drains: usize) -> Self {
        self.drains.limits.count = drains;
        self
    }

    /// Sets how many bytes of a body one drain may read. Default: 1 MiB.
    #[must_use]
    pub fn with_byte_limit(mut self, bytes: u64) -> Self {
        self.drains.limits.bytes = bytes;
        self
    }

    /// Sets how long one drain may wait for the head and read the body, together. Default: 30 s.
    #[must_use]
    pub fn with_time_limit(mut self, time: Duration) -> Self {
        self.drains.limits.time = time;
        self
    }

    /// Returns a layer that shares the drains of this one, but drains bodies only. Use it for services whose
    /// futures are not `'static`, such as those inside `LlmMiddleware`. A call that is dropped before the
    /// head of its answer is not drained.
    #[must_use]
    pub fn bodies_only(&self) -> BodyDrainLayer {
        BodyDrainLayer {
            drains: self.drains.clone(),
        }
    }

    /// Returns the number of open drains, for example for a gauge.
    #[must_use]
    pub fn open_drains(&self) -> usize {
        self.drains.open.count()
    }

    /// Waits up to `within` until no drain is open, and cuts off the rest. Returns whether all ended in time.
    ///
    /// Call it at shutdown, when no more calls are made, before [`wait_idle`](crate::wait_idle) and the
    /// shutdown of the providers. Drains that are cut off have a span as well, if the executor runs them
    /// within another 100 ms.
    pub async fn wait_idle(&self, within: Duration) -> bool {
        let all_ended = self.drains.none_open(within).await;
        if !all_ended {
            self.drains.open.cut_off();
            self.drains.none_open(CUT_OFF_GRACE).await;
        }
        all_ended
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

/// Reads the answers of model calls to their end if the callers drop them. Created by [`DrainLayer`].
#[derive(Debug, Clone)]
pub struct Drain<S> {
    inner: S,
    drains: Drains,
}

impl<S, R> Service<R> for Drain<S>
where
    S: Service<R, Response: HttpResponse<Drains, Body: Send + 'static>, Future: Send + 'static>,
{
    type Response = <S::Response as HttpResponse<Drains>>::Output;
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

/// The time that drains have to end after they are cut off.
const CUT_OFF_GRACE: Duration = Duration::from_millis(100);
