//! What a layer was set to.

use std::borrow::Cow;

use opentelemetry::KeyValue;
use throughline_propagation::{Head, Propagator, Trust};

use super::metrics::Instruments;
use crate::headers::Captured;
use crate::hook::Hook;
use crate::method::Methods;
use crate::observe::{self, EndAt};
use crate::provider::{LazyInstruments, LazyTracer};
use crate::redact::Redaction;
use crate::semconv;

#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) tracer: LazyTracer,
    pub(super) instruments: LazyInstruments<Instruments>,
    pub(super) propagator: Propagator,
    pub(super) trust: Trust,
    pub(super) parts: Parts,
    pub(super) methods: Methods,
    pub(super) scheme: &'static str,
    pub(super) redaction: Redaction,
    pub(super) request_headers: Captured,
    pub(super) response_headers: Captured,
    pub(super) filter: Hook<Filter>,
    pub(super) route: Hook<RouteOf>,
    pub(super) request_attributes: Hook<RequestAttributes>,
    pub(super) response_attributes: Hook<ResponseAttributes>,
    pub(super) end_at: EndAt,
    pub(super) body_sizes: bool,
}

/// What a layer does of all that one can do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts {
    pub(super) extract: bool,
    pub(super) spans: bool,
    pub(super) metrics: bool,
}

pub(super) type Filter = dyn Fn(&Head<'_>) -> bool + Send + Sync;
pub(super) type RouteOf = dyn Fn(&Head<'_>) -> Option<Cow<'static, str>> + Send + Sync;
pub(super) type RequestAttributes = dyn Fn(&Head<'_>, &mut Vec<KeyValue>) + Send + Sync;
pub(super) type ResponseAttributes = dyn Fn(&observe::Head<'_>, &mut Vec<KeyValue>) + Send + Sync;

impl Settings {
    pub(super) fn new() -> Self {
        Self {
            tracer: LazyTracer::global(semconv::scope()),
            instruments: LazyInstruments::global(semconv::scope(), Instruments::new),
            propagator: Propagator::global(),
            trust: Trust::Always,
            parts: Parts {
                extract: true,
                spans: true,
                metrics: true,
            },
            methods: Methods::from_env(),
            scheme: semconv::HTTP,
            redaction: Redaction::default(),
            request_headers: Captured::default(),
            response_headers: Captured::default(),
            filter: Hook::NONE,
            route: Hook::NONE,
            request_attributes: Hook::NONE,
            response_attributes: Hook::NONE,
            end_at: EndAt::Body,
            body_sizes: false,
        }
    }
}
