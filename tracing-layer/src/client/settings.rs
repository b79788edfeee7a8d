//! What a layer was set to.

use opentelemetry::KeyValue;
use throughline_propagation::{Outgoing, Propagator};

use super::Attempt;
use super::metrics::Instruments;
use crate::headers::Captured;
use crate::hook::Hook;
use crate::method::Methods;
use crate::observe::{EndAt, Head};
use crate::provider::{LazyInstruments, LazyTracer};
use crate::redact::Redaction;
use crate::semconv;

#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) tracer: LazyTracer,
    pub(super) instruments: LazyInstruments<Instruments>,
    pub(super) propagator: Propagator,
    pub(super) outgoing: Outgoing,
    pub(super) parts: Parts,
    pub(super) methods: Methods,
    pub(super) redaction: Redaction,
    pub(super) request_headers: Captured,
    pub(super) response_headers: Captured,
    pub(super) filter: Hook<Filter>,
    pub(super) request_attributes: Hook<RequestAttributes>,
    pub(super) response_attributes: Hook<ResponseAttributes>,
    pub(super) end_at: EndAt,
    pub(super) body_sizes: bool,
}

/// What a layer does of all that one can do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts {
    pub(super) inject: bool,
    pub(super) spans: bool,
    pub(super) metrics: bool,
}

pub(super) type Filter = dyn Fn(&Attempt<'_>) -> bool + Send + Sync;
pub(super) type RequestAttributes = dyn Fn(&Attempt<'_>, &mut Vec<KeyValue>) + Send + Sync;
pub(super) type ResponseAttributes = dyn Fn(&Head<'_>, &mut Vec<KeyValue>) + Send + Sync;

impl Settings {
    pub(super) fn new() -> Self {
        Self {
            tracer: LazyTracer::global(semconv::scope()),
            instruments: LazyInstruments::global(semconv::scope(), Instruments::new),
            propagator: Propagator::global(),
            outgoing: Outgoing::new(),
            parts: Parts {
                inject: true,
                spans: true,
                metrics: true,
            },
            methods: Methods::from_env(),
            redaction: Redaction::default(),
            request_headers: Captured::default(),
            response_headers: Captured::default(),
            filter: Hook::NONE,
            request_attributes: Hook::NONE,
            response_attributes: Hook::NONE,
            end_at: EndAt::Headers,
            body_sizes: false,
        }
    }
}
