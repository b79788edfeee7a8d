//! One attempt, from its head to its end.

use std::sync::Arc;
use std::time::Duration;

use bytes::Buf;
use http::{Method, StatusCode, Version};
use http_body::Frame;
use opentelemetry::trace::{SpanBuilder, SpanKind};
use opentelemetry::{Context, KeyValue};

use super::attributes;
use super::metrics::Instruments;
use super::outbound::{Outbound, Peer};
use super::settings::Settings;
use crate::error_type::error_type;
use crate::labels::Labels;
use crate::method::Known;
use crate::observe::{End, EndAt, Head, Observe};
use crate::span::{Began, OpenSpan};
use crate::{intern, protocol, semconv};

/// A request that is being sent: the observer behind the response of [`Client`](super::Client).
#[derive(Debug)]
pub struct Exchange {
    settings: Arc<Settings>,
    began: Began,
    context: Context,
    span: Option<OpenSpan>,
    method: Method,
    known: Known,
    peer: Option<Peer>,
    status: Option<StatusCode>,
    version: Option<Version>,
    received: Option<u64>,
}

impl Exchange {
    /// Begins where a request goes out, or not where telemetry is suppressed.
    pub(super) fn begin<R: Outbound>(settings: &Arc<Settings>, request: &mut R) -> Option<Self> {
        let context = Context::current();
        if context.is_telemetry_suppressed() {
            return None;
        }
        let began = Began::now();
        let known = settings.methods.known(request.method());
        let peer = Peer::of(&request.url());
        let span = settings.tracer.start(&context, || {
            SpanBuilder::from_name(known.span_name())
                .with_kind(SpanKind::Client)
                .with_start_time(began.at)
                .with_attributes(attributes::at_creation(
                    request,
                    known,
                    peer.as_ref(),
                    &settings.redaction,
                ))
        });
        let exchange = Self {
            settings: Arc::clone(settings),
            began,
            span: span.map(|span| OpenSpan::new(&context, span)),
            context,
            method: request.method().clone(),
            known,
            peer,
            status: None,
            version: None,
            received: Some(0),
        };
        if let Some(context) = exchange.context() {
            settings.propagation.inject(context, request.headers_mut());
        }
        Some(exchange)
    }

    /// The class of error: the status code's where there is one that says so, else that of the ending.
    ///
    /// A caller that no longer wants the response is not an error.
    fn error(&self, end: End<'_>) -> Option<&'static str> {
        let failed = |status: &StatusCode| status.is_client_error() || status.is_server_error();
        if let Some(status) = self.status.filter(failed) {
            return intern::text(status.as_str());
        }
        match end {
            End::BodyError(cause) | End::ServiceError(cause) => Some(error_type(cause)),
            End::Panicked => Some(semconv::PANIC),
            End::Complete | End::Trailers | End::Dropped => None,
        }
    }

    fn measure(&self, instruments: &Instruments, lasted: Duration, error: Option<&'static str>) {
        let mut labels = Labels::new();
        labels.push(semconv::HTTP_REQUEST_METHOD, self.known.label());
        if let Some(peer) = &self.peer {
            labels.push(semconv::SERVER_ADDRESS, Arc::clone(&peer.host));
            labels.push(semconv::SERVER_PORT, i64::from(peer.port));
        }
        if let Some(version) = self.version.and_then(protocol::version) {
            labels.push(semconv::NETWORK_PROTOCOL_VERSION, version);
        }
        if let Some(status) = self.status {
            labels.push(semconv::HTTP_RESPONSE_STATUS_CODE, i64::from(status.as_u16()));
        }
        if let Some(error) = error {
            labels.push(semconv::ERROR_TYPE, error);
        }
        instruments
            .duration
            .record(lasted.as_secs_f64(), labels.as_slice());
        if let (Some(received), Some(_)) = (self.received, self.status) {
            instruments.response_size.record(received, labels.as_slice());
        }
    }

    fn finish(self, lasted: Duration, error: Option<&'static str>) {
        let Some(span) = self.span.filter(OpenSpan::is_recording) else {
            return;
        };
        let version = self.version.and_then(protocol::version);
        let status = self.status.map(|status| i64::from(status.as_u16()));
        let attributes = [
            version.map(|version| KeyValue::new(semconv::NETWORK_PROTOCOL_VERSION, version)),
            status.map(|status| KeyValue::new(semconv::HTTP_RESPONSE_STATUS_CODE, status)),
        ];
        span.set(attributes.into_iter().flatten());
        span.end(self.began, lasted, error);
    }
}

impl Observe for Exchange {
    fn context(&self) -> Option<&Context> {
        Some(self.span.as_ref().map_or(&self.context, OpenSpan::context))
    }

    fn on_response(&mut self, head: Head<'_>) -> EndAt {
        self.status = Some(head.status);
        self.version = Some(head.version);
        if protocol::ends_with_head(&self.method, head.status) {
            return EndAt::Headers;
        }
        if self.settings.end_at == EndAt::Headers {
            self.received = None;
        }
        self.settings.end_at
    }

    fn on_frame<D: Buf>(&mut self, frame: &Frame<D>) {
        let bytes = frame.data_ref().map_or(0, Buf::remaining) as u64;
        self.received = self.received.map(|received| received.saturating_add(bytes));
    }

    fn on_end(self, end: End<'_>) {
        let lasted = self.began.elapsed();
        let error = self.error(end);
        if let Some(instruments) = self.settings.instruments.in_context(&self.context) {
            self.measure(instruments, lasted, error);
        }
        self.finish(lasted, error);
    }
}
