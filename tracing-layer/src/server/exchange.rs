//! One request, from its head to its end.

use std::sync::Arc;
use std::time::Duration;

use bytes::Buf;
use http::{Method, Request, StatusCode, Version};
use http_body::Frame;
use opentelemetry::trace::{SpanBuilder, SpanKind};
use opentelemetry::{Context, KeyValue};

use super::attributes;
use super::metrics::{Active, Instruments};
use super::route::Route;
use super::settings::Settings;
use crate::error_type::error_type;
use crate::labels::Labels;
use crate::method::Known;
use crate::observe::{End, EndAt, Head, Observe};
use crate::span::{Began, OpenSpan};
use crate::{intern, protocol, semconv};

/// A request that is being served: the observer behind the response of [`Server`](super::Server).
#[derive(Debug)]
pub struct Exchange {
    settings: Arc<Settings>,
    began: Began,
    context: Context,
    span: Option<OpenSpan>,
    active: Option<Active>,
    method: Method,
    known: Known,
    scheme: &'static str,
    version: Version,
    route: Option<Route>,
    status: Option<StatusCode>,
    time_to_headers: Option<Duration>,
    sent: Option<u64>,
}

impl Exchange {
    /// Begins where a request comes in, or not where telemetry is suppressed.
    pub(super) fn begin<B>(settings: &Arc<Settings>, request: &Request<B>) -> Option<Self> {
        let current = Context::current();
        if current.is_telemetry_suppressed() {
            return None;
        }
        let context = settings.propagation.extract(&current, request.headers());
        let began = Began::now();
        let known = settings.methods.known(request.method());
        let scheme = request
            .uri()
            .scheme_str()
            .and_then(protocol::scheme)
            .unwrap_or(semconv::HTTP);
        let route = Route::matched(known, request.extensions());
        let span = settings.tracer.start(&context, || {
            let name = route.as_ref().map(|route| route.span_name.clone());
            let mut attributes = attributes::at_creation(request, known, scheme, &settings.redaction);
            attributes.extend(route.as_ref().map(Route::attribute));
            SpanBuilder::from_name(name.unwrap_or_else(|| known.span_name().into()))
                .with_kind(SpanKind::Server)
                .with_start_time(began.at)
                .with_attributes(attributes)
        });
        let active = settings
            .instruments
            .in_context(&context)
            .map(|instruments| instruments.activate(known.label(), scheme));
        Some(Self {
            settings: Arc::clone(settings),
            began,
            span: span.map(|span| OpenSpan::new(&context, span)),
            context,
            active,
            method: request.method().clone(),
            known,
            scheme,
            version: request.version(),
            route,
            status: None,
            time_to_headers: None,
            sent: Some(0),
        })
    }

    /// The class of error: the status code's where there is one that says so, else that of the ending.
    fn error(&self, end: End<'_>) -> Option<&'static str> {
        if let Some(status) = self.status.filter(StatusCode::is_server_error) {
            return intern::text(status.as_str());
        }
        match end {
            End::BodyError(cause) | End::ServiceError(cause) => Some(error_type(cause)),
            End::Dropped => Some(semconv::CANCELLED),
            End::Panicked => Some(semconv::PANIC),
            End::Complete | End::Trailers => None,
        }
    }

    fn measure(&self, instruments: &Instruments, lasted: Duration, error: Option<&'static str>) {
        let mut labels = Labels::new();
        labels.push(semconv::HTTP_REQUEST_METHOD, self.known.label());
        labels.push(semconv::URL_SCHEME, self.scheme);
        if let Some(version) = protocol::version(self.version) {
            labels.push(semconv::NETWORK_PROTOCOL_VERSION, version);
        }
        if let Some(status) = self.status {
            labels.push(semconv::HTTP_RESPONSE_STATUS_CODE, i64::from(status.as_u16()));
        }
        if let Some(route) = &self.route {
            labels.push(semconv::HTTP_ROUTE, route.template.clone());
        }
        if let Some(error) = error {
            labels.push(semconv::ERROR_TYPE, error);
        }
        instruments
            .duration
            .record(lasted.as_secs_f64(), labels.as_slice());
        if let Some(sent) = self.sent {
            instruments.response_size.record(sent, labels.as_slice());
        }
    }

    fn finish(self, lasted: Duration, error: Option<&'static str>) {
        let Some(span) = self.span.filter(OpenSpan::is_recording) else {
            return;
        };
        let version = protocol::version(self.version);
        let status = self.status.map(|status| i64::from(status.as_u16()));
        let time_to_headers = self.time_to_headers.map(|time| time.as_secs_f64());
        let attributes = [
            version.map(|version| KeyValue::new(semconv::NETWORK_PROTOCOL_VERSION, version)),
            status.map(|status| KeyValue::new(semconv::HTTP_RESPONSE_STATUS_CODE, status)),
            time_to_headers.map(|time| KeyValue::new(semconv::TIME_TO_HEADERS, time)),
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
        if protocol::ends_with_head(&self.method, head.status) {
            return EndAt::Headers;
        }
        if self.settings.end_at == EndAt::Body {
            self.time_to_headers = Some(self.began.elapsed());
        } else {
            self.sent = None;
        }
        self.settings.end_at
    }

    fn on_frame<D: Buf>(&mut self, frame: &Frame<D>) {
        let bytes = frame.data_ref().map_or(0, Buf::remaining) as u64;
        self.sent = self.sent.map(|sent| sent.saturating_add(bytes));
    }

    fn on_end(mut self, end: End<'_>) {
        let lasted = self.began.elapsed();
        let error = self.error(end);
        drop(self.active.take());
        if let Some(instruments) = self.settings.instruments.in_context(&self.context) {
            self.measure(instruments, lasted, error);
        }
        self.finish(lasted, error);
    }
}
