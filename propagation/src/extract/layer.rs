//! The layer, and what can be set on it.

use tower_layer::Layer;

use super::Extract;
use super::settings::{Minting, Settings};
use crate::propagator::Propagator;
use crate::trust::Trust;

/// Makes the context a request brought the current one. See the [module](super).
#[derive(Debug, Clone, Default)]
pub struct ExtractLayer {
    settings: Settings,
}

impl ExtractLayer {
    /// The global propagator, trusting every caller, minting nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the propagator. Default: [`Propagator::global`].
    #[must_use]
    pub fn with_propagator(mut self, propagator: impl Into<Propagator>) -> Self {
        self.settings.propagator = propagator.into();
        self
    }

    /// Sets whose trace is continued. Default: [`Trust::Always`].
    #[must_use]
    pub fn with_trust(mut self, trust: Trust) -> Self {
        self.settings.trust = trust;
        self
    }

    /// Starts a trace where a request brings none, so that all that happens downstream belongs to one. Default: off.
    ///
    /// The new `traceparent` has random ids, the random flag, and no sampled flag: nothing was recorded here, and
    /// whoever records comes later. It is for services without an SDK. With one it would be the parent of the first
    /// span, a parent that no backend ever sees, so leave it off.
    #[must_use]
    pub fn with_minting(mut self) -> Self {
        self.settings.minting = Some(Minting::Unsampled);
        self
    }

    /// Like [`with_minting`](Self::with_minting), with the sampled flag set: services downstream that heed it record the trace.
    #[must_use]
    pub fn with_sampled_minting(mut self) -> Self {
        self.settings.minting = Some(Minting::Sampled);
        self
    }
}

impl<S> Layer<S> for ExtractLayer {
    type Service = Extract<S>;

    fn layer(&self, inner: S) -> Extract<S> {
        Extract::new(inner, self.settings.clone())
    }
}
