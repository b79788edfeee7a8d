//! One attempt, from its head to its end.

use std::sync::Arc;
use std::time::Instant;

use bytes::Buf;
use http_body::Frame;
use opentelemetry::Context;

use super::attempts::{Attempts, Nth, UrlTemplate};
use super::metrics::Instruments;
use super::outbound::{Outbound, Peer};
use super::outline::Outline;
use super::settings::Settings;
use crate::exchange::{Exchange, Failures, connection};
use crate::labels::Labels;
use crate::limits::{literal_id, series_id, text_id};
use crate::observe::{End, EndAt, Head, Observe};
use crate::template::Template;
use crate::{protocol, semconv};

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
        let target = protocol::host_and_port(attempt.url().authority);
        let peer = target.map(|target| Peer::new(target, attempt.url().scheme));
        // Decided by the whole host: the one that is recorded may be cut.
        let allowed =
            (shared.parts.propagation).then(|| settings.outgoing.to_host(target.map(|(host, _)| host)));
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
        if let Some(allowed) = allowed {
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

    fn labels(&self, instruments: &Instruments) -> Labels {
        let method = self.exchange.known.label();
        let template = self.template.as_ref().map(|template| &template.text);
        let id = series_id([
            literal_id(method),
            template.map_or(0, |template| text_id(template.as_str())),
            self.exchange.series_id(),
        ]);
        let peer = self.peer.as_ref();
        let admission = instruments.admit(peer, id, self.settings.max_server_addresses);
        let mut labels = Labels::new();
        let method = if admission.in_full { method } else { semconv::OTHER };
        labels.push(semconv::HTTP_REQUEST_METHOD, method);
        if let Some(peer) = peer {
            admission.label(peer, &mut labels);
        }
        if !admission.in_full {
            self.exchange.label_merged(&mut labels);
            return labels;
        }
        if let Some(template) = template {
            labels.push(semconv::URL_TEMPLATE, template.clone());
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
            let labels = self.labels(instruments);
            instruments.exchange.record_duration(conclusion.lasted, &labels);
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
                let labels = self.labels(instruments);
                instruments.exchange.record_sizes(sizes, &labels);
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
