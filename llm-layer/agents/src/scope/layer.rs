//! A layer that puts a scope around each request of a service.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context as Task, Poll};

use tower_layer::Layer;
use tower_service::Service;

use super::failure::Failure;
use super::in_scope::InScope;
use super::running::RunningScope;
use super::setup::Scope;

/// Returns the scope of a request. Implemented by [`Scope`], which is the same for all requests, and by functions of the request.
pub trait ScopeFor<R> {
    /// Returns the scope of this request. If it panics, the request has a scope without a span: see [`request`](super::request).
    fn scope_for(&self, request: &R) -> Scope;
}

impl<R> ScopeFor<R> for Scope {
    fn scope_for(&self, _: &R) -> Scope {
        self.clone()
    }
}

impl<R, F: Fn(&R) -> Scope> ScopeFor<R> for F {
    fn scope_for(&self, request: &R) -> Scope {
        self(request)
    }
}

/// A layer that runs each request in a scope: see [`Scope::layer`].
#[derive(Clone)]
pub struct ScopeLayer<M> {
    scopes: M,
}

impl<M> ScopeLayer<M> {
    /// Creates a layer whose scopes come from `scopes`: a [`Scope`] or a function of the request.
    ///
    /// ```
    /// use throughline_agents::{scope::ScopeLayer, tool};
    /// use tower::{ServiceBuilder, service_fn};
    ///
    /// struct Call {
    ///     tool: String,
    /// }
    ///
    /// let tools = ServiceBuilder::new()
    ///     .layer(ScopeLayer::new(|call: &Call| tool(call.tool.clone())))
    ///     .service(service_fn(|call: Call| async move { Ok::<_, std::io::Error>(call.tool) }));
    /// ```
    pub fn new(scopes: M) -> Self {
        Self { scopes }
    }
}

impl<S, M: Clone> Layer<S> for ScopeLayer<M> {
    type Service = ScopedService<S, M>;

    fn layer(&self, inner: S) -> ScopedService<S, M> {
        ScopedService {
            inner,
            scopes: self.scopes.clone(),
        }
    }
}

/// Runs each request of a service in a scope: see [`Scope::layer`].
#[derive(Clone)]
pub struct ScopedService<S, M> {
    inner: S,
    scopes: M,
}

impl<S, M, R> Service<R> for ScopedService<S, M>
where
    S: Service<R, Error: fmt::Display + 'static>,
    M: ScopeFor<R>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = InScope<S::Future, Result<S::Response, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Task<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let running = start(&self.scopes, &request);
        let attached = running.attach();
        let future = self.inner.call(request);
        drop(attached);
        InScope::started(running, future, |result| result.as_ref().err().map(Failure::new))
    }
}

/// Starts the scope of a request.
pub(super) fn start<R>(scopes: &impl ScopeFor<R>, request: &R) -> RunningScope {
    let scope = catch_unwind(AssertUnwindSafe(|| scopes.scope_for(request)));
    scope.unwrap_or_else(|_| super::request()).start()
}

impl<M> fmt::Debug for ScopeLayer<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopeLayer").finish_non_exhaustive()
    }
}

impl<S: fmt::Debug, M> fmt::Debug for ScopedService<S, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedService")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
