//! The layer and its settings.

use tower_layer::Layer;

use super::Inject;
use crate::outgoing::Outgoing;
use crate::propagator::Propagator;

/// Writes the current context into the headers of outgoing requests. See the [module](super).
#[derive(Debug, Clone, Default)]
pub struct InjectLayer {
    propagator: Propagator,
    outgoing: Outgoing,
}

impl InjectLayer {
    /// Creates a layer that uses the global propagator and sends trace context to every host and baggage to
    /// none.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the propagator. Default: [`Propagator::global`].
    #[must_use]
    pub fn with_propagator(mut self, propagator: impl Into<Propagator>) -> Self {
        self.propagator = propagator.into();
        self
    }

    /// Sets which hosts get which headers. Default: [`Outgoing::new`].
    #[must_use]
    pub fn with_outgoing(mut self, outgoing: Outgoing) -> Self {
        self.outgoing = outgoing;
        self
    }
}

impl<S> Layer<S> for InjectLayer {
    type Service = Inject<S>;

    fn layer(&self, inner: S) -> Inject<S> {
        Inject::new(inner, self.propagator.clone(), self.outgoing.clone())
    }
}
