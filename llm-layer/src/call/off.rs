//! Whether a call need not be observed.

use opentelemetry::Context;
use throughline_agents::scope::ScopeHandle;
use throughline_tracing_layer::provider::is_off;

use super::Shared;

/// Returns whether nothing receives what a call in this context would record: no provider of spans or
/// metrics, no logger, and no ledger, which a budget needs too. Then the request is not read, and no
/// vocabulary is loaded.
pub(super) fn is_call_off(shared: &Shared, cx: &Context) -> bool {
    is_off(Some(&shared.tracer), Some(&shared.instruments))
        && shared.config.events.is_none()
        && ScopeHandle::in_context(cx).is_none()
}
