//! Layers that do only one part of [`ClientLayer`].

use tower_layer::Layer;

use super::{Client, ClientLayer};
use crate::layer_parts::Parts;

/// Only the spans of a [`ClientLayer`]. No context is injected.
///
/// Create it from a configured layer, and put it outside of an
/// [`InjectLayer`](throughline_propagation::InjectLayer).
///
/// ```
/// # use throughline_tracing_layer as throughline;
/// use throughline::ClientLayer;
/// use throughline::client::SpanLayer;
///
/// let spans = SpanLayer::from(ClientLayer::new().with_request_headers(["x-tenant"]));
/// ```
#[derive(Debug, Clone)]
pub struct SpanLayer(ClientLayer);

/// Only the metrics of a [`ClientLayer`].
///
/// ```
/// # use throughline_tracing_layer as throughline;
/// use throughline::ClientLayer;
/// use throughline::client::MetricsLayer;
///
/// let metrics = MetricsLayer::from(ClientLayer::new().with_body_sizes(true));
/// ```
#[derive(Debug, Clone)]
pub struct MetricsLayer(ClientLayer);

impl From<ClientLayer> for SpanLayer {
    fn from(layer: ClientLayer) -> Self {
        Self(layer.only(Parts::SPANS))
    }
}

impl From<ClientLayer> for MetricsLayer {
    fn from(layer: ClientLayer) -> Self {
        Self(layer.only(Parts::METRICS))
    }
}

impl<S> Layer<S> for SpanLayer {
    type Service = Client<S>;

    fn layer(&self, inner: S) -> Client<S> {
        self.0.layer(inner)
    }
}

impl<S> Layer<S> for MetricsLayer {
    type Service = Client<S>;

    fn layer(&self, inner: S) -> Client<S> {
        self.0.layer(inner)
    }
}
