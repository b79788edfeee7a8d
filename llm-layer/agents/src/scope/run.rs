//! The ways to run something in a scope.

use std::fmt;
use std::future::Future;

use super::failure::Failure;
use super::future::InScope;
use super::http::HttpScopeLayer;
use super::layer::ScopeLayer;
use super::setup::Scope;

impl Scope {
    /// Runs a future in this scope. The scope starts with the first poll, beneath the context that is current now.
    ///
    /// The argument is evaluated before that: in `run(client.call(request))` the layers of `client` are called outside of the
    /// scope. Use `run(async { client.call(request).await })` or tower's `oneshot` to call them inside.
    pub fn run<F: Future>(self, future: F) -> InScope<F> {
        InScope::new(self, future, |_| None)
    }

    /// Like [`Scope::run`]; an `Err` marks the span as failed.
    pub fn try_run<F, T, E>(self, future: F) -> InScope<F>
    where
        F: Future<Output = Result<T, E>>,
        E: fmt::Display + 'static,
    {
        InScope::new(self, future, |output| output.as_ref().err().map(Failure::new))
    }

    /// Returns a layer that runs each request of a service in a scope like this one, from the call until the response is ready.
    ///
    /// An `Err` marks the span as failed. For an HTTP service use [`Scope::http_layer`], which lasts until the body has ended.
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

    /// Returns a layer that runs each exchange of an HTTP service in a scope like this one, from the call until the response
    /// body has ended.
    ///
    /// Model calls that a handler makes while it streams its own response are in the scope. The span is marked as failed if the
    /// service returns an error or a status of 500 or above, the body ends with an error, or the caller disconnects.
    #[must_use]
    pub fn http_layer(self) -> HttpScopeLayer<Self> {
        HttpScopeLayer::new(self)
    }
}
