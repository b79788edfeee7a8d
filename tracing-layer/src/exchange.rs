//! What the exchanges of servers and clients have in common.

use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime};

use bytes::Buf;
use http::{Method, StatusCode, Version};
use http_body::Frame;
use opentelemetry::trace::{SpanRef, Status, TraceContextExt};
use opentelemetry::{Context, KeyValue};

use crate::error_type::error_type;
use crate::grpc::{Call, Side};
use crate::limits::{literal_id, series_id};
use crate::method::KnownMethod;
use crate::observe::{End, EndAt, ResponseHead};
use crate::protocol::ResponseRule;
use crate::provider::{LazyInstruments, SpanInContext};
use crate::request_body::RequestBytes;
use crate::series::{Series, Text};
use crate::settings::Shared;
use crate::{intern, protocol, recent, semconv};

/// One exchange: its span, and what was observed.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) known_method: KnownMethod,
    /// The protocol version, once it is known.
    pub(crate) version: Option<Version>,
    pub(crate) measured: Measured,
    /// The gRPC call that the exchange is, if it is one. It has other names for everything.
    pub(crate) call: Option<Call>,
    rule: ResponseRule,
    began: Instant,
    context: Context,
    /// When the span started, if it is recorded.
    ///
    /// The duration is measured by the monotonic clock and added to this, so that the span is as long as the
    /// metric, even if the system clock is set in between.
    recording: Option<SystemTime>,
    response: ObservedResponse,
    error: Option<&'static str>,
    concluded: bool,
}

/// What was observed of a response so far.
#[derive(Debug, Default)]
struct ObservedResponse {
    status: Option<StatusCode>,
    /// Set if the exchange is recorded and its span lasts longer.
    time_to_headers: Option<Duration>,
    body_bytes: u64,
}

/// A span, and when it started.
#[derive(Debug)]
pub(crate) struct StartedSpan {
    pub(crate) span: SpanInContext,
    pub(crate) at: SystemTime,
}

/// Which metrics of an exchange are recorded.
#[derive(Debug)]
pub(crate) enum Measured {
    Nothing,
    Duration,
    /// Also the sizes of the bodies. The one of the request's is here.
    Sizes(RequestBytes),
}

/// The sizes of the bodies, as far as they are known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) request: Option<u64>,
    pub(crate) response: Option<u64>,
}

/// How an exchange ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Conclusion {
    pub(crate) lasted: Duration,
    pub(crate) error: Option<&'static str>,
}

/// Which exchanges have failed. Servers and clients differ.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Failures {
    /// The lowest status code that is an error.
    pub(crate) from: u16,
    /// The class of an exchange that was dropped, if that is an error.
    pub(crate) dropped: Option<&'static str>,
    /// The side of a gRPC call, whose status decides.
    pub(crate) side: Side,
}

impl Measured {
    /// `request` is only called if sizes are measured.
    pub(crate) fn new(is_measured: bool, sizes: bool, request: impl FnOnce() -> RequestBytes) -> Self {
        match (is_measured, sizes) {
            (false, _) => Self::Nothing,
            (true, false) => Self::Duration,
            (true, true) => Self::Sizes(request()),
        }
    }
}

impl StartedSpan {
    fn recording(&self) -> Option<SystemTime> {
        self.span.is_recording.then_some(self.at)
    }
}

impl Exchange {
    /// Creates an exchange in `parent`, or in the context of `span` if there is one.
    pub(crate) fn new(
        began: Instant,
        parent: Context,
        span: Option<StartedSpan>,
        method: &Method,
        known_method: KnownMethod,
    ) -> Self {
        let recording = span.as_ref().and_then(StartedSpan::recording);
        let context = span.map_or(parent, |started| started.span.context);
        Self {
            known_method,
            version: None,
            measured: Measured::Nothing,
            call: None,
            rule: ResponseRule::for_method(method),
            began,
            context,
            recording,
            response: ObservedResponse::default(),
            error: None,
            concluded: false,
        }
    }

    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    /// Returns the span, if it is recorded.
    pub(crate) fn span(&self) -> Option<SpanRef<'_>> {
        self.recording.map(|_| self.context.span())
    }

    /// Returns whether metrics are recorded.
    pub(crate) fn is_measured(&self) -> bool {
        !matches!(self.measured, Measured::Nothing)
    }

    /// Returns the instruments, if the exchange is measured.
    pub(crate) fn instruments<'a, I: Send + Sync + 'static>(
        &self,
        instruments: &'a LazyInstruments<I>,
    ) -> Option<&'a I> {
        instruments
            .in_context(&self.context)
            .filter(|_| self.is_measured())
    }

    /// Adds attributes to the span, if it is recorded. If there are none, its lock is not taken.
    pub(crate) fn add(&self, attributes: impl IntoIterator<Item = KeyValue>) {
        let Some(span) = self.span() else { return };
        let mut attributes = attributes.into_iter().peekable();
        if attributes.peek().is_some() {
            span.set_attributes(attributes);
        }
    }

    /// Records the head of the response. Returns where the span ends.
    pub(crate) fn respond(&mut self, head: &ResponseHead<'_>, settings: &Shared) -> EndAt {
        self.response.status = Some(head.status);
        let end_at = if self.ends_with_head() {
            EndAt::Headers
        } else {
            // The status of a call is at its end.
            let default = if self.call.is_some() {
                EndAt::Body
            } else {
                settings.end_at
            };
            settings.chosen_end(head).unwrap_or(default)
        };
        if let Some(call) = &mut self.call {
            call.read_head(head.headers);
            if end_at == EndAt::Headers {
                call.end_with_head();
            }
        }
        if self.recording.is_some() {
            let is_timed = settings.time_to_headers && end_at == EndAt::Body;
            self.response.time_to_headers = is_timed.then(|| self.began.elapsed());
            let is_call = self.call.is_some();
            self.add(settings.response_headers.attributes(head.headers, is_call));
            self.add(settings.response_attributes.attributes(|add, to| add(head, to)));
        }
        end_at
    }

    /// Returns where the observation ends if the span ends at `span`. A body whose size is measured is
    /// observed to its end.
    pub(crate) fn end_at(&self, span: EndAt) -> EndAt {
        if matches!(self.measured, Measured::Sizes(_)) && !self.ends_with_head() {
            return EndAt::Body;
        }
        span
    }

    /// Returns the status of the response, if there was one.
    pub(crate) fn status(&self) -> Option<StatusCode> {
        self.response.status
    }

    /// Returns whether the response consists of its head only.
    fn ends_with_head(&self) -> bool {
        self.response
            .status
            .is_some_and(|status| self.rule.ends_with_head(status))
    }

    /// Adds a frame to the size of the response's body. The last ones have the status of a call.
    pub(crate) fn observe<D: Buf>(&mut self, frame: &Frame<D>) {
        if let Some(call) = &mut self.call {
            call.read_frame(frame);
        }
        let bytes = frame.data_ref().map_or(0, Buf::remaining) as u64;
        self.response.body_bytes = self.response.body_bytes.saturating_add(bytes);
    }

    /// Returns the sizes so far, if they are measured.
    pub(crate) fn sizes(&self) -> Option<Sizes> {
        let Measured::Sizes(request) = &self.measured else {
            return None;
        };
        Some(Sizes {
            request: request.so_far(),
            response: self.response.status.map(|_| self.response.body_bytes),
        })
    }

    /// Decides how the exchange ended. Returns `None` if that was decided before.
    ///
    /// If the status code is an error, it is the class. Otherwise the ending determines the class.
    pub(crate) fn conclude(&mut self, end: End<'_>, failures: Failures) -> Option<Conclusion> {
        if self.concluded {
            return None;
        }
        let lasted = self.began.elapsed();
        let error = match &mut self.call {
            Some(call) => call.conclude(
                end,
                self.response.status,
                lasted,
                failures.side,
                failures.dropped.is_some(),
            ),
            None => self.error_of(end, failures),
        };
        self.concluded = true;
        self.error = error;
        Some(Conclusion { lasted, error })
    }

    /// Returns the class of the error of a request that is no call.
    fn error_of(&self, end: End<'_>, failures: Failures) -> Option<&'static str> {
        let failed = self
            .response
            .status
            .filter(|status| status.as_u16() >= failures.from);
        match (failed, end) {
            (Some(status), _) => Some(intern::status(status)),
            (None, End::BodyError(cause) | End::ServiceError(cause)) => Some(error_type(cause)),
            (None, End::Dropped) => failures.dropped,
            (None, End::Panicked) => Some(semconv::PANIC),
            (None, End::Complete | End::Trailers) => None,
        }
    }

    /// Adds the labels of the exchange's end.
    pub(crate) fn label(&self, labels: &mut Series) {
        if let Some(call) = &self.call {
            if let Some(status) = call.status() {
                labels.push(semconv::RPC_RESPONSE_STATUS_CODE, status);
            }
            if let Some(error) = self.error {
                labels.push(semconv::ERROR_TYPE, error);
            }
            return;
        }
        if let Some(version) = self.version.and_then(protocol::version) {
            labels.push(semconv::NETWORK_PROTOCOL_VERSION, version);
        }
        if let Some(status) = self.response.status {
            labels.push(semconv::HTTP_RESPONSE_STATUS_CODE, i64::from(status.as_u16()));
        }
        if let Some(error) = self.error {
            labels.push(semconv::ERROR_TYPE, error);
        }
    }

    /// Returns the part of the [`series_id`] that belongs to the exchange's end.
    pub(crate) fn series_id(&self) -> u64 {
        let error = self.error.map_or(0, literal_id);
        if let Some(call) = &self.call {
            return series_id([call.status().map_or(0, literal_id), error]);
        }
        let version = self.version.and_then(protocol::version).map_or(0, literal_id);
        let status = self
            .response
            .status
            .map_or(0, |status| u64::from(status.as_u16()));
        series_id([version, status, error])
    }

    /// Adds the labels of the exchange's end if there are too many series.
    pub(crate) fn label_merged(&self, labels: &mut Series) {
        if self.error.is_some() {
            labels.push(semconv::ERROR_TYPE, semconv::OTHER);
        }
    }

    /// Ends the span. Sets its route if it did not start with one: an attribute that is set twice is exported
    /// twice.
    ///
    /// There is never a description: a status code needs none, and the text of an error may have secrets.
    pub(crate) fn end_span(&self, conclusion: Conclusion, route: Option<&Text>) {
        let (Some(span), Some(began)) = (self.span(), self.recording) else {
            return;
        };
        let Conclusion { lasted, error } = conclusion;
        let call = self.call.as_ref();
        let is_http = call.is_none();
        let version = self.version.filter(|_| is_http).and_then(protocol::version);
        let status = self
            .response
            .status
            .filter(|_| is_http)
            .map(|status| i64::from(status.as_u16()));
        let time = self.response.time_to_headers;
        // Created one by one, since a list of them is large and would be moved several times.
        let attributes = (0..6).filter_map(|number| match number {
            0 => call
                .and_then(Call::status)
                .map(|status| KeyValue::new(semconv::RPC_RESPONSE_STATUS_CODE, status)),
            1 => version.map(|version| KeyValue::new(semconv::NETWORK_PROTOCOL_VERSION, version)),
            2 => status.map(|status| KeyValue::new(semconv::HTTP_RESPONSE_STATUS_CODE, status)),
            3 => time.map(|time| KeyValue::new(semconv::TIME_TO_HEADERS, time.as_secs_f64())),
            4 => error.map(|error| KeyValue::new(semconv::ERROR_TYPE, error)),
            _ => route.map(|route| KeyValue::new(semconv::HTTP_ROUTE, route.clone())),
        });
        span.set_attributes(attributes);
        if error.is_some() {
            span.set_status(Status::error(""));
        }
        span.end_with_timestamp(began + lasted);
    }
}

/// Returns the address of the peer, as attributes.
pub(crate) fn connection(peer: SocketAddr) -> [KeyValue; 2] {
    [
        KeyValue::new(semconv::NETWORK_PEER_ADDRESS, recent::address(peer.ip())),
        KeyValue::new(semconv::NETWORK_PEER_PORT, i64::from(peer.port())),
    ]
}
