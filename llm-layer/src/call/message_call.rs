//! A call in a connection that many calls share: its answer comes in messages, not as the body of a response.

use std::io::{self, ErrorKind};
use std::sync::Arc;

use http::{Extensions, HeaderMap, StatusCode};
use opentelemetry::Context;
use throughline_llm_wire::ModelRequest;
use throughline_llm_wire::websocket::ServerMessage;
use throughline_tracing_layer::observe::{Cause, End, Observe};

use super::extra_attributes::ExtraAttributes;
use super::observer::CallObserver;
use super::start::Start;
use super::state::Shared;

/// A call whose answer comes in messages. It is recorded as a call over HTTP: the first message stands for
/// the head of the response.
#[derive(Debug)]
pub(crate) struct MessageCall(CallObserver);

/// How such a call ended.
#[derive(Debug, Clone, Copy)]
pub(crate) enum MessageEnd<'a> {
    /// The last message has come.
    Answered,
    /// The caller closed the connection.
    CallerLeft,
    /// The provider closed the connection.
    ProviderLeft,
    /// The connection failed.
    Failed(Cause<'a>),
}

impl MessageCall {
    /// Starts the span of a call.
    pub(crate) fn begin(
        shared: &Shared,
        parent: &Context,
        server: &(Option<Arc<str>>, Option<u16>),
        request: ModelRequest,
    ) -> Self {
        let extra_attributes = ExtraAttributes::new(parent, None);
        let start = Start::new(shared.clone(), parent.clone(), server.clone(), extra_attributes);
        Self(start.observe(request))
    }

    /// Reads a message of the server.
    pub(crate) fn read(&mut self, message: &ServerMessage<'_>) {
        if !self.has_answer() {
            let status = message.refusal().unwrap_or(StatusCode::OK);
            self.0.read_head(status, &HeaderMap::new(), &Extensions::new());
        }
        self.0.0.timing.delivered();
        self.0.read_part(|reader, counters| {
            if message.has_uncountable_output() {
                counters.set_incomplete();
            }
            message.read_into(reader, |piece| counters.push(piece));
            true
        });
    }

    /// Notes that the caller waits for the next message.
    pub(crate) fn poll(&mut self) {
        self.0.on_poll();
    }

    /// Records the call.
    pub(crate) fn end(self, end: MessageEnd<'_>) {
        let aborted = io::Error::from(ErrorKind::ConnectionAborted);
        let end = match (end, self.has_answer()) {
            (MessageEnd::Answered, _) | (MessageEnd::ProviderLeft, true) => End::Complete,
            (MessageEnd::CallerLeft, _) => End::Dropped,
            (MessageEnd::ProviderLeft, false) => End::ServiceError(Cause::new(&aborted)),
            (MessageEnd::Failed(cause), true) => End::BodyError(cause),
            (MessageEnd::Failed(cause), false) => End::ServiceError(cause),
        };
        self.0.on_end(end);
    }

    fn has_answer(&self) -> bool {
        self.0.0.response.status.is_some()
    }
}
