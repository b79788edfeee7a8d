//! One attempt, from its head to its end.

use std::sync::Arc;
use std::time::Instant;

use bytes::Buf;
use http_body::Frame;
use opentelemetry::Context;

use super::attempts::{Attempts, Nth, UrlTemplate};
use super::outbound::{Outbound, Peer};
use super::outline::Outline;
use super::settings::Settings;
use crate::exchange::{Exchange, Failures, connection};
use crate::labels::Labels;
use crate::metrics::Instruments;
use crate::observe::{End, EndAt, Head, Observe};
use crate::semconv;
use crate::template::Template;

/// A request that is being sent: the observer behind the response of [`Client`](super::Client).
#[derive(Debug)]
pub struct Sending {
    settings: Arc<Settings>,
    exchange: Exchange,
    peer: Option<Peer>,
    template: Option<Template>,
    nth: Option<Nth>,
}

impl Sending {
    /// Begins where a request goes out, or not where telemetry is suppressed.
    pub(super) fn begin<R: Outbound>(settings: &Arc<Settings>, request: &mut R) -> Option<Self> {
        let current = Context::current();
        if current.is_telemetry_suppressed() {
            return None;
        }
        let began = Instant::now();
        let shared = &settings.shared;
        let attempt = request.attempt();
        let observed = settings.filter.call(|filter| filter(&attempt)).unwrap_or(true);
        let method = shared.methods.known(attempt.method());
        let peer = Peer::of(attempt.url());
        let template = template(request, &current).map(|template| Template::new(method, template));
        let nth = attempts(request, &current).and_then(|attempts| attempts.count(&attempt, &current));
        let outline = Outline {
            attempt: &attempt,
            method,
            peer: peer.as_ref(),
            template: template.as_ref(),
            resent: nth.as_ref().map_or(0, Nth::before),
        };
        let span = (observed && shared.parts.spans)
            .then(|| outline.span(settings, &current))
            .flatten();
        let has_span = span.is_some();
        let mut exchange = Exchange::new(began, current, span, attempt.method(), method);
        if let Some(nth) = nth.as_ref().filter(|_| has_span) {
            nth.begin(exchange.context());
        }
        if shared.parts.propagation {
            let host = peer.as_ref().map(|peer| &*peer.host);
            let allowed = if R::MAY_BE_REDIRECTED {
                settings.outgoing.to_host_and_redirects(host)
            } else {
                settings.outgoing.to_host(host)
            };
            let headers = request.headers_mut();
            shared
                .propagator
                .inject_allowed(exchange.context(), allowed, headers);
        }
        exchange.measured = observed && shared.parts.metrics;
        exchange.request = (exchange.measured && shared.body_sizes).then(|| request.body_bytes());
        Some(Self {
            settings: Arc::clone(settings),
            exchange,
            peer,
            template,
            nth,
        })
    }

    fn instruments(&self) -> Option<&Instruments> {
        self.exchange.instruments(&self.settings.instruments)
    }

    fn labels(&self) -> Labels {
        let mut labels = Labels::new();
        labels.push(semconv::HTTP_REQUEST_METHOD, self.exchange.known.label());
        if let Some(peer) = &self.peer {
            labels.push(semconv::SERVER_ADDRESS, Arc::clone(&peer.host));
            labels.push(semconv::SERVER_PORT, i64::from(peer.port));
        }
        if let Some(template) = &self.template {
            labels.push(semconv::URL_TEMPLATE, template.text.clone());
        }
        self.exchange.label(&mut labels);
        labels
    }

    /// Ends span and duration, the first time.
    fn conclude(&mut self, end: End<'_>) {
        let Some(conclusion) = self.exchange.conclude(end, FAILURES) else {
            return;
        };
        if let Some(instruments) = self.instruments() {
            instruments.record_duration(conclusion.lasted, &self.labels());
        }
        self.exchange.end_span(conclusion, None);
        if let Some(nth) = self.nth.take() {
            nth.end(self.exchange.status(), conclusion.error, conclusion.lasted);
        }
    }
}

impl Observe for Sending {
    fn context(&self) -> Option<&Context> {
        Some(self.exchange.context())
    }

    fn on_response(&mut self, head: Head<'_>) -> EndAt {
        self.exchange.version = Some(head.version);
        self.exchange.add(head.peer.into_iter().flat_map(connection));
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

fn attempts<'a, R: Outbound>(request: &'a R, current: &'a Context) -> Option<&'a Attempts> {
    request.extension().or_else(|| current.get())
}

fn template<'a, R: Outbound>(request: &'a R, current: &'a Context) -> Option<&'a str> {
    let UrlTemplate(template) = request.extension().or_else(|| current.get())?;
    Some(template)
}

/// A caller that no longer wants the response is not an error.
const FAILURES: Failures = Failures {
    from: 400,
    dropped: None,
};
