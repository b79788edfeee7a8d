//! A layer that puts a scope around each exchange of an HTTP service.

use std::fmt;
use std::task::{Context as Task, Poll};

use bytes::Buf;
use http_body::Frame;
use opentelemetry::Context;
use throughline_tracing_layer::error_message::error_message;
use throughline_tracing_layer::error_type::error_type;
use throughline_tracing_layer::message::HttpResponse;
use throughline_tracing_layer::observe::{End, EndAt, Head, Observe, ResponseFuture};
use tower_layer::Layer;
use tower_service::Service;

use super::failure::Failure;
use super::layer::{ScopeFor, start};
use super::running::RunningScope;

/// A layer that runs each HTTP exchange in a scope: see [`Scope::http_layer`](super::Scope::http_layer).
#[derive(Clone)]
pub struct HttpScopeLayer<M> {
    scopes: M,
}

impl<M> HttpScopeLayer<M> {
    /// Creates a layer whose scopes come from `scopes`: a [`Scope`](super::Scope) or a function of the request.
    pub fn new(scopes: M) -> Self {
        Self { scopes }
    }
}

impl<S, M: Clone> Layer<S> for HttpScopeLayer<M> {
    type Service = HttpScopedService<S, M>;

    fn layer(&self, inner: S) -> HttpScopedService<S, M> {
        HttpScopedService {
            inner,
            scopes: self.scopes.clone(),
        }
    }
}

/// Runs each exchange of an HTTP service in a scope: see [`Scope::http_layer`](super::Scope::http_layer).
#[derive(Clone)]
pub struct HttpScopedService<S, M> {
    inner: S,
    scopes: M,
}

impl<S, M, R> Service<R> for HttpScopedService<S, M>
where
    S: Service<R, Response: HttpResponse<ScopedExchange>, Error: fmt::Display + 'static>,
    M: ScopeFor<R>,
{
    type Response = <S::Response as HttpResponse<ScopedExchange>>::Output;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ScopedExchange>;

    fn poll_ready(&mut self, cx: &mut Task<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let exchange = ScopedExchange::new(start(&self.scopes, &request));
        ResponseFuture::start(Some(exchange), || self.inner.call(request))
    }
}

/// The scope of an HTTP exchange, which observes the response of a [`HttpScopedService`].
#[derive(Debug)]
pub struct ScopedExchange {
    running: RunningScope,
}

impl ScopedExchange {
    pub(super) fn new(running: RunningScope) -> Self {
        Self { running }
    }
}

impl Observe for ScopedExchange {
    fn context(&self) -> Option<&Context> {
        Some(self.running.context())
    }

    fn on_response(&mut self, head: Head<'_>) -> EndAt {
        if head.status.is_server_error() {
            let status = head.status.as_str().to_owned();
            let description = format!("answered {status}");
            self.running.fail_with(Failure::with_type(status, description));
        }
        EndAt::Body
    }

    fn on_frame<D: Buf>(&mut self, _: &Frame<D>) {}

    fn on_end(mut self, end: End<'_>) {
        let failure = match end {
            End::ServiceError(cause) | End::BodyError(cause) => {
                Failure::with_type(error_type(cause), error_message(&cause))
            }
            End::Dropped => Failure::cancelled(),
            End::Panicked => Failure::panicked(),
            _ => return,
        };
        self.running.fail_with(failure);
    }
}

impl<M> fmt::Debug for HttpScopeLayer<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpScopeLayer").finish_non_exhaustive()
    }
}

impl<S: fmt::Debug, M> fmt::Debug for HttpScopedService<S, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpScopedService")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
