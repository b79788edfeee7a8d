//! The propagator of a layer: given, or the global one.

use std::fmt;
use std::sync::Arc;

use http::HeaderMap;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::{Context, global};
use opentelemetry_http::{HeaderExtractor, HeaderInjector};

#[derive(Clone)]
pub(crate) enum Propagation {
    Global,
    Given(Arc<dyn TextMapPropagator + Send + Sync>),
}

impl Propagation {
    pub(crate) fn given(propagator: impl TextMapPropagator + Send + Sync + 'static) -> Self {
        Self::Given(Arc::new(propagator))
    }

    /// `parent` with what the headers carry.
    pub(crate) fn extract(&self, parent: &Context, headers: &HeaderMap) -> Context {
        let carrier = HeaderExtractor(headers);
        match self {
            Self::Given(propagator) => propagator.extract_with_context(parent, &carrier),
            Self::Global => {
                global::get_text_map_propagator(|global| global.extract_with_context(parent, &carrier))
            }
        }
    }

    /// Writes what `context` carries into the headers.
    pub(crate) fn inject(&self, context: &Context, headers: &mut HeaderMap) {
        let mut carrier = HeaderInjector(headers);
        match self {
            Self::Given(propagator) => propagator.inject_context(context, &mut carrier),
            Self::Global => {
                global::get_text_map_propagator(|global| global.inject_context(context, &mut carrier));
            }
        }
    }
}

impl fmt::Debug for Propagation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Global => "Global",
            Self::Given(_) => "Given",
        })
    }
}
