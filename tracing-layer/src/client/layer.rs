//! The layer and its settings.

use std::path::Path;
use std::sync::Arc;

use http::Uri;
use opentelemetry::KeyValue;
use throughline_propagation::{Outgoing, Propagator};
use tower_layer::Layer;

use super::settings::Settings;
use super::{Attempt, Client};
use crate::hook::Hook;
use crate::observe::EndAt;
use crate::setters::shared_setters;

/// Wraps each request in a span, records its metrics, and injects the context of the span.
///
/// Put it innermost, next to the transport, so that each attempt of a retry and each redirect has its own
/// span. See the [module's documentation](super) for what is recorded and when.
#[derive(Debug, Clone)]
pub struct ClientLayer {
    settings: Arc<Settings>,
}

impl ClientLayer {
    /// Creates a layer that uses the global providers and propagator. While there is no provider, it records
    /// nothing and [looks for one again](crate::provider).
    #[must_use]
    pub fn new() -> Self {
        Self {
            settings: Arc::new(Settings::new()),
        }
    }

    shared_setters!();

    /// Sets the propagator. Default: the global one.
    #[must_use]
    pub fn with_propagator(self, propagator: impl Into<Propagator>) -> Self {
        self.with(|settings| settings.shared.propagator = propagator.into())
    }

    /// Sets which hosts get which headers. Default: [`Outgoing::new`], which sends trace context to all hosts
    /// and **baggage to none**.
    ///
    /// Since a `reqwest::Client` may forward headers to other hosts, it only gets those that all hosts may
    /// see: see [redirects](super#redirects).
    #[must_use]
    pub fn with_outgoing(self, outgoing: Outgoing) -> Self {
        self.with(|settings| settings.outgoing = outgoing)
    }

    /// Sets the server of requests whose URL has no host. Default: none.
    ///
    /// The clients that tonic generates send such requests, and the `Channel` adds the host: set the URI of
    /// its `Endpoint`. The scheme and the host also determine what [`with_outgoing`](Self::with_outgoing)
    /// allows, and the path is ignored.
    ///
    /// ```
    /// # use throughline_tracing_layer as throughline;
    /// use http::Uri;
    /// use throughline::ClientLayer;
    ///
    /// let layer = ClientLayer::new().with_target(Uri::from_static("https://orders.internal:50051"));
    /// ```
    #[must_use]
    pub fn with_target(self, target: Uri) -> Self {
        self.with(|settings| settings.target = Some(target))
    }

    /// Sets the path of the Unix domain socket that the transport connects to, whatever host a URL has.
    /// Default: none.
    ///
    /// Spans then have `network.transport` = `unix` and the path as `network.peer.address`, and neither spans
    /// nor metrics have a `server.port`. URLs with the scheme `unix` do not need this setting.
    #[must_use]
    pub fn with_unix_socket(self, path: impl AsRef<Path>) -> Self {
        let path = path.as_ref().to_string_lossy().into();
        self.with(|settings| settings.unix_socket = Some(path))
    }

    /// Sets where span and duration end. Default: [`EndAt::Headers`].
    ///
    /// With [`EndAt::Body`], the span of a response that is not read lasts until it is dropped.
    #[must_use]
    pub fn with_end_at(self, end_at: EndAt) -> Self {
        self.with(|settings| settings.shared.end_at = end_at)
    }

    /// Sets which requests are traced and measured: those for which `filter` returns true. Default: all.
    ///
    /// The current context is injected into all requests. If `filter` panics, the request is recorded.
    #[must_use]
    pub fn with_filter(self, filter: impl Fn(&Attempt<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.with(|settings| settings.filter = Hook::new(Arc::new(filter)))
    }

    /// Sets a hook that adds attributes to each recorded span when its request is sent. Default: none. If
    /// `add` panics, nothing is added.
    #[must_use]
    pub fn with_request_attributes(
        self,
        add: impl Fn(&Attempt<'_>, &mut Vec<KeyValue>) + Send + Sync + 'static,
    ) -> Self {
        self.with(|settings| settings.request_attributes = Hook::new(Arc::new(add)))
    }

    /// Sets how many distinct pairs of `server.address` and `server.port` the metrics can have. The first
    /// ones keep their values; later ones are recorded as `_OTHER`. Default: 100. Maximum:
    /// [`MAX_DISTINCT_VALUES`].
    ///
    /// Spans always have the address. Set this before the first request, since clones and other layers that
    /// share the instruments share the bound.
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
