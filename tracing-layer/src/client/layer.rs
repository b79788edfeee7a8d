//! The layer, and what can be set on it.

use std::path::Path;
use std::sync::Arc;

use opentelemetry::KeyValue;
use throughline_propagation::{Outgoing, Propagator};
use tower_layer::Layer;

use super::settings::Settings;
use super::{Attempt, Client};
use crate::hook::Hook;
use crate::observe::EndAt;
use crate::setters::shared_setters;

/// Wraps each request in a span and its metrics, and injects the span's context.
///
/// Put it innermost, next to the transport, so that each attempt of a retry and each redirect is a span of its own. What is recorded, and
/// when, is in the [module's documentation](super).
#[derive(Debug, Clone)]
pub struct ClientLayer {
    settings: Arc<Settings>,
}

impl ClientLayer {
    /// A layer that uses the global providers and propagator, resolved at the first request.
    #[must_use]
    pub fn new() -> Self {
        Self {
            settings: Arc::new(Settings::new()),
        }
    }

    shared_setters!();

    /// Injects with this propagator. Default: the global one.
    #[must_use]
    pub fn with_propagator(self, propagator: impl Into<Propagator>) -> Self {
        self.with(|settings| settings.shared.propagator = propagator.into())
    }

    /// Shows the context to these hosts. Default: [`Outgoing::new`]: trace context to all, **baggage to none**.
    ///
    /// A `reqwest::Client` may take headers to other hosts, and gets those alone that all hosts may see: see
    /// [redirects](super#redirects).
    #[must_use]
    pub fn with_outgoing(self, outgoing: Outgoing) -> Self {
        self.with(|settings| settings.outgoing = outgoing)
    }

    /// Sets the path of the Unix domain socket that the transport connects to, whatever host a URL names. Default: none.
    ///
    /// Spans then have `network.transport` = `unix` and the path as `network.peer.address`, and neither spans nor metrics
    /// have a `server.port`. A URL of scheme `unix` needs no such setting.
    #[must_use]
    pub fn with_unix_socket(self, path: impl AsRef<Path>) -> Self {
        let path = path.as_ref().to_string_lossy().into();
        self.with(|settings| settings.unix_socket = Some(path))
    }

    /// Ends span and duration there. Default: [`EndAt::Headers`].
    ///
    /// With [`EndAt::Body`] the span of a response that nobody reads lasts until it is dropped.
    #[must_use]
    pub fn with_end_at(self, end_at: EndAt) -> Self {
        self.with(|settings| settings.shared.end_at = end_at)
    }

    /// Traces and measures only the requests for which `filter` is true. Default: all.
    ///
    /// The current context is injected into the others too. Of a `filter` that panics, all are recorded.
    #[must_use]
    pub fn with_filter(self, filter: impl Fn(&Attempt<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.with(|settings| settings.filter = Hook::new(Arc::new(filter)))
    }

    /// Adds attributes to each recorded span when its request goes out. Default: none. If `add` panics, there are none.
    #[must_use]
    pub fn with_request_attributes(
        self,
        add: impl Fn(&Attempt<'_>, &mut Vec<KeyValue>) + Send + Sync + 'static,
    ) -> Self {
        self.with(|settings| settings.request_attributes = Hook::new(Arc::new(add)))
    }

    /// Sets how many pairs of `server.address` and `server.port` the metrics tell apart: the first that come, later ones are
    /// `_OTHER`. Default: 100; at most [`MAX_DISTINCT_VALUES`].
    ///
    /// Spans have the address in any case. Set it before the first request: what shares this layer's instruments, as its
    /// clones do, shares the number.
    ///
    /// [`MAX_DISTINCT_VALUES`]: crate::limits::MAX_DISTINCT_VALUES
    #[must_use]
    pub fn with_max_server_addresses(self, addresses: usize) -> Self {
        self.with(|settings| settings.max_server_addresses = addresses)
    }

    #[cfg(feature = "reqwest-middleware")]
    pub(super) fn settings(&self) -> &Arc<Settings> {
        &self.settings
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.settings));
        self
    }
}

impl Default for ClientLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for ClientLayer {
    type Service = Client<S>;

    fn layer(&self, inner: S) -> Client<S> {
        Client::new(inner, Arc::clone(&self.settings))
    }
}
