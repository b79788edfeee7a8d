//! A scope around each request of a service of any kind.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context as Task, Poll};

use tower_layer::Layer;
use tower_service::Service;

use super::failure::Failure;
use super::running::Running;
use super::{HttpScopeLayer, InScope, Scope};

impl Scope {
    /// A layer that runs each request of a service in a scope like this one, from the call until the response is ready.
    ///
    /// An `Err` marks the span as failed. The response of a service for HTTP is ready before its body: there
    /// [`Scope::http_layer`] lasts as long as the body.
    ///
    /// ```
    /// use throughline_agents::tool;
    /// use tower::{ServiceBuilder, service_fn};
    ///
    /// let search = ServiceBuilder::new()
    ///     .layer(tool("search").layer())
    ///     .service(service_fn(|query: String| async move { Ok::<_, std::io::Error>(query.len()) }));
    /// ```
    #[must_use]
    pub fn layer(self) -> ScopeLayer<Self> {
        ScopeLayer::new(self)
    }

    /// A layer that runs each exchange of an HTTP service in a scope like this one, from the call until the response's
    /// body has ended.
    ///
    /// What a handler reads from a model while it streams its own answer is in the scope. The span is marked as failed
    /// by an error, a status of 500 or above, a body that breaks off, and a caller that leaves.
    #[must_use]
    pub fn http_layer(self) -> HttpScopeLayer<Self> {
        HttpScopeLayer::new(self)
    }
}

/// Gives each request its scope: a [`Scope`], always the same, or a function of the request.
pub trait ScopeFor<R> {
    /// The scope of this request. If it panics, the request has a scope without a span: see [`request`](super::request).
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

/// Puts a [`ScopedService`] around a service: see [`Scope::layer`].
#[derive(Clone)]
pub struct ScopeLayer<M> {
    scopes: M,
}

impl<M> ScopeLayer<M> {
    /// A layer that asks `scopes` for the scope of each request: a [`Scope`], or a function.
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
    type Future = InScope<S::Future>;

    fn poll_ready(&mut self, cx: &mut Task<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> InScope<S::Future> {
        let running = start(&self.scopes, &request);
        let attached = running.attach();
        let future = self.inner.call(request);
        drop(attached);
        InScope::begun(running, future, |result| result.as_ref().err().map(Failure::new))
    }
}

/// Begins the scope of a request.
pub(super) fn start<R>(scopes: &impl ScopeFor<R>, request: &R) -> Running {
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
