//! The propagator that is installed globally.

use opentelemetry::global;
use throughline_propagation::W3cPropagator;

/// Makes W3C trace context and baggage the global propagator.
pub(crate) fn install_propagator() {
    global::set_text_map_propagator(W3cPropagator::new());
}
