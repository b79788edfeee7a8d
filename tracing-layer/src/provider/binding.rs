//! Providers whose instruments are bound.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use opentelemetry::InstrumentationScope;
use opentelemetry::metrics::{Meter, MeterProvider};

use super::shared::is_same;

/// A meter provider that is known to support bound instruments. While this value or a clone of it exists,
/// layers [bind](crate::series) what they record with the provider, also if it is the global one.
///
/// OpenTelemetry's API cannot tell whether a provider supports bound instruments, and one that does not
/// silently drops what is bound. `throughline-telemetry` reports the providers that it creates. If you create
/// the SDK yourself, you may report its provider if both of these are true:
///
/// - `opentelemetry_sdk` is built with its feature `experimental_metrics_bound_instruments`.
/// - All readers have cumulative temporality. With delta temporality, a series that was bound while an
///   instrument had too many series would stay merged.
///
/// Report it before the first measurement: layers ask once.
///
/// ```
/// # use throughline_tracing_layer as throughline;
/// use opentelemetry_sdk::metrics::SdkMeterProvider;
/// use throughline::provider::BoundInstruments;
///
/// let meters = SdkMeterProvider::default();
/// let bound = BoundInstruments::report(meters.clone());
/// // Keep it as long as the provider is used.
/// drop(bound);
/// ```
#[derive(Clone)]
#[must_use = "instruments are bound while this exists"]
pub struct BoundInstruments {
    _provider: Arc<Provider>,
}

type Provider = dyn MeterProvider + Send + Sync;

impl BoundInstruments {
    /// Reports a provider that supports bound instruments.
    pub fn report(provider: impl MeterProvider + Send + Sync + 'static) -> Self {
        let provider: Arc<Provider> = Arc::new(provider);
        let mut reported = REPORTED.lock().unwrap_or_else(PoisonError::into_inner);
        reported.retain(|reported| reported.strong_count() > 0);
        reported.push(Arc::downgrade(&provider));
        Self { _provider: provider }
    }
}

impl fmt::Debug for BoundInstruments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoundInstruments").finish_non_exhaustive()
    }
}

/// Returns whether a meter is of a provider that was reported. A provider returns the same meter for the same
/// scope.
pub(super) fn is_reported(meter: &Meter, scope: &InstrumentationScope) -> bool {
    let reported: Vec<Arc<Provider>> = {
        let reported = REPORTED.lock().unwrap_or_else(PoisonError::into_inner);
        reported.iter().filter_map(Weak::upgrade).collect()
    };
    // Not under the lock, since this runs code of the providers.
    reported
        .iter()
        .any(|provider| is_same(&provider.meter_with_scope(scope.clone()), meter))
}

static REPORTED: Mutex<Vec<Weak<Provider>>> = Mutex::new(Vec::new());
