//! The user's own computation of a cost.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use opentelemetry::otel_warn;

use super::billed::BilledCall;

/// A function that computes the cost of a call.
#[derive(Clone)]
pub(crate) struct CostHook(Arc<Hook>);

type Hook = dyn Fn(&BilledCall<'_>) -> Option<f64> + Send + Sync;

impl CostHook {
    pub(crate) fn new(hook: impl Fn(&BilledCall<'_>) -> Option<f64> + Send + Sync + 'static) -> Self {
        Self(Arc::new(hook))
    }

    /// Returns what the function returns, or `None` if it panics or that is no number.
    pub(crate) fn cost(&self, call: &BilledCall<'_>) -> Option<f64> {
        let called = catch_unwind(AssertUnwindSafe(|| (self.0)(call)));
        if called.is_err() {
            otel_warn!(
                name: "throughline.hook_panicked",
                message = "The cost hook of a layer panicked. The cost is computed from the prices."
            );
        }
        called.ok().flatten().filter(|cost| cost.is_finite())
    }
}

impl fmt::Debug for CostHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CostHook")
    }
}
