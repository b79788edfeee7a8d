//! The start of an attempt's span.

use std::sync::Arc;
use std::time::SystemTime;

use opentelemetry::trace::{SpanBuilder, SpanKind, TraceContextExt};
use opentelemetry::{Context, KeyValue};

use super::attempt::Attempt;
use super::peer::Peer;
use super::settings::Settings;
use crate::exchange::StartedSpan;
use crate::grpc::Call;
use crate::limits::{MAX_ATTRIBUTE_BYTES, truncate};
use crate::method::KnownMethod;
use crate::query::Query;
use crate::semconv;
use crate::template::{Template, span_name};

/// What is known of an attempt before it is sent.
pub(super) struct Outline<'a> {
    pub(super) attempt: &'a Attempt<'a>,
    /// Whether the authority of the URL is only a host.
    pub(super) is_host: bool,
    pub(super) method: KnownMethod,
    pub(super) peer: Option<&'a Peer>,
    pub(super) template: Option<&'a Template>,
    /// The gRPC call that the request makes, if it is one.
    pub(super) call: Option<&'a Call>,
    pub(super) resent: u32,
}

impl Outline<'_> {
    /// Starts the span. Returns `None` if no provider would receive it.
    pub(super) fn span(&self, settings: &Settings, parent: &Context) -> Option<StartedSpan> {
        let shared = &settings.shared;
        let mut at = SystemTime::UNIX_EPOCH;
        let span = shared.tracer.start(parent, || {
            at = SystemTime::now();
            let name = match self.call {
                Some(call) => call.span_name().into(),
                None => span_name(self.method, self.template),
            };
            SpanBuilder::from_name(name)
                .with_kind(SpanKind::Client)
                .with_start_time(at)
                .with_attributes(self.at_creation(&shared.query))
        })?;
        if span.is_recording {
            let span = span.context.span();
            if let Some(template) = self.template {
                span.set_attribute(KeyValue::new(semconv::URL_TEMPLATE, template.text.clone()));
            }
            if self.resent > 0 && self.call.is_none() {
                let resent = i64::from(self.resent);
                span.set_attribute(KeyValue::new(semconv::HTTP_REQUEST_RESEND_COUNT, resent));
            }
            span.set_attributes(
                shared
                    .request_headers
                    .attributes(self.attempt.headers(), self.call.is_some()),
            );
            span.set_attributes(
                settings
                    .request_attributes
                    .attributes(|add, to| add(self.attempt, to)),
            );
        }
        Some(StartedSpan { span, at })
    }

    /// The attributes that a sampler can see.
    fn at_creation(&self, query: &Query) -> Vec<KeyValue> {
        let mut attributes = Vec::with_capacity(CAPACITY);
        match self.call {
            Some(call) => call.add_to(&mut attributes, self.attempt.path()),
            None => self.add_method(&mut attributes),
        }
        if let Some(peer) = self.peer {
            attributes.push(KeyValue::new(semconv::SERVER_ADDRESS, Arc::clone(&peer.host)));
            attributes.extend(
                peer.port
                    .map(|port| KeyValue::new(semconv::SERVER_PORT, i64::from(port))),
            );
            if let Some(socket) = &peer.socket {
                if self.call.is_none() {
                    attributes.push(KeyValue::new(semconv::NETWORK_TRANSPORT, semconv::UNIX));
                }
                attributes.push(KeyValue::new(semconv::NETWORK_PEER_ADDRESS, Arc::clone(socket)));
            }
        }
        if self.call.is_none() {
            let url = self.attempt.url().redacted(query, self.is_host);
            attributes.push(KeyValue::new(semconv::URL_FULL, url));
        }
        attributes
    }

    fn add_method(&self, attributes: &mut Vec<KeyValue>) {
        attributes.push(KeyValue::new(semconv::HTTP_REQUEST_METHOD, self.method.label()));
        if self.method.is_other() {
            let sent = truncate(self.attempt.method().as_str(), MAX_ATTRIBUTE_BYTES).to_owned();
            attributes.push(KeyValue::new(semconv::HTTP_REQUEST_METHOD_ORIGINAL, sent));
        }
    }
}

/// Capacity for the usual number of attributes, so that the vector does not grow.
const CAPACITY: usize = 12;
