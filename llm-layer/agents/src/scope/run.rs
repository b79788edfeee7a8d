//! The ways to run something in a scope.

use std::fmt;
use std::future::Future;

use futures_core::Stream;
use http_body::Body;
use throughline_tracing_layer::message::HttpResponse;
use throughline_tracing_layer::observe::ResponseFuture;

use super::failure::Failure;
use super::http::{HttpScopeLayer, ScopedExchange};
use super::in_scope::{DeferredScope, InScope};
use super::layer::ScopeLayer;
use super::setup::Scope;

impl Scope {
    /// Runs a future in this scope. The scope starts with the first poll, beneath the context that is current now.
    ///
    /// The argument is evaluated before that: in `run(client.call(request))` the layers of `client` are called outside of the
    /// scope. Use `run(async { client.call(request).await })` or tower's `oneshot` to call them inside.
    pub fn run<F: Future>(self, future: F) -> InScope<F, F::Output> {
        InScope::new(self, future, |_| None)
    }

    /// Like [`Scope::run`]; an `Err` marks the span as failed.
    pub fn try_run<F, T, E>(self, future: F) -> InScope<F, F::Output>
    where
        F: Future<Output = Result<T, E>>,
        E: fmt::Display + 'static,
    {
        InScope::new(self, future, |output| output.as_ref().err().map(Failure::new))
    }

    /// Runs a stream in this scope. The scope starts with the first poll, beneath the context that is current now, and ends when
    /// the stream has ended or is dropped.
    ///
    /// Use it for answers that stream, since [`Scope::run`] ends with the future that returns the stream. To have the request in
    /// the scope too, flatten that future:
    ///
    /// ```
    /// use futures_util::{FutureExt, Stream, StreamExt, stream};
    /// use throughline_agents::agent;
    ///
    /// # async fn create_stream() -> impl Stream<Item = String> { stream::iter(["Hello".to_owned()]) }
    /// # async fn run() {
    /// let mut answer = Box::pin(agent("Planner").run_stream(create_stream().flatten_stream()));
    /// while let Some(text) = answer.next().await {
    ///     print!("{text}");
    /// }
    /// # }
    /// ```
    pub fn run_stream<S: Stream>(self, stream: S) -> InScope<S, S::Item> {
        InScope::new(self, stream, |_| None)
    }

    /// Like [`Scope::run_stream`]; an `Err` marks the span as failed.
    pub fn try_run_stream<S, T, E>(self, stream: S) -> InScope<S, S::Item>
    where
        S: Stream<Item = Result<T, E>>,
        E: fmt::Display + 'static,
    {
        InScope::new(self, stream, |item| item.as_ref().err().map(Failure::new))
    }

    /// Runs an HTTP body in this scope. The scope starts with the first poll, beneath the context that is current now, and ends
    /// when the body has ended or is dropped. An error marks the span as failed.
    pub fn run_body<B: Body<Error: fmt::Display + 'static>>(self, body: B) -> InScope<B, B::Error> {
        InScope::new(self, body, |error| Some(Failure::new(error)))
    }

    /// Runs a future of an HTTP response in this scope, which ends when the body of the response has ended or is dropped.
    ///
    /// The response is an [`http::Response`], or a `reqwest::Response` with the feature `reqwest`. The scope starts with the first
    /// poll, beneath the context that is current now. The span is marked as failed as that of [`Scope::http_layer`].
    ///
    /// ```
    /// use http::{Request, Response};
    /// use throughline_agents::agent;
    /// use tower::{ServiceExt, service_fn};
    ///
    /// # async fn run(request: Request<String>) -> Result<(), Box<dyn std::error::Error>> {
    /// # let client = service_fn(|request: Request<String>| async { Ok::<_, std::io::Error>(Response::new(request.into_body())) });
    /// let response = agent("Planner").run_response(client.oneshot(request)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn run_response<F, R, E>(self, future: F) -> impl Future<Output = Result<R::Output, E>>
    where
        F: Future<Output = Result<R, E>>,
        R: HttpResponse<ScopedExchange>,
        E: fmt::Display + 'static,
    {
        let deferred = DeferredScope::new(self);
        async move {
            let exchange = ScopedExchange::new(deferred.start());
            ResponseFuture::start(Some(exchange), || future).await
        }
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
