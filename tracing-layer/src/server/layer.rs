//! The layer and its settings.

use std::borrow::Cow;
use std::sync::Arc;

use http::uri::Scheme;
use opentelemetry::KeyValue;
use throughline_propagation::{Propagator, RequestHead, Trust};
use tower_layer::Layer;

use super::Server;
use super::settings::Settings;
use crate::hook::Hook;
use crate::observe::EndAt;
use crate::protocol;
use crate::setters::shared_setters;

/// Extracts the context of the caller, wraps each request in a span and records its metrics.
///
/// Put it outermost. See the [module's documentation](super) for what is recorded and when.
#[derive(Debug, Clone)]
pub struct ServerLayer {
    settings: Arc<Settings>,
}

impl ServerLayer {
    /// Creates a layer that uses the global providers and propagator. While there is no provider, it records
    /// nothing and [looks for one again](crate::provider).
    #[must_use]
    pub fn new() -> Self {
        Self {
            settings: Arc::new(Settings::new()),
        }
    }

    shared_setters!();

    /// Sets the propagator. Default: the global one.
    #[must_use]
    pub fn with_propagator(self, propagator: impl Into<Propagator>) -> Self {
        self.with(|settings| settings.shared.propagator = propagator.into())
    }

    /// Sets which callers are trusted. Default: [`Trust::Always`].
    ///
    /// A request of an untrusted caller gets its own trace with a link to the caller's. Its `Forwarded`,
    /// `X-Forwarded-*` and `Host` headers are not recorded.
    #[must_use]
    pub fn with_trust(self, trust: Trust) -> Self {
        self.with(|settings| settings.trust = trust)
    }

    /// Sets where span and duration end. Default: [`EndAt::Body`].
    ///
    /// A response can have its own setting: see [`with_end_at_fn`](Self::with_end_at_fn). So can a route:
    ///
    /// ```
    /// # use throughline_tracing_layer as throughline;
    /// # #[cfg(feature = "axum")] {
    /// use axum::Router;
    /// use axum::middleware::map_response;
    /// use axum::response::Response;
    /// use axum::routing::get;
    /// use throughline::{EndAt, ServerLayer};
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
    /// An event stream is a response of type `text/event-stream`, or a [gRPC call](super#grpc). It often has no
    /// other end than that its reader leaves. If a client leaves any other response before its end, this is
    /// always an error.
    #[must_use]
    pub fn with_stream_cancellation_errors(self, are_errors: bool) -> Self {
        self.with(|settings| settings.stream_cancellation_errors = are_errors)
    }

    /// Sets the `url.scheme` of requests that do not have one, as all over HTTP/1.1. Default: `http`.
    ///
    /// Schemes other than `http` and `https` are ignored.
    #[must_use]
    pub fn with_scheme(self, scheme: &Scheme) -> Self {
        self.with(|settings| {
            settings.scheme = protocol::scheme(scheme.as_str()).unwrap_or(settings.scheme);
        })
    }

    /// Sets which requests are traced and measured: those for which `filter` returns true. Default: all.
    ///
    /// Other requests keep the context of their caller, so that traces pass through. If `filter` panics, the
    /// request is recorded.
    #[must_use]
    pub fn with_filter(self, filter: impl Fn(&RequestHead<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.with(|settings| settings.filter = Hook::new(Arc::new(filter)))
    }

    /// Sets a function that returns the route of a request. It has precedence over the framework. Default:
    /// none.
    ///
    /// A route is a template with few values, such as `/users/{id}`; a path is not. If `route` panics, the
    /// route of the framework is used.
    #[must_use]
    pub fn with_route(
        self,
        route: impl Fn(&RequestHead<'_>) -> Option<Cow<'static, str>> + Send + Sync + 'static,
    ) -> Self {
        self.with(|settings| settings.route = Hook::new(Arc::new(route)))
    }

    /// Sets a hook that adds attributes to each recorded span when its request arrives. Default: none. If
    /// `add` panics, nothing is added.
    #[must_use]
    pub fn with_request_attributes(
        self,
        add: impl Fn(&RequestHead<'_>, &mut Vec<KeyValue>) + Send + Sync + 'static,
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
