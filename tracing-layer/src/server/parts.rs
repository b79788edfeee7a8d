//! The layer's parts, for those who compose.

use tower_layer::Layer;

use super::{Server, ServerLayer};
use crate::layer_parts::Parts;

/// Only the spans of a [`ServerLayer`]: no context is extracted, the parent is the current span.
///
/// It is made of a layer that is set as you like, and goes inside an
/// [`ExtractLayer`](throughline_propagation::ExtractLayer), whose link it takes where the caller was not believed.
///
/// ```
/// use throughline_tracing_layer::ServerLayer;
/// use throughline_tracing_layer::server::SpanLayer;
///
/// let spans = SpanLayer::from(ServerLayer::new().with_request_headers(["x-tenant"]));
/// ```
#[derive(Debug, Clone)]
pub struct SpanLayer(ServerLayer);

/// Only the metrics of a [`ServerLayer`].
///
/// ```
/// use throughline_tracing_layer::ServerLayer;
/// use throughline_tracing_layer::server::MetricsLayer;
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
