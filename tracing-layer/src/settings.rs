//! The settings that the layers of servers and clients share.

use opentelemetry::KeyValue;
use throughline_propagation::Propagator;

use crate::headers::Captured;
use crate::hook::Hook;
use crate::layer_parts::Parts;
use crate::method::Methods;
use crate::nesting::Nesting;
use crate::observe::{EndAt, ResponseHead};
use crate::provider::{LazyInstruments, LazyTracer, is_off};
use crate::query::Query;
use crate::semconv;

/// The shared settings.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    pub(crate) tracer: LazyTracer,
    pub(crate) propagator: Propagator,
    pub(crate) parts: Parts,
    pub(crate) methods: Methods,
    pub(crate) query: Query,
    pub(crate) request_headers: Captured,
    pub(crate) response_headers: Captured,
    pub(crate) response_attributes: Hook<ResponseAttributes>,
    pub(crate) end_at: EndAt,
    pub(crate) end_at_fn: Hook<EndAtFn>,
    /// Whether a span that lasts until the end of the body has the time until the head of the response.
    pub(crate) time_to_headers: bool,
    pub(crate) body_sizes: bool,
    pub(crate) nesting: Nesting,
}

pub(crate) type EndAtFn = dyn Fn(&ResponseHead<'_>) -> EndAt + Send + Sync;
type ResponseAttributes = dyn Fn(&ResponseHead<'_>, &mut Vec<KeyValue>) + Send + Sync;

impl Shared {
    pub(crate) fn new(end_at: EndAt) -> Self {
        Self {
            tracer: LazyTracer::global(semconv::scope()),
            propagator: Propagator::global(),
            parts: Parts::ALL,
            methods: Methods::from_env(),
            query: Query::from_env(),
            request_headers: Captured::default(),
            response_headers: Captured::default(),
            response_attributes: Hook::NONE,
            end_at,
            end_at_fn: Hook::NONE,
            time_to_headers: false,
            body_sizes: false,
            nesting: Nesting::default(),
        }
    }

    /// Returns whether no provider receives what these parts of a layer record.
    pub(crate) fn is_off<I: Send + Sync + 'static>(
        &self,
        parts: Parts,
        instruments: &LazyInstruments<I>,
    ) -> bool {
        is_off(
            parts.spans.then_some(&self.tracer),
            parts.metrics.then_some(instruments),
        )
    }

    /// Returns where the exchange of this response ends, by the extensions of the response, else by the
    /// function. If neither says it, the constant applies.
    pub(crate) fn chosen_end(&self, head: &ResponseHead<'_>) -> Option<EndAt> {
        let chosen = head.extensions.get().copied();
        chosen.or_else(|| self.end_at_fn.call(|choose| choose(head)))
    }
}
