//! The layer and its service.

use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::Body;
use throughline_tracing_layer::message::{HttpClient, HttpRequest, HttpResponse};
use tower_layer::Layer;
use tower_service::Service;

use super::body::UsageRequested;
use super::future::IncludeUsageFuture;
use crate::call::ReadAhead;

/// Adds the option `include_usage` to requests for streams, and removes the additional event from the
/// answer. See [the module](super).
#[derive(Debug, Clone, Default)]
pub struct IncludeUsageLayer {
    hosts: Arc<Vec<String>>,
}

impl IncludeUsageLayer {
    /// Creates a layer that adds the option for the [hosts that are known to accept
    /// it](super#which-requests).
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a host that accepts the option, such as `vllm.internal` or `10.0.0.7`, together with its
    /// subdomains. Default: none in addition to [the table](super#which-requests).
    ///
    /// A host that does not support the option may refuse the request.
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

/// Requests the usage of streams, and removes the additional event. Created by [`IncludeUsageLayer`].
///
/// The inner service is cloned for each call whose request body is not in memory, since the clone sends the
/// request once the body is read. Clients are usually cheap to clone.
#[derive(Debug, Clone)]
pub struct IncludeUsage<S> {
    inner: S,
    hosts: Arc<Vec<String>>,
}

impl<S, R> Service<R> for IncludeUsage<S>
where
    R: HttpRequest<ReadAhead, Body: Body<Data = Bytes>>,
    S: HttpClient<R::Output, Answer: HttpResponse<UsageRequested, Body: Body<Data = Bytes>>> + Clone,
{
    type Response = <S::Answer as HttpResponse<UsageRequested>>::Output;
    type Error = S::Failure;
    type Future = IncludeUsageFuture<S, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Failure>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> IncludeUsageFuture<S, R> {
        IncludeUsageFuture::new(&mut self.inner, request, &self.hosts)
    }
}
