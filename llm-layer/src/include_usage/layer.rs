//! The layer and its service.

use std::sync::Arc;
use std::task::{Context, Poll};

use tower_layer::Layer;
use tower_service::Service;

use super::body::Asked;
use super::future::IncludeUsageFuture;
use super::request::UsageRequest;
use crate::response::LlmResponse;

/// Puts an [`IncludeUsage`] around a service: see [the module](super).
#[derive(Debug, Clone, Default)]
pub struct IncludeUsageLayer {
    hosts: Arc<Vec<String>>,
}

impl IncludeUsageLayer {
    /// A layer that asks the hosts that are known to accept it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks this host too, and those below it, such as `vllm.internal` or `10.0.0.7`; by default none but
    /// those in [the table](super).
    ///
    /// A host that does not know the option may refuse the request, and a strict one will.
    #[must_use]
    pub fn with_host(mut self, host: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.hosts).push(host.into());
        self
    }
}

impl<S> Layer<S> for IncludeUsageLayer {
    type Service = IncludeUsage<S>;

    fn layer(&self, inner: S) -> IncludeUsage<S> {
        IncludeUsage {
            inner,
            hosts: self.hosts.clone(),
        }
    }
}

/// Asks for the usage of streams, and takes what comes of it out of the answer.
///
/// The inner service is cloned for each call whose request body must be read first, and must then be cheap to
/// clone, as every client is.
#[derive(Debug, Clone)]
pub struct IncludeUsage<S> {
    inner: S,
    hosts: Arc<Vec<String>>,
}

impl<S, R> Service<R> for IncludeUsage<S>
where
    R: UsageRequest,
    S: Service<R::Sent, Response: LlmResponse<Asked>> + Clone,
{
    type Response = <S::Response as LlmResponse<Asked>>::Output;
    type Error = S::Error;
    type Future = IncludeUsageFuture<S, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> IncludeUsageFuture<S, R> {
        IncludeUsageFuture::new(&mut self.inner, request, &self.hosts)
    }
}
