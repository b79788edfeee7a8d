//! The observer of one request.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::LocalKey;

use bytes::Buf;
use http::Request;
use http_body::{Body, Frame};
use opentelemetry::Context;

use super::incoming::{self, Incoming};
use super::metrics::{Active, Instruments};
use super::outside::{Outside, outside};
use super::settings::Settings;
use super::{origin, route};
use crate::exchange::{Exchange, Failures, Measured};
use crate::grpc::Side;
use crate::layer_parts::Parts;
use crate::observe::{End, EndAt, Observe, ResponseHead};
use crate::pooled::{Free, Poolable, Pooled};
use crate::request_body::RequestBytes;
use crate::series::{Series, Text};
use crate::template::Template;
use crate::{protocol, semconv};

/// The observer of a request that [`Server`](super::Server) serves.
#[derive(Debug)]
pub struct ServerExchange(Observer);

#[derive(Debug)]
enum Observer {
    /// Records the request.
    Recorded(Pooled<Recorded>),
    /// Only makes the context of the caller current, since nothing is recorded.
    Forwarded(Context),
}

/// A request that is recorded.
#[derive(Debug)]
struct Recorded {
    settings: Arc<Settings>,
    exchange: Exchange,
    scheme: &'static str,
    route: Option<Text>,
    /// Whether the span started with its route.
    routed: bool,
    late: Mutex<Option<Cow<'static, str>>>,
    /// Whether the response is a stream that its reader may drop without an error.
    ends_on_drop: bool,
    active: Option<Active>,
}

thread_local! {
    static FREE: Free<Recorded> = const { RefCell::new(Vec::new()) };
}

impl Poolable for Recorded {
    fn free() -> &'static LocalKey<Free<Self>> {
        &FREE
    }
}

impl ServerExchange {
    /// Starts the observation, unless telemetry is suppressed or an outer layer records everything.
    pub(super) fn begin<B>(settings: &Arc<Settings>, request: &mut Request<B>) -> Option<Self>
    where
        B: Body + 'static,
    {
        let current = Context::current();
        if current.is_telemetry_suppressed() {
            return None;
        }
        let shared = &settings.shared;
        let outside = outside(request);
        let parts = shared.parts.without(outside.parts);
        if parts != shared.parts {
            stand_aside(settings, request, outside);
        }
        if parts == Parts::NONE {
            return None;
        }
        if shared.is_off(parts, &settings.instruments) {
            return Self::forwarded(settings, request, &current, parts);
        }
        let recorded = Recorded::begin(settings, request, &current, parts, outside);
        Some(Self(Observer::Recorded(Pooled::new(recorded))))
    }

    /// Makes the context of the caller current, if there is one. An untrusted caller has none.
    fn forwarded<B>(
        settings: &Settings,
        request: &Request<B>,
        current: &Context,
        parts: Parts,
    ) -> Option<Self> {
        if !parts.propagation || !incoming::trusts(&settings.trust, || origin::head(request)) {
            return None;
        }
        let propagator = &settings.shared.propagator;
        let context = propagator.extract_present(request.headers(), current)?;
        Some(Self(Observer::Forwarded(context)))
    }

    fn recorded(&mut self) -> Option<&mut Recorded> {
        match &mut self.0 {
            Observer::Recorded(recorded) => recorded.get_mut(),
            Observer::Forwarded(_) => None,
        }
    }
}

impl Recorded {
    #[inline]
    fn begin<B>(
        settings: &Arc<Settings>,
        request: &mut Request<B>,
        current: &Context,
        parts: Parts,
        outside: Outside,
    ) -> Self
    where
        B: Body + 'static,
    {
        let shared = &settings.shared;
        let incoming = Incoming::new(settings, request, current, parts);
        let observed = incoming.observed;
        let span = (observed && parts.spans)
            .then(|| incoming.span(settings))
            .flatten();
        let has_span = span.is_some();
        let Incoming {
            began,
            parent,
            method,
            scheme,
            route,
            call,
            ..
        } = incoming;
        let mut exchange = Exchange::new(began, parent, span, request.method(), method);
        exchange.version = Some(request.version());
        // The conventions have no sizes of calls.
        let sizes = shared.body_sizes && call.is_none();
        exchange.measured = Measured::new(observed && parts.metrics, sizes, || {
            RequestBytes::from_body(request.body_mut())
        });
        let is_call = call.is_some();
        exchange.call = call;
        let routed = is_call || route.as_ref().is_some_and(route::is_final);
        let is_tagged = shared.nesting.is_tagging() || !request.extensions().is_empty();
        if (has_span || exchange.is_measured()) && is_tagged {
            let done = Parts {
                propagation: parts.propagation,
                spans: has_span,
                metrics: exchange.is_measured(),
            };
            let outside = Outside {
                parts: outside.parts.and(done),
                routed: outside.routed || routed,
            };
            outside.tag(request.extensions_mut());
        }
        let instruments = exchange.instruments(&settings.instruments).filter(|_| !is_call);
        Self {
            active: instruments.map(|instruments| {
                instruments.activate(method.label(), scheme, settings.instruments.binds())
            }),
            settings: Arc::clone(settings),
            exchange,
            scheme,
            routed,
            route: route.map(|route| route.text),
            late: Mutex::default(),
            ends_on_drop: is_call && !settings.stream_cancellation_errors,
        }
    }

    fn instruments(&self) -> Option<&Instruments> {
        self.exchange.instruments(&self.settings.instruments)
    }

    fn binds(&self) -> bool {
        self.settings.instruments.binds()
    }

    fn labels(&self) -> Series {
        let mut labels = Series::new();
        labels.push(semconv::HTTP_REQUEST_METHOD, self.exchange.known_method.label());
        labels.push(semconv::URL_SCHEME, self.scheme);
        if let Some(route) = &self.route {
            labels.push(semconv::HTTP_ROUTE, route.clone());
        }
        self.exchange.label(&mut labels);
        labels
    }

    /// Ends the span, records the duration and decrements the active requests, once.
    ///
    /// Errors are the server's own, and a client that left before the end.
    fn conclude(&mut self, end: End<'_>) {
        let dropped = (!self.ends_on_drop).then_some(semconv::CANCELLED);
        let failures = Failures {
            from: 500,
            dropped,
            side: Side::Server,
        };
        let Some(conclusion) = self.exchange.conclude(end, failures) else {
            return;
        };
        self.learn_late_route();
        self.active = None;
        if let Some(instruments) = self.instruments() {
            match &self.exchange.call {
                Some(call) => {
                    instruments
                        .calls
                        .record(conclusion.lasted, call, conclusion.error, self.binds());
                }
                None => {
                    instruments
                        .exchange
                        .record_duration(conclusion.lasted, &self.labels(), self.binds());
                }
            }
        }
        let route = self.route.as_ref().filter(|_| !self.routed);
        self.exchange.end_span(conclusion, route);
    }

    #[inline]
    fn attached<T>(&self, work: impl FnOnce() -> T) -> T {
        let _attached = Context::attach(self.exchange.context().clone());
        let listening = route::listen();
        let done = work();
        if let Some(template) = listening.end() {
            *self.late.lock().unwrap_or_else(PoisonError::into_inner) = Some(template);
        }
        done
    }

    fn respond(&mut self, head: &ResponseHead<'_>) -> EndAt {
        let end_at = self.exchange.respond(head, &self.settings.shared);
        let is_stream = self.exchange.call.is_some() || protocol::is_event_stream(head.headers);
        self.ends_on_drop = is_stream && !self.settings.stream_cancellation_errors;
        if end_at == EndAt::Headers {
            self.conclude(End::Complete);
        }
        self.exchange.end_at(end_at)
    }

    fn end(&mut self, end: End<'_>) {
        self.conclude(end);
        if let Some(sizes) = self.exchange.sizes() {
            if let Some(instruments) = self.instruments() {
                instruments
                    .exchange
                    .record_sizes(sizes, &self.labels(), self.binds());
            }
        }
    }

    fn learn_late_route(&mut self) {
        let late = self.late.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let Some(late) = late.filter(|_| self.exchange.call.is_none()) else {
            return;
        };
        let route = Template::new(self.exchange.known_method, &late);
        if let Some(span) = self.exchange.span() {
            span.update_name(route.span_name);
        }
        self.route = Some(route.text);
    }
}

impl Observe for ServerExchange {
    fn context(&self) -> Option<&Context> {
        match &self.0 {
            Observer::Recorded(recorded) => recorded.get().map(|recorded| recorded.exchange.context()),
            Observer::Forwarded(context) => Some(context),
        }
    }

    #[inline]
    fn attached<T>(&self, work: impl FnOnce() -> T) -> T {
        match &self.0 {
            Observer::Recorded(recorded) => match recorded.get() {
                Some(recorded) => recorded.attached(work),
                None => work(),
            },
            Observer::Forwarded(context) => {
                let _attached = Context::attach(context.clone());
                work()
            }
        }
    }

    fn on_response(&mut self, head: ResponseHead<'_>) -> EndAt {
        self.recorded()
            .map_or(EndAt::Body, |recorded| recorded.respond(&head))
    }

    fn on_frame<D: Buf>(&mut self, frame: &Frame<D>) {
        if let Some(recorded) = self.recorded() {
            recorded.exchange.observe(frame);
        }
    }

    fn on_end(mut self, end: End<'_>) {
        if let Some(recorded) = self.recorded() {
            recorded.end(end);
        }
    }
}

/// Leaves a request to the outer layer, and reports its route if the outer layer does not know it.
fn stand_aside<B>(settings: &Settings, request: &Request<B>, outside: Outside) {
    settings.shared.nesting.warn("ServerLayer");
    if !outside.routed {
        let head = throughline_propagation::RequestHead::new(request);
        if let Some(route) = incoming::route_of(settings, &head) {
            route::set_route(route.into_owned());
        }
    }
}
