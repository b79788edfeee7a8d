//! Model calls that are in flight, so that each is observed once.

use std::sync::OnceLock;

use opentelemetry::Context;

use crate::scope::ExhaustedBudget;

/// In a context with this, model calls are not observed: a layer above does it.
#[derive(Debug, Default)]
struct InModelCall {
    /// Only its answer will show whether it is one.
    is_uncertain: bool,
    refusal: OnceLock<ExhaustedBudget>,
}

/// Returns a context in which model calls are not observed, so that their tokens count once.
///
/// For libraries that observe their model calls themselves. Every `LlmLayer` makes such a context for the
/// service inside it.
#[must_use]
pub fn in_model_call(cx: &Context) -> Context {
    cx.with_value(InModelCall::default())
}

/// Returns a context like that of [`in_model_call`] for a request that other services have too, so that only
/// its answer shows whether it is a model call. No budget refuses it.
#[must_use]
pub fn in_possible_model_call(cx: &Context) -> Context {
    cx.with_value(InModelCall {
        is_uncertain: true,
        ..InModelCall::default()
    })
}

/// Returns whether budgets may refuse the request of a context.
pub(crate) fn is_refusable(cx: &Context) -> bool {
    cx.get::<InModelCall>().is_some_and(|call| !call.is_uncertain)
}

/// Returns whether a context is inside a model call.
#[must_use]
pub fn is_model_call(cx: &Context) -> bool {
    cx.get::<InModelCall>().is_some()
}

/// Returns whether model calls are observed in a context: outside of a model call, and where telemetry is not
/// suppressed.
#[must_use]
pub fn is_observed(cx: &Context) -> bool {
    !cx.is_telemetry_suppressed() && !is_model_call(cx)
}

/// Records that the model call of a context was not sent.
pub(crate) fn refuse(cx: &Context, refusal: &ExhaustedBudget) {
    if let Some(call) = cx.get::<InModelCall>() {
        let _ = call.refusal.set(refusal.clone());
    }
}

/// Returns why the model call of a context was not sent, if a budget refused it.
#[must_use]
pub fn refusal(cx: &Context) -> Option<ExhaustedBudget> {
    cx.get::<InModelCall>()?.refusal.get().cloned()
}
