//! What can be set on a layer of either side.

use opentelemetry::KeyValue;
use throughline_propagation::Propagator;

use crate::headers::Captured;
use crate::hook::Hook;
use crate::method::Methods;
use crate::observe::{EndAt, Head};
use crate::provider::LazyTracer;
use crate::query::Query;
use crate::semconv;

/// The settings that the server's layer and the client's share.
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
    pub(crate) body_sizes: bool,
}

/// What a layer does of all that one can do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts {
    /// Whether the context is extracted or injected.
    pub(crate) propagation: bool,
    pub(crate) spans: bool,
    pub(crate) metrics: bool,
}

type ResponseAttributes = dyn Fn(&Head<'_>, &mut Vec<KeyValue>) + Send + Sync;

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
            body_sizes: false,
        }
    }
}

impl Parts {
    const ALL: Self = Self {
        propagation: true,
        spans: true,
        metrics: true,
    };
    pub(crate) const SPANS: Self = Self {
        propagation: false,
        spans: true,
        metrics: false,
    };
    pub(crate) const METRICS: Self = Self {
        propagation: false,
        spans: false,
        metrics: true,
    };
}
