//! The propagator that a layer uses.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use http::HeaderMap;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::TraceContextExt;
use opentelemetry::{Context, global};

use crate::carrier::{HeadersMut, Map, MapMut, ScannedHeaders, StringMap, TraceHeaders, extract_w3c};
use crate::outgoing::Allowed;
use crate::trust::{Extracted, RequestHead, Trust};
use crate::w3c::W3cPropagator;

/// The propagator of a layer: OpenTelemetry's global one, or a specific one. Cheap to clone.
///
/// The global propagator is looked up for each request, so a layer may be built before it is installed. While
/// none is installed, it is a [`W3cPropagator`]. To read and write nothing, install one that is off:
/// `W3cPropagator::new().with_trace_context(false).with_baggage(false)`.
///
/// ```
/// use throughline_propagation::{Propagator, W3cPropagator};
///
/// let global = Propagator::global();
/// let own = Propagator::from(W3cPropagator::new().with_baggage(false));
/// # let _ = (global, own);
/// ```
#[derive(Clone, Default)]
pub struct Propagator(Source);

#[derive(Clone, Default)]
enum Source {
    #[default]
    Global,
    /// Our own, which reads headers without a carrier.
    W3c(W3cPropagator),
    Other(Arc<dyn TextMapPropagator + Send + Sync>),
}

impl Propagator {
    /// Uses the propagator that [`opentelemetry::global::set_text_map_propagator`] has installed when a
    /// request arrives, or else a [`W3cPropagator`]. This is the default.
    #[must_use]
    pub const fn global() -> Self {
        Self(Source::Global)
    }

    /// Reads the context of a request. Returns `cx` with the remote span and baggage.
    #[must_use]
    pub fn extract(&self, headers: &HeaderMap, cx: &Context) -> Context {
        if let Source::W3c(own) = self.0 {
            let found = TraceHeaders::scan(headers);
            return extract_w3c(own, headers, found, cx).unwrap_or_else(|| cx.clone());
        }
        self.with(|propagator| propagator.extract_with_context(cx, &ScannedHeaders::new(headers)))
    }

    /// Reads the context of a request, like [`extract`](Self::extract). `found` has noted all lines of
    /// `headers`.
    #[must_use]
    pub fn extract_found(&self, headers: &HeaderMap, found: TraceHeaders<'_>, cx: &Context) -> Context {
        if let Source::W3c(own) = self.0 {
            return extract_w3c(own, headers, found, cx).unwrap_or_else(|| cx.clone());
        }
        let headers = ScannedHeaders::new(headers).with_found(found);
        self.with(|propagator| propagator.extract_with_context(cx, &headers))
    }

    /// Reads the context of a request, like [`extract`](Self::extract). Returns `None` if the headers have
    /// nothing that the propagator reads.
    ///
    /// For layers that need not make the context current then.
    #[must_use]
    pub fn extract_present(&self, headers: &HeaderMap, cx: &Context) -> Option<Context> {
        if let Source::W3c(own) = self.0 {
            return extract_w3c(own, headers, TraceHeaders::scan(headers), cx);
        }
        let headers = ScannedHeaders::new(headers);
        let context = self.with(|propagator| propagator.extract_with_context(cx, &headers));
        headers.was_read().then_some(context)
    }

    /// Reads the context of a request, as far as its caller is trusted.
    #[must_use]
    pub fn extract_trusting(&self, trust: &Trust, head: &RequestHead<'_>, cx: &Context) -> Extracted {
        if trust.decide(head) {
            let context = self.extract(head.headers(), cx);
            return Extracted { context, link: None };
        }
        let remote = self.extract(head.headers(), &Context::new());
        let link = Some(remote.span().span_context().clone()).filter(|span| span.is_valid());
        let context = cx.clone();
        Extracted { context, link }
    }

    /// Writes `cx` into the headers of a request: everything, **including baggage**, for any host.
    ///
    /// If `cx` has no valid span, `traceparent` and `tracestate` are left unchanged.
    pub fn inject(&self, cx: &Context, headers: &mut HeaderMap) {
        self.inject_allowed(cx, Allowed::ALL, headers);
    }

    /// Writes the part of `cx` that [`Outgoing`](crate::Outgoing) allows a host to see.
    pub fn inject_allowed(&self, cx: &Context, allowed: Allowed, headers: &mut HeaderMap) {
        self.with(|propagator| propagator.inject_context(cx, &mut HeadersMut::allowing(headers, allowed)));
    }

    /// Reads the allowed part of the context of a message. Returns `cx` with the remote span and baggage.
    #[must_use]
    pub fn extract_from(&self, map: &impl StringMap, allowed: Allowed, cx: &Context) -> Context {
        self.with(|propagator| propagator.extract_with_context(cx, &Map::allowing(map, allowed)))
    }

    /// Writes the part of `cx` that a message may carry.
    pub fn inject_into(&self, cx: &Context, allowed: Allowed, map: &mut impl StringMap) {
        self.with(|propagator| propagator.inject_context(cx, &mut MapMut::allowing(map, allowed)));
    }

    fn with<T>(&self, mut act: impl FnMut(&dyn TextMapPropagator) -> T) -> T {
        match &self.0 {
            Source::W3c(own) => act(own),
            Source::Other(own) => act(&**own),
            Source::Global => {
                let done =
                    global::get_text_map_propagator(|global| (!is_initial(global)).then(|| act(global)));
                done.unwrap_or_else(|| act(&W3cPropagator::new()))
            }
        }
    }
}

impl<P: TextMapPropagator + Send + Sync + 'static> From<P> for Propagator {
    fn from(propagator: P) -> Self {
        let w3c = (&propagator as &dyn Any).downcast_ref().copied();
        Self(w3c.map_or_else(|| Source::Other(Arc::new(propagator)), Source::W3c))
    }
}

impl fmt::Debug for Propagator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::W3c(own) => fmt::Debug::fmt(own, f),
            Source::Other(own) => fmt::Debug::fmt(own, f),
            Source::Global => f.write_str("Global"),
        }
    }
}

/// Returns whether a global propagator is the one that OpenTelemetry starts with. It has no fields and no
/// size. One that was installed to propagate nothing has a size.
fn is_initial(propagator: &dyn TextMapPropagator) -> bool {
    size_of_val(propagator) == 0 && propagator.fields().next().is_none()
}
