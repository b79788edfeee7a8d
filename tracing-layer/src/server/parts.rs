//! Layers that do only one part of [`ServerLayer`].

use tower_layer::Layer;

use super::{Server, ServerLayer};
use crate::layer_parts::Parts;

/// Only the spans of a [`ServerLayer`]. No context is extracted: the parent is the current span.
///
/// Create it from a configured layer, and put it inside of an
/// [`ExtractLayer`](throughline_propagation::ExtractLayer), whose link it uses if the caller is not trusted.
///
/// ```
/// # use throughline_tracing_layer as throughline;
/// use throughline::ServerLayer;
/// use throughline::server::SpanLayer;
///
/// let spans = SpanLayer::from(ServerLayer::new().with_request_headers(["x-tenant"]));
/// ```
#[derive(Debug, Clone)]
pub struct SpanLayer(ServerLayer);

/// Only the metrics of a [`ServerLayer`].
///
/// ```
/// # use throughline_tracing_layer as throughline;
/// use throughline::ServerLayer;
/// use throughline::server::MetricsLayer;
///
/// let metrics = MetricsLayer::from(ServerLayer::new().with_body_sizes(true));
/// ```
#[derive(Debug, Clone)]
pub struct MetricsLayer(ServerLayer);

impl From<ServerLayer> for SpanLayer {
    fn from(layer: ServerLayer) -> Self {
        Self(layer.only(Parts::SPANS))
    }
}

impl From<ServerLayer> for MetricsLayer {
    fn from(layer: ServerLayer) -> Self {
        Self(layer.only(Parts::METRICS))
    }
}

impl<S> Layer<S> for SpanLayer {
    type Service = Server<S>;

    fn layer(&self, inner: S) -> Server<S> {
        self.0.layer(inner)
    }
}

impl<S> Layer<S> for MetricsLayer {
    type Service = Server<S>;

    fn layer(&self, inner: S) -> Server<S> {
        self.0.layer(inner)
    }
}
