//! What can be set on the server's layer and on the client's alike, written once.

/// The setters of a layer whose settings hold the `shared` ones and `instruments`, and that has a method `with` to change
/// them.
///
/// A type parameter would show in the layers' types, a trait would have to be imported by every user.
macro_rules! shared_setters {
    () => {
        /// Takes spans from this provider. Default: the global one.
        #[must_use]
        pub fn with_tracer_provider<P, T, S>(self, provider: P) -> Self
        where
            P: opentelemetry::trace::TracerProvider<Tracer = T> + Send + Sync + 'static,
            T: opentelemetry::trace::Tracer<Span = S> + Send + Sync + 'static,
            S: opentelemetry::trace::Span + Send + Sync + 'static,
        {
            self.with(|settings| settings.shared.tracer = settings.shared.tracer.with_provider(provider))
        }

        /// Takes instruments from this provider. Default: the global one.
        #[must_use]
        pub fn with_meter_provider(
            self,
            provider: impl opentelemetry::metrics::MeterProvider + Send + Sync + 'static,
        ) -> Self {
            self.with(|settings| settings.instruments = settings.instruments.with_provider(provider))
        }

        /// Names these methods, and any other `_OTHER`. Case matters. Default: those of the environment variable
        /// `OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS` when the layer is made, otherwise [`semconv::KNOWN_METHODS`].
        ///
        /// [`semconv::KNOWN_METHODS`]: crate::semconv::KNOWN_METHODS
        #[must_use]
        pub fn with_known_methods<'a>(self, methods: impl IntoIterator<Item = &'a str>) -> Self {
            self.with(|settings| settings.shared.methods = crate::method::Methods::new(methods))
        }

        /// Sets what is recorded of the query of a URL. Default: the names of its parameters and no value,
        /// [`Query::Redacted`](crate::Query), unless the environment variable `THROUGHLINE_URL_QUERY` says otherwise.
        #[must_use]
        pub fn with_query(self, query: crate::Query) -> Self {
            self.with(|settings| settings.shared.query = query)
        }

        /// Records these request headers on spans. Default: none. Those of [`semconv::SECRET_HEADERS`], and values
        /// marked as sensitive, never are. Of other values the [secrets](crate::error_message) are replaced.
        ///
        /// [`semconv::SECRET_HEADERS`]: crate::semconv::SECRET_HEADERS
        #[must_use]
        pub fn with_request_headers<'a>(self, names: impl IntoIterator<Item = &'a str>) -> Self {
            let captured = crate::headers::Captured::new(crate::semconv::HTTP_REQUEST_HEADER, names);
            self.with(|settings| settings.shared.request_headers = captured)
        }

        /// Records these response headers on spans. Default: none. Those of [`semconv::SECRET_HEADERS`], and values
        /// marked as sensitive, never are. Of other values the [secrets](crate::error_message) are replaced.
        ///
        /// [`semconv::SECRET_HEADERS`]: crate::semconv::SECRET_HEADERS
        #[must_use]
        pub fn with_response_headers<'a>(self, names: impl IntoIterator<Item = &'a str>) -> Self {
            let captured = crate::headers::Captured::new(crate::semconv::HTTP_RESPONSE_HEADER, names);
            self.with(|settings| settings.shared.response_headers = captured)
        }

        /// Adds attributes to each recorded span when its response's head is there. Default: none. If `add` panics, there
        /// are none.
        #[must_use]
        pub fn with_response_attributes(
            self,
            add: impl Fn(&crate::observe::Head<'_>, &mut Vec<opentelemetry::KeyValue>) + Send + Sync + 'static,
        ) -> Self {
            self.with(|settings| {
                settings.shared.response_attributes = crate::hook::Hook::new(std::sync::Arc::new(add));
            })
        }

        /// Chooses for each response where span and duration end. If `choose` panics, they end where `with_end_at` says.
        ///
        /// An [`EndAt`] among the response's extensions, such as a handler or a layer around a route puts there, wins over
        /// both. A response without a body ends with its head in any case.
        ///
        /// [`EndAt`]: crate::EndAt
        #[must_use]
        pub fn with_end_at_fn(
            self,
            choose: impl Fn(&crate::observe::Head<'_>) -> crate::EndAt + Send + Sync + 'static,
        ) -> Self {
            self.with(|settings| {
                settings.shared.end_at_fn = crate::hook::Hook::new(std::sync::Arc::new(choose));
            })
        }

        /// Sets whether a span that lasts until the body's end has the attribute [`semconv::TIME_TO_HEADERS`]. Default:
        /// `false`: the attribute is none of OpenTelemetry's conventions.
        ///
        /// [`semconv::TIME_TO_HEADERS`]: crate::semconv::TIME_TO_HEADERS
        #[must_use]
        pub fn with_time_to_headers(self, recorded: bool) -> Self {
            self.with(|settings| settings.shared.time_to_headers = recorded)
        }

        /// Whether to measure the bytes of the bodies too. Default: `false`: the conventions leave these metrics to
        /// choice, and two more histograms double what metrics cost.
        ///
        /// With them, a client's `reqwest::Response` is taken apart and put together again around a body that counts.
        #[must_use]
        pub fn with_body_sizes(self, measured: bool) -> Self {
            self.with(|settings| settings.shared.body_sizes = measured)
        }

        /// Does only these parts.
        pub(super) fn only(self, parts: crate::layer_parts::Parts) -> Self {
            self.with(|settings| settings.shared.parts = parts)
        }
    };
}

pub(crate) use shared_setters;
