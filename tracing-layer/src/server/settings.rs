//! The settings of the layer.

use std::borrow::Cow;

use opentelemetry::KeyValue;
use throughline_propagation::{Head, Trust};

use super::metrics::Instruments;
use crate::hook::Hook;
use crate::observe::EndAt;
use crate::provider::LazyInstruments;
use crate::semconv;
use crate::settings::Shared;

#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) shared: Shared,
    pub(super) instruments: LazyInstruments<Instruments>,
    pub(super) trust: Trust,
    pub(super) scheme: &'static str,
    pub(super) stream_cancellation_errors: bool,
    pub(super) filter: Hook<Filter>,
    pub(super) route: Hook<RouteOf>,
    pub(super) request_attributes: Hook<RequestAttributes>,
}

pub(super) type Filter = dyn Fn(&Head<'_>) -> bool + Send + Sync;
pub(super) type RouteOf = dyn Fn(&Head<'_>) -> Option<Cow<'static, str>> + Send + Sync;
pub(super) type RequestAttributes = dyn Fn(&Head<'_>, &mut Vec<KeyValue>) + Send + Sync;

impl Settings {
    pub(super) fn new() -> Self {
        Self {
            shared: Shared::new(EndAt::Body),
            instruments: LazyInstruments::global(semconv::scope(), Instruments::new),
            trust: Trust::Always,
            scheme: semconv::HTTP,
            stream_cancellation_errors: false,
            filter: Hook::NONE,
            route: Hook::NONE,
            request_attributes: Hook::NONE,
        }
    }
}
