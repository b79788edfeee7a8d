//! The layer, and what can be set on it.

use std::borrow::Cow;
use std::sync::Arc;

use http::uri::Scheme;
use opentelemetry::KeyValue;
use throughline_propagation::{Head, Propagator, Trust};
use tower_layer::Layer;

use super::Server;
use super::settings::Settings;
use crate::hook::Hook;
use crate::observe::EndAt;
use crate::protocol;
use crate::setters::shared_setters;

/// Extracts the caller's context, and wraps each request in a span and its metrics.
///
/// Put it outermost. What is recorded, and when, is in the [module's documentation](super).
#[derive(Debug, Clone)]
pub struct ServerLayer {
    settings: Arc<Settings>,
}

impl ServerLayer {
    /// A layer that uses the global providers and propagator, resolved at the first request.
    #[must_use]
    pub fn new() -> Self {
        Self {
            settings: Arc::new(Settings::new()),
        }
    }

    shared_setters!();

    /// Extracts with this propagator. Default: the global one.
    #[must_use]
    pub fn with_propagator(self, propagator: impl Into<Propagator>) -> Self {
        self.with(|settings| settings.shared.propagator = propagator.into())
    }

    /// Believes these callers. Default: [`Trust::Always`].
    ///
    /// One that is not believed gets a trace of its own with a link to what it sent, and neither its `Forwarded` and
    /// `X-Forwarded-*` headers nor its `Host` are recorded.
    #[must_use]
    pub fn with_trust(self, trust: Trust) -> Self {
        self.with(|settings| settings.trust = trust)
    }

    /// Ends span and duration there. Default: [`EndAt::Body`].
    ///
    /// A response may choose for itself: see [`with_end_at_fn`](Self::with_end_at_fn). So may a route:
    ///
    /// ```
    /// # #[cfg(feature = "axum")] {
    /// use axum::Router;
    /// use axum::middleware::map_response;
    /// use axum::response::Response;
    /// use axum::routing::get;
    /// use throughline_tracing_layer::{EndAt, ServerLayer};
    ///
    /// async fn ends_with_its_head(mut response: Response) -> Response {
    ///     response.extensions_mut().insert(EndAt::Headers);
    ///     response
    /// }
    ///
    /// let router: Router = Router::new()
    ///     .route("/events", get(|| async { "a long stream" }).layer(map_response(ends_with_its_head)))
    ///     .route("/", get(|| async { "an answer" }))
    ///     .layer(ServerLayer::new());
    /// # let _ = router;
    /// # }
    /// ```
    #[must_use]
    pub fn with_end_at(self, end_at: EndAt) -> Self {
        self.with(|settings| settings.shared.end_at = end_at)
    }

    /// Sets whether a client that leaves an event stream is an error (`cancelled`). Default: `false`.
    ///
    /// An event stream is a response of type `text/event-stream` or `application/grpc*`: it often has no other end than
    /// its reader's leaving. A client that leaves any other response before its end always is an error.
    #[must_use]
    pub fn with_stream_cancellation_errors(self, are_errors: bool) -> Self {
        self.with(|settings| settings.stream_cancellation_errors = are_errors)
    }

    /// The `url.scheme` of a request that does not tell its own: any over HTTP/1.1. Default: `http`.
    ///
    /// A scheme other than `http` and `https` is ignored.
    #[must_use]
    pub fn with_scheme(self, scheme: &Scheme) -> Self {
        self.with(|settings| {
            settings.scheme = protocol::scheme(scheme.as_str()).unwrap_or(settings.scheme);
        })
    }

    /// Traces and measures only the requests for which `filter` is true. Default: all.
    ///
    /// The others keep their caller's context: traces pass through them. Of a `filter` that panics, all are recorded.
    #[must_use]
    pub fn with_filter(self, filter: impl Fn(&Head<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.with(|settings| settings.filter = Hook::new(Arc::new(filter)))
    }

    /// Asks `route` for the route of each request, before the framework is asked. Default: nobody.
    ///
    /// A route is a template with few values, such as `/users/{id}`; a path is not. Of a `route` that panics, the
    /// framework is asked.
    #[must_use]
    pub fn with_route(
        self,
        route: impl Fn(&Head<'_>) -> Option<Cow<'static, str>> + Send + Sync + 'static,
    ) -> Self {
        self.with(|settings| settings.route = Hook::new(Arc::new(route)))
    }

    /// Adds attributes to each recorded span when its request comes. Default: none. If `add` panics, there are none.
    #[must_use]
    pub fn with_request_attributes(
        self,
        add: impl Fn(&Head<'_>, &mut Vec<KeyValue>) + Send + Sync + 'static,
    ) -> Self {
        self.with(|settings| settings.request_attributes = Hook::new(Arc::new(add)))
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.settings));
        self
    }
}

impl Default for ServerLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for ServerLayer {
    type Service = Server<S>;

    fn layer(&self, inner: S) -> Server<S> {
        Server::new(inner, Arc::clone(&self.settings))
    }
}
