//! The setters that the layers of servers and clients share.

/// Defines the setters of a layer whose settings have the fields `shared` and `instruments`, and that has a
/// method `with` to change them.
///
/// A type parameter would show in the types of the layers, and a trait would have to be imported by every
/// user.
macro_rules! shared_setters {
    () => {
        /// Sets the provider of the spans. Default: the global one.
        #[must_use]
        pub fn with_tracer_provider<P, T, S>(self, provider: P) -> Self
        where
            P: opentelemetry::trace::TracerProvider<Tracer = T> + Send + Sync + 'static,
            T: opentelemetry::trace::Tracer<Span = S> + Send + Sync + 'static,
            S: opentelemetry::trace::Span + Send + Sync + 'static,
        {
            self.with(|settings| settings.shared.tracer = settings.shared.tracer.with_provider(provider))
        }

        /// Sets the provider of the metrics. Default: the global one.
        #[must_use]
        pub fn with_meter_provider(
            self,
            provider: impl opentelemetry::metrics::MeterProvider + Send + Sync + 'static,
        ) -> Self {
            self.with(|settings| settings.instruments = settings.instruments.with_provider(provider))
        }

        /// Sets the methods that are recorded; any other is `_OTHER`. They are case-sensitive. Default: those
        /// of the environment variable `OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS` when the layer is created,
        /// otherwise [`semconv::KNOWN_METHODS`].
        ///
        /// [`semconv::KNOWN_METHODS`]: crate::semconv::KNOWN_METHODS
        #[must_use]
        pub fn with_known_methods<'a>(self, methods: impl IntoIterator<Item = &'a str>) -> Self {
            self.with(|settings| settings.shared.methods = crate::method::Methods::new(methods))
        }

        /// Sets what is recorded of the query of a URL. Default: [`Query::Redacted`](crate::Query), the names
        /// of its parameters without values, unless the environment variable `THROUGHLINE_URL_QUERY` sets
        /// another value.
        #[must_use]
        pub fn with_query(self, query: crate::query::Query) -> Self {
            self.with(|settings| settings.shared.query = query)
        }

        /// Sets the request headers that are recorded on spans. Default: none. The headers of
        /// [`semconv::SECRET_HEADERS`] and values that are marked as sensitive are never recorded.
        /// [Secrets](crate::error_message) in other values are replaced.
        ///
        /// [`semconv::SECRET_HEADERS`]: crate::semconv::SECRET_HEADERS
        #[must_use]
        pub fn with_request_headers<'a>(self, names: impl IntoIterator<Item = &'a str>) -> Self {
            let captured = crate::headers::Captured::new(crate::headers::Prefixes::REQUEST, names);
            self.with(|settings| settings.shared.request_headers = captured)
        }

        /// Sets the response headers that are recorded on spans. Default: none. The headers of
        /// [`semconv::SECRET_HEADERS`] and values that are marked as sensitive are never recorded.
        /// [Secrets](crate::error_message) in other values are replaced.
        ///
        /// [`semconv::SECRET_HEADERS`]: crate::semconv::SECRET_HEADERS
        #[must_use]
        pub fn with_response_headers<'a>(self, names: impl IntoIterator<Item = &'a str>) -> Self {
            let captured = crate::headers::Captured::new(crate::headers::Prefixes::RESPONSE, names);
            self.with(|settings| settings.shared.response_headers = captured)
        }

        /// Sets a hook that adds attributes to each recorded span when the head of its response arrives.
        /// Default: none. If `add` panics, nothing is added.
        #[must_use]
        pub fn with_response_attributes(
            self,
            add: impl Fn(&crate::observe::ResponseHead<'_>, &mut Vec<opentelemetry::KeyValue>)
            + Send
            + Sync
            + 'static,
        ) -> Self {
            self.with(|settings| {
                settings.shared.response_attributes = crate::hook::Hook::new(std::sync::Arc::new(add));
            })
        }

        /// Sets a function that chooses for each response where span and duration end. Default: none. If
        /// `choose` panics, `with_end_at` applies.
        ///
        /// An [`EndAt`] in the extensions of the response, inserted by a handler or by a layer around a
        /// route, has precedence over both. A response without a body always ends with its head.
        ///
        /// [`EndAt`]: crate::EndAt
        #[must_use]
        pub fn with_end_at_fn(
            self,
            choose: impl Fn(&crate::observe::ResponseHead<'_>) -> crate::observe::EndAt + Send + Sync + 'static,
        ) -> Self {
            self.with(|settings| {
                settings.shared.end_at_fn = crate::hook::Hook::new(std::sync::Arc::new(choose));
            })
        }

        /// Sets whether a span that lasts until the end of the body has the attribute
        /// [`semconv::TIME_TO_HEADERS`], which is not part of OpenTelemetry's conventions. Default: `false`.
        ///
        /// [`semconv::TIME_TO_HEADERS`]: crate::semconv::TIME_TO_HEADERS
        #[must_use]
        pub fn with_time_to_headers(self, recorded: bool) -> Self {
            self.with(|settings| settings.shared.time_to_headers = recorded)
        }

        /// Sets whether the sizes of bodies are measured. The conventions make these metrics optional, and
        /// two more histograms double the cost of metrics. Default: `false`.
        ///
        /// If enabled, a client's `reqwest::Response` is rebuilt around a body that counts.
        #[must_use]
        pub fn with_body_sizes(self, measured: bool) -> Self {
            self.with(|settings| settings.shared.body_sizes = measured)
        }

        /// Restricts the layer to these parts.
        pub(super) fn only(self, parts: crate::layer_parts::Parts) -> Self {
            self.with(|settings| settings.shared.parts = parts)
        }
    };
}

pub(crate) use shared_setters;
