//! The layer and its settings.

use tower_layer::Layer;

use super::Extract;
use super::settings::{Minting, Settings};
use crate::propagator::Propagator;
use crate::trust::Trust;

/// Makes the context of each request current. See the [module](super).
#[derive(Debug, Clone, Default)]
pub struct ExtractLayer {
    settings: Settings,
}

impl ExtractLayer {
    /// Creates a layer that uses the global propagator, trusts every caller and mints no `traceparent`.
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

    /// Starts a trace if a request has none, so that all services downstream share one. Default: off.
    ///
    /// The new `traceparent` has random ids and the random flag, but not the sampled flag, since nothing was
    /// recorded here. Use it in services without an SDK. With an SDK, the minted span would be the parent of
    /// the first span, and no backend would ever receive it.
    #[must_use]
    pub fn with_minting(mut self) -> Self {
        self.settings.minting = Some(Minting::Unsampled);
        self
    }

    /// Like [`with_minting`](Self::with_minting), with the sampled flag set, so that services downstream that
    /// follow it record the trace.
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
