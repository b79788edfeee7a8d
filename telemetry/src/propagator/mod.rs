//! The propagators that are installed globally.

mod b3;
mod ids;
mod jaeger;
#[cfg(test)]
mod tests;
#[cfg(feature = "xray")]
mod xray;

use opentelemetry::global;
use opentelemetry::propagation::{TextMapCompositePropagator, TextMapPropagator};
use throughline_propagation::W3cPropagator;

use self::b3::B3;
use self::jaeger::Jaeger;
use crate::config::{Propagator, TelemetryConfig};
use crate::error::InitError;

type BoxedPropagator = Box<dyn TextMapPropagator + Send + Sync>;

/// Installs the configured propagators globally. On extraction, later ones are read first. Without configured
/// propagators, a global propagator that the program installed stays. If there is none, nothing is propagated.
pub(crate) fn install_propagator(config: &TelemetryConfig) -> Result<(), InitError> {
    config.check_propagator_features()?;
    let wants = |propagator| config.propagators.contains(&propagator);
    let (trace_context, baggage) = (wants(Propagator::TraceContext), wants(Propagator::Baggage));
    let w3c = W3cPropagator::new()
        .with_trace_context(trace_context)
        .with_baggage(baggage);
    let mut others: Vec<BoxedPropagator> = Vec::new();
    for propagator in &config.propagators {
        match propagator {
            Propagator::B3 => others.push(Box::new(B3::single())),
            Propagator::B3Multi => others.push(Box::new(B3::multi())),
            Propagator::Jaeger => others.push(Box::new(Jaeger::new())),
            #[cfg(feature = "xray")]
            Propagator::XRay => others.push(Box::new(xray::XRay::new())),
            // Both W3C formats are one propagator. Formats that are not compiled in are rejected above.
            _ => {}
        }
    }
    match (trace_context || baggage, others.is_empty()) {
        (true, true) => global::set_text_map_propagator(w3c),
        (true, false) => {
            others.push(Box::new(w3c));
            global::set_text_map_propagator(TextMapCompositePropagator::new(others));
        }
        (false, false) => global::set_text_map_propagator(TextMapCompositePropagator::new(others)),
        (false, true) => {
            // Without any, the layers would use W3C.
            if global::get_text_map_propagator(|installed| installed.fields().next().is_none()) {
                global::set_text_map_propagator(w3c);
            }
        }
    }
    Ok(())
}
