//! One request, from its head to its end.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Buf;
use http::Request;
use http_body::{Body, Frame};
use opentelemetry::{Context, StringValue};

use super::incoming::Incoming;
use super::metrics::{Active, Instruments};
use super::route::{self, Route};
use super::settings::Settings;
use crate::exchange::{Exchange, Failures};
use crate::labels::Labels;
use crate::observe::{End, EndAt, Head, Observe};
use crate::request_body::RequestBytes;
use crate::semconv;

/// A request that is being served: the observer behind the response of [`Server`](super::Server).
pub struct Serving {
    settings: Arc<Settings>,
    exchange: Exchange,
    scheme: &'static str,
    route: Option<StringValue>,
    /// Whether the span began with its route.
    routed: bool,
    late: Mutex<Option<Cow<'static, str>>>,
    active: Option<Active>,
    measured: bool,
}

impl Serving {
    /// Begins where a request comes in, or not where telemetry is suppressed.
    pub(super) fn begin<B>(settings: &Arc<Settings>, request: &mut Request<B>) -> Option<Self>
    where
        B: Body + 'static,
    {
        let current = Context::current();
        if current.is_telemetry_suppressed() {
            return None;
        }
        let incoming = Incoming::new(settings, request, &current);
        let observed = incoming.observed;
        let span = (observed && settings.parts.spans)
            .then(|| incoming.span(settings))
            .flatten();
        let Incoming {
            began,
            parent,
            method,
            scheme,
            route,
            ..
        } = incoming;
        let mut exchange = Exchange::new(began, parent, span, request.method(), method);
        exchange.version = Some(request.version());
        let measured = observed && settings.parts.metrics;
        if measured && settings.body_sizes {
            exchange.request = RequestBytes::of(request.body_mut());
        }
        let instruments = settings.instruments.in_context(&current).filter(|_| measured);
        Some(Self {
            active: instruments.map(|instruments| instruments.activate(method.label(), scheme)),
            settings: Arc::clone(settings),
            exchange,
            scheme,
            routed: route.as_ref().is_some_and(Route::is_final),
            route: route.map(|route| route.template),
            late: Mutex::default(),
            measured,
        })
    }

    /// The instruments, if the exchange is measured.
    fn instruments(&self) -> Option<&Instruments> {
        let instruments = self.settings.instruments.in_context(self.exchange.context());
        instruments.filter(|_| self.measured)
    }

    fn labels(&self) -> Labels {
        let mut labels = Labels::new();
        labels.push(semconv::HTTP_REQUEST_METHOD, self.exchange.known.label());
        labels.push(semconv::URL_SCHEME, self.scheme);
        if let Some(route) = &self.route {
            labels.push(semconv::HTTP_ROUTE, route.clone());
        }
        self.exchange.label(&mut labels);
        labels
    }

    /// Ends span, duration and activity, the first time.
    fn conclude(&mut self, end: End<'_>) {
        let Some(conclusion) = self.exchange.conclude(end, FAILURES) else {
            return;
        };
        self.learn_late_route();
        self.active = None;
        if let Some(instruments) = self.instruments() {
            let seconds = conclusion.lasted.as_secs_f64();
            instruments.duration.record(seconds, self.labels().as_slice());
        }
        let until_body = self.settings.end_at == EndAt::Body && !self.exchange.ends_with_head();
        let route = self.route.as_ref().filter(|_| !self.routed);
        self.exchange.end_span(conclusion, until_body, route);
    }

    fn learn_late_route(&mut self) {
        let late = self.late.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let Some(template) = late else { return };
        let route = Route::new(self.exchange.known, &template);
        if let Some(span) = self.exchange.span() {
            span.update_name(route.span_name);
        }
        self.route = Some(route.template);
    }
}

impl Observe for Serving {
    fn context(&self) -> Option<&Context> {
        Some(self.exchange.context())
    }

    fn attached<T>(&self, work: impl FnOnce() -> T) -> T {
        let _attached = Context::attach(self.exchange.context().clone());
        let (done, named) = route::listening(work);
        if let Some(template) = named {
            *self.late.lock().unwrap_or_else(PoisonError::into_inner) = Some(template);
        }
        done
    }

    fn on_response(&mut self, head: Head<'_>) -> EndAt {
        self.exchange.see(&head);
        if self.exchange.span().is_some() {
            self.exchange
                .add(self.settings.response_headers.attributes(head.headers));
            let mut attributes = Vec::new();
            self.settings
                .response_attributes
                .call(|add| add(&head, &mut attributes));
            self.exchange.add(attributes);
        }
        if self.exchange.ends_with_head() {
            return EndAt::Headers;
        }
        if self.settings.end_at == EndAt::Headers {
            self.conclude(End::Complete);
            if !(self.measured && self.settings.body_sizes) {
                return EndAt::Headers;
            }
        }
        EndAt::Body
    }

    fn on_frame<D: Buf>(&mut self, frame: &Frame<D>) {
        self.exchange.count(frame);
    }

    fn on_end(mut self, end: End<'_>) {
        self.conclude(end);
        if !self.settings.body_sizes {
            return;
        }
        let Some(instruments) = self.instruments() else {
            return;
        };
        let labels = self.labels();
        if let Some(bytes) = self.exchange.request.so_far() {
            instruments.request_size.record(bytes, labels.as_slice());
        }
        if let Some(bytes) = self.exchange.response() {
            instruments.response_size.record(bytes, labels.as_slice());
        }
    }
}

impl fmt::Debug for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serving")
            .field("exchange", &self.exchange)
            .finish_non_exhaustive()
    }
}

/// Only what the server did is an error of the server's, and what the client did not wait for.
const FAILURES: Failures = Failures {
    from: 500,
    dropped: Some(semconv::CANCELLED),
};
