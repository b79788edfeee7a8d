//! What a layer was set to.

use crate::method::Methods;
use crate::observe::EndAt;
use crate::propagate::Propagation;
use crate::provider::{LazyInstruments, LazyTracer};
use crate::redact::Redaction;
use crate::semconv;

use super::metrics::Instruments;

#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) tracer: LazyTracer,
    pub(super) instruments: LazyInstruments<Instruments>,
    pub(super) propagation: Propagation,
    pub(super) methods: Methods,
    pub(super) redaction: Redaction,
    pub(super) end_at: EndAt,
}

impl Settings {
    pub(super) fn new() -> Self {
        Self {
            tracer: LazyTracer::global(semconv::scope()),
            instruments: LazyInstruments::global(semconv::scope(), Instruments::new),
            propagation: Propagation::Global,
            methods: Methods::from_env(),
            redaction: Redaction::default(),
            end_at: EndAt::Headers,
        }
    }
}
