//! A layer for inner routers.

use std::borrow::Cow;
use std::task::{Context as Task, Poll};

use http::Request;
use tower_layer::Layer;
use tower_service::Service;

use super::route::{matched, set_route};

/// Reports the route of a request to the [`ServerLayer`](super::ServerLayer) outside.
///
/// Use it if the server layer is placed where routes are not known yet: around a whole router, a
/// `NormalizePath`, or a `nest_service`. Put this layer where they are known, such as in
/// `Router::route_layer`.
///
/// ```
/// # use throughline_tracing_layer as throughline;
/// # #[cfg(feature = "axum")] {
/// use axum::Router;
/// use axum::routing::get;
/// use throughline::ServerLayer;
/// use throughline::server::RouteLayer;
/// use tower::ServiceBuilder;
///
/// let router: Router = Router::new()
///     .route("/users/{id}", get(|| async { "a user" }))
///     .route_layer(RouteLayer::matched());
/// let service = ServiceBuilder::new().layer(ServerLayer::new()).service(router);
/// # let _ = service;
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct RouteLayer {
    template: Option<Cow<'static, str>>,
}

/// A service whose route is reported. Created by [`RouteLayer`].
#[derive(Debug, Clone)]
pub struct WithRoute<S> {
    inner: S,
    template: Option<Cow<'static, str>>,
}

impl RouteLayer {
    /// Creates a layer that reports axum's `MatchedPath` (feature `axum`).
    #[must_use]
    pub fn matched() -> Self {
        Self::default()
    }

    /// Creates a layer that reports this template.
    #[must_use]
    pub fn named(template: impl Into<Cow<'static, str>>) -> Self {
        Self {
            template: Some(template.into()),
        }
    }
}

impl<S> Layer<S> for RouteLayer {
    type Service = WithRoute<S>;

    fn layer(&self, inner: S) -> WithRoute<S> {
        WithRoute {
            inner,
            template: self.template.clone(),
        }
    }
}

impl<S, B> Service<Request<B>> for WithRoute<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Task<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> S::Future {
        match &self.template {
            Some(template) => {
                set_route(template.clone());
            }
            None => {
                if let Some(template) = matched(request.extensions()) {
                    set_route(template.to_owned());
                }
            }
        }
        self.inner.call(request)
    }
}
