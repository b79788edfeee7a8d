//! The settings of the layer.

use std::sync::Arc;

use http::Uri;
use opentelemetry::KeyValue;
use throughline_propagation::Outgoing;

use super::Attempt;
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
    pub(super) outgoing: Outgoing,
    /// The server of requests whose URL names none.
    pub(super) target: Option<Uri>,
    pub(super) unix_socket: Option<Arc<str>>,
    pub(super) filter: Hook<Filter>,
    pub(super) request_attributes: Hook<RequestAttributes>,
    pub(super) max_server_addresses: usize,
}

pub(super) type Filter = dyn Fn(&Attempt<'_>) -> bool + Send + Sync;
pub(super) type RequestAttributes = dyn Fn(&Attempt<'_>, &mut Vec<KeyValue>) + Send + Sync;

impl Settings {
    pub(super) fn new() -> Self {
        Self {
            shared: Shared::new(EndAt::Headers),
            instruments: LazyInstruments::global(semconv::scope(), Instruments::new),
            outgoing: Outgoing::new(),
            target: None,
            unix_socket: None,
            filter: Hook::NONE,
            request_attributes: Hook::NONE,
            max_server_addresses: 100,
        }
    }
}
