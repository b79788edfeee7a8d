//! The observer of one attempt.

use std::cell::RefCell;
use std::sync::Arc;
use std::thread::LocalKey;
use std::time::Instant;

use bytes::Buf;
use http::Extensions;
use http_body::Frame;
use opentelemetry::Context;
use throughline_propagation::Allowed;

use super::attempt::Attempt;
use super::attempts::{self, Attempts, NumberedAttempt, UrlTemplate};
use super::metrics::Instruments;
use super::outline::Outline;
use super::peer::Peer;
use super::settings::Settings;
use crate::authority::Authority;
use crate::exchange::{Exchange, Failures, Measured, connection};
use crate::grpc::{Call, Side};
use crate::layer_parts::Parts;
use crate::limits::{literal_id, series_id, text_id};
use crate::message::HttpRequest;
use crate::nesting::{self, InFlight};
use crate::observe::{End, EndAt, Observe, ResponseHead};
use crate::pooled::{Free, Poolable, Pooled};
use crate::request_body::RequestBytes;
use crate::semconv;
use crate::series::{Series, Text};
use crate::settings::Shared;
use crate::template::Template;

/// The observer of a request that [`Client`](super::Client) sends.
#[derive(Debug)]
pub struct ClientExchange(Pooled<Recorded>);

/// A request that is recorded.
#[derive(Debug)]
struct Recorded {
    settings: Arc<Settings>,
    exchange: Exchange,
    peer: Option<Peer>,
    template: Option<Template>,
    nth: Option<NumberedAttempt>,
    in_flight: InFlight,
}

thread_local! {
    static FREE: Free<Recorded> = const { RefCell::new(Vec::new()) };
}

impl Poolable for Recorded {
    fn free() -> &'static LocalKey<Free<Self>> {
        &FREE
    }
}

impl ClientExchange {
    /// Starts the observation, unless telemetry is suppressed or an outer layer records everything.
    ///
    /// `extensions` are those of a library that passes them beside the request.
    pub(super) fn begin<R>(
        settings: &Arc<Settings>,
        request: &mut R,
        extensions: Option<&Extensions>,
    ) -> Option<Self>
    where
        R: HttpRequest<Body: 'static>,
    {
        let current = Context::current();
        if current.is_telemetry_suppressed() {
            return None;
        }
        let shared = &settings.shared;
        if shared.is_off(shared.parts, &settings.instruments)
            && nesting::in_flight().is_none()
            && attempts(extensions.or_else(|| request.extensions()), &current).is_none()
        {
            forward(settings, request, &current);
            return None;
        }
        let began = Instant::now();
        let attempt = Attempt::new(request, settings.target.as_ref());
        let extensions = extensions.or_else(|| request.extensions());
        let (parts, in_flight) = begin_sending(shared, &attempt);
        if parts == Parts::NONE {
            return None;
        }
        let observed = settings.filter.call(|filter| filter(&attempt)).unwrap_or(true);
        let method = shared.methods.classify(attempt.method());
        let authority = Authority::new(attempt.url().authority);
        // Decided by the whole host, since the recorded one may be cut.
        let host = authority.as_ref().map(|authority| authority.host);
        let socket = settings.unix_socket.as_ref();
        let peer = authority.map(|authority| Peer::new(attempt.url().scheme_or_http(), authority, socket));
        let allowed = parts.propagation.then(|| allowed::<R>(settings, host));
        let call = Call::from_request(attempt.method(), attempt.headers(), attempt.path());
        let template = template(extensions, &current)
            .filter(|_| call.is_none())
            .map(|template| Template::new(method, template));
        let nth = attempts(extensions, &current).and_then(|attempts| attempts.count(&attempt, &current));
        let current = match nth.as_ref().and_then(|nth| nth.parent(&current)) {
            Some(parent) => parent,
            None => current,
        };
        let outline = Outline {
            attempt: &attempt,
            is_host: host.is_some_and(|host| host.len() == attempt.url().authority.len()),
            method,
            peer: peer.as_ref(),
            template: template.as_ref(),
            call: call.as_ref(),
            resent: nth.as_ref().map_or(0, NumberedAttempt::before),
        };
        let span = (observed && parts.spans)
            .then(|| outline.span(settings, &current))
            .flatten();
        let has_span = span.is_some();
        let mut exchange = Exchange::new(began, current, span, attempt.method(), method);
        if let Some(nth) = nth.as_ref().filter(|_| has_span) {
            nth.begin(exchange.context());
        }
        if let Some(allowed) = allowed {
            let headers = request.headers_mut();
            shared
                .propagator
                .inject_allowed(exchange.context(), allowed, headers);
        }
        // The conventions have no sizes of calls.
        let sizes = shared.body_sizes && call.is_none();
        exchange.call = call;
        exchange.measured = Measured::new(observed && parts.metrics, sizes, || {
            let body = request.body_mut();
            body.map_or(RequestBytes::Known(0), RequestBytes::from_body)
        });
        let done = Parts {
            // A layer that records nothing leaves the context to inner layers.
            propagation: parts.propagation && (has_span || exchange.is_measured()),
            spans: has_span,
            metrics: exchange.is_measured(),
        };
        Some(Self(Pooled::new(Recorded {
            settings: Arc::clone(settings),
            exchange,
            peer,
            template,
            nth,
            in_flight: InFlight {
                parts: in_flight.parts.and(done),
                ..in_flight
            },
        })))
    }
}

impl Recorded {
    fn instruments(&self) -> Option<&Instruments> {
        self.exchange.instruments(&self.settings.instruments)
    }

    fn label(&self, instruments: &Instruments, labels: &mut Series) {
        let call = self.exchange.call.as_ref();
        let method = self.exchange.known_method.label();
        let template = self.template.as_ref().map(|template| &template.text);
        let id = series_id([
            match call {
                Some(call) => text_id(call.known_method().unwrap_or(semconv::OTHER)),
                None => literal_id(method),
            },
            template.map_or(0, |template| text_id(template.as_str())),
            self.exchange.series_id(),
        ]);
        let peer = self.peer.as_ref();
        let admission = instruments.admit(peer, id, self.settings.max_server_addresses);
        let (key, name): (_, Text) = match call {
            Some(call) => (semconv::RPC_METHOD, call.method().into()),
            None => (semconv::HTTP_REQUEST_METHOD, method.into()),
        };
        if call.is_some() {
            labels.push(semconv::RPC_SYSTEM_NAME, semconv::GRPC);
        }
        labels.push(
            key,
            if admission.in_full {
                name
            } else {
                semconv::OTHER.into()
            },
        );
        if let Some(peer) = peer {
            admission.label(peer, labels);
        }
        if !admission.in_full {
            self.exchange.label_merged(labels);
            return;
        }
        if let Some(template) = template {
            labels.push(semconv::URL_TEMPLATE, template.clone());
        }
        self.exchange.label(labels);
    }

    /// Ends the span and records the duration, once.
    fn conclude(&mut self, end: End<'_>) {
        let Some(conclusion) = self.exchange.conclude(end, FAILURES) else {
            return;
        };
        if let Some(instruments) = self.instruments() {
            let mut labels = Series::new();
            self.label(instruments, &mut labels);
            let duration = match &self.exchange.call {
                Some(_) => &instruments.calls,
                None => &instruments.exchange.duration,
            };
            let binds = self.settings.instruments.binds();
            duration.record(conclusion.lasted.as_secs_f64(), &labels, binds);
        }
        self.exchange.end_span(conclusion, None);
        if let Some(nth) = self.nth.take() {
            nth.end(self.exchange.status(), conclusion.error, conclusion.lasted);
        }
    }
}

impl Recorded {
    fn attached<T>(&self, work: impl FnOnce() -> T) -> T {
        let _attached = Context::attach(self.exchange.context().clone());
        nesting::with_in_flight(self.in_flight, work)
    }

    fn respond(&mut self, head: &ResponseHead<'_>) -> EndAt {
        self.exchange.version = Some(head.version);
        // If the library followed a redirect to another server, the connection is that of the last hop, but
        // the span is of the first.
        let is_elsewhere = |peer: &Peer| head.server.is_some_and(|server| !peer.is_at(server));
        if head.peer.is_some() && !self.peer.as_ref().is_some_and(is_elsewhere) {
            self.exchange.add(head.peer.into_iter().flat_map(connection));
        }
        let end_at = self.exchange.respond(head, &self.settings.shared);
        if end_at == EndAt::Headers {
            self.conclude(End::Complete);
        }
        self.exchange.end_at(end_at)
    }

    fn end(&mut self, end: End<'_>) {
        self.conclude(end);
        if let Some(sizes) = self.exchange.sizes() {
            if let Some(instruments) = self.instruments() {
                let mut labels = Series::new();
                self.label(instruments, &mut labels);
                let binds = self.settings.instruments.binds();
                instruments.exchange.record_sizes(sizes, &labels, binds);
            }
        }
    }
}

impl Observe for ClientExchange {
    fn context(&self) -> Option<&Context> {
        self.0.get().map(|recorded| recorded.exchange.context())
    }

    fn attached<T>(&self, work: impl FnOnce() -> T) -> T {
        match self.0.get() {
            Some(recorded) => recorded.attached(work),
            None => work(),
        }
    }

    fn on_response(&mut self, head: ResponseHead<'_>) -> EndAt {
        self.0
            .get_mut()
            .map_or(EndAt::Body, |recorded| recorded.respond(&head))
    }

    fn on_frame<D: Buf>(&mut self, frame: &Frame<D>) {
        if let Some(recorded) = self.0.get_mut() {
            recorded.exchange.observe(frame);
        }
    }

    fn on_end(mut self, end: End<'_>) {
        if let Some(recorded) = self.0.get_mut() {
            recorded.end(end);
        }
    }
}

/// Returns what this layer has to record, and what inner layers see of the request while it is sent.
///
/// If a request of the same method and URL is sent while an outer layer sends one, it is the same request.
fn begin_sending(shared: &Shared, attempt: &Attempt<'_>) -> (Parts, InFlight) {
    let outside = nesting::in_flight();
    if outside.is_some() {
        nesting::note_nested();
    }
    let target = shared.nesting.is_tagging().then(|| attempts::target(attempt));
    let alone = InFlight {
        target,
        parts: Parts::NONE,
    };
    let Some(outside) = outside.filter(|outside| target.is_some() && outside.target == target) else {
        return (shared.parts, alone);
    };
    let done = outside.parts;
    let parts = shared.parts.without(done);
    if parts != shared.parts {
        shared.nesting.warn("ClientLayer");
    }
    (parts, InFlight { target, parts: done })
}

/// Injects the context into a request of which nothing is recorded.
fn forward<R: HttpRequest>(settings: &Settings, request: &mut R, current: &Context) {
    if !settings.shared.parts.propagation {
        return;
    }
    let attempt = Attempt::new(request, settings.target.as_ref());
    let authority = Authority::new(attempt.url().authority);
    let allowed = allowed::<R>(settings, authority.as_ref().map(|authority| authority.host));
    settings
        .shared
        .propagator
        .inject_allowed(current, allowed, request.headers_mut());
}

/// Returns what a host may see of the context.
fn allowed<R: HttpRequest>(settings: &Settings, host: Option<&str>) -> Allowed {
    if R::MAY_BE_REDIRECTED {
        settings.outgoing.to_host_and_redirects(host)
    } else {
        settings.outgoing.to_host(host)
    }
}

fn attempts<'a>(extensions: Option<&'a Extensions>, current: &'a Context) -> Option<&'a Attempts> {
    extensions.and_then(Extensions::get).or_else(|| current.get())
}

fn template<'a>(extensions: Option<&'a Extensions>, current: &'a Context) -> Option<&'a str> {
    let UrlTemplate(template) = extensions.and_then(Extensions::get).or_else(|| current.get())?;
    Some(template)
}

/// It is no error of the server if the caller drops the response.
const FAILURES: Failures = Failures {
    from: 400,
    dropped: None,
    side: Side::Client,
};
