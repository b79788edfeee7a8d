//! One request, from its head to its end.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Buf;
use http::Request;
use http_body::{Body, Frame};
use opentelemetry::{Context, StringValue};

use super::incoming::Incoming;
use super::metrics::Active;
use super::route;
use super::settings::Settings;
use crate::exchange::{Exchange, Failures};
use crate::labels::Labels;
use crate::metrics::Instruments;
use crate::observe::{End, EndAt, Head, Observe};
use crate::request_body::RequestBytes;
use crate::semconv;
use crate::template::Template;

/// A request that is being served: the observer behind the response of [`Server`](super::Server).
#[derive(Debug)]
pub struct Serving {
    settings: Arc<Settings>,
    exchange: Exchange,
    scheme: &'static str,
    route: Option<StringValue>,
    /// Whether the span began with its route.
    routed: bool,
    late: Mutex<Option<Cow<'static, str>>>,
    active: Option<Active>,
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
        let shared = &settings.shared;
        let span = (observed && shared.parts.spans)
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
        exchange.measured = observed && shared.parts.metrics;
        exchange.request =
            (exchange.measured && shared.body_sizes).then(|| RequestBytes::of(request.body_mut()));
        let instruments = exchange.instruments(&settings.instruments);
        Some(Self {
            active: instruments.map(|instruments| instruments.activate(method.label(), scheme)),
            settings: Arc::clone(settings),
            exchange,
            scheme,
            routed: route.as_ref().is_some_and(route::is_final),
            route: route.map(|route| route.text),
            late: Mutex::default(),
        })
    }

    fn instruments(&self) -> Option<&Instruments> {
        let instruments = self.exchange.instruments(&self.settings.instruments)?;
        Some(&instruments.exchange)
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
            instruments.record_duration(conclusion.lasted, &self.labels());
        }
        let route = self.route.as_ref().filter(|_| !self.routed);
        self.exchange.end_span(conclusion, route);
    }

    fn learn_late_route(&mut self) {
        let late = self.late.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let Some(late) = late else { return };
        let route = Template::new(self.exchange.known, &late);
        if let Some(span) = self.exchange.span() {
            span.update_name(route.span_name);
        }
        self.route = Some(route.text);
    }
}

impl Observe for Serving {
    fn context(&self) -> Option<&Context> {
        Some(self.exchange.context())
    }

    fn attached<T>(&self, work: impl FnOnce() -> T) -> T {
        let _attached = Context::attach(self.exchange.context().clone());
        let listening = route::listen();
        let done = work();
        if let Some(template) = listening.end() {
            *self.late.lock().unwrap_or_else(PoisonError::into_inner) = Some(template);
        }
        done
    }

    fn on_response(&mut self, head: Head<'_>) -> EndAt {
        let end_at = self.exchange.respond(&head, &self.settings.shared);
        if end_at == EndAt::Headers {
            self.conclude(End::Complete);
        }
        self.exchange.end_at(end_at)
    }

    fn on_frame<D: Buf>(&mut self, frame: &Frame<D>) {
        self.exchange.count(frame);
    }

    fn on_end(mut self, end: End<'_>) {
        self.conclude(end);
        if let Some(sizes) = self.exchange.sizes() {
            if let Some(instruments) = self.instruments() {
                instruments.record_sizes(sizes, &self.labels());
            }
        }
    }
}

/// Only what the server did is an error of the server's, and what the client did not wait for.
const FAILURES: Failures = Failures {
    from: 500,
    dropped: Some(semconv::CANCELLED),
};
