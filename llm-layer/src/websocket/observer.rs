//! The observer of a connection.

use std::fmt;
use std::sync::Arc;

use http::Uri;
use opentelemetry::Context;
use throughline_agents::model_call::is_observed;
use throughline_llm_wire::websocket::{CallId, SessionEvent, SessionReader};
use throughline_tracing_layer::limits::{MAX_ATTRIBUTE_BYTES, truncate};

use crate::call::{MessageCall, MessageEnd, Shared};
use crate::layer::LlmLayer;

/// Observes the model calls of one WebSocket connection. See [the module](super).
///
/// Wrap the connection with [`client`](Self::client) or [`server`](Self::server). For a library whose
/// messages are no [`WebSocketMessage`](super::WebSocketMessage), pass the text messages to
/// [`read_client`](Self::read_client) and [`read_server`](Self::read_server) instead.
///
/// If it is dropped, calls that have not ended are recorded as cancelled.
pub struct LlmWebSocket {
    /// `None`: the connection carries no model calls.
    session: Option<SessionReader>,
    calls: Calls,
}

/// The calls that have not ended.
struct Calls {
    shared: Shared,
    parent: Context,
    /// Address and port of the server.
    server: (Option<Arc<str>>, Option<u16>),
    open: Vec<(CallId, MessageCall)>,
}

impl LlmWebSocket {
    /// Creates an observer for a connection to this URL, with the settings of a layer. The calls are children
    /// of the current context.
    ///
    /// The provider, the server's address and, for the Realtime API, the model are those of the URL. In a
    /// gateway, pass the URL of the provider. A connection to any other URL than those of
    /// [the table](crate::wire::websocket) is not observed.
    #[must_use]
    pub fn new(layer: &LlmLayer, url: &Uri) -> Self {
        let shared = layer.shared.clone();
        let session = SessionReader::new(url, &shared.config.rules);
        let session = session.map(|session| session.with_limit(shared.config.request_limit));
        let target = session.as_ref().map(SessionReader::target);
        let host = target.and_then(|target| target.host);
        let server = (
            host.map(|host| truncate(host, MAX_ATTRIBUTE_BYTES).into()),
            target.and_then(|target| target.port),
        );
        Self {
            calls: Calls {
                shared,
                parent: Context::current(),
                server,
                open: Vec::new(),
            },
            session,
        }
    }

    /// Sets the context whose children the calls are. Default: the context that was current at
    /// [`new`](Self::new).
    #[must_use]
    pub fn with_context(mut self, context: Context) -> Self {
        self.calls.parent = context;
        self
    }

    /// Reads a text message of the client.
    pub fn read_client(&mut self, text: &str) {
        self.begin(text);
    }

    /// Reads a text message of the server.
    pub fn read_server(&mut self, text: &str) {
        if let Some(session) = &mut self.session {
            session.read_server(text, |event| self.calls.receive(event));
        }
    }

    /// Reads a text message of the client. Returns the call that it begins.
    pub(super) fn begin(&mut self, text: &str) -> Option<CallId> {
        let session = self.session.as_mut()?;
        let mut begun = None;
        session.read_client(text, |event| {
            if let SessionEvent::Begin(id, _) = &event {
                begun = Some(*id);
            }
            self.calls.receive(event);
        });
        begun
    }

    /// Ends a call whose request was not sent.
    pub(super) fn fail(&mut self, id: CallId, end: MessageEnd<'_>) {
        if let Some(session) = &mut self.session {
            session.forget(id);
        }
        self.calls.end(id, end);
    }

    /// Ends all calls.
    pub(super) fn end(&mut self, end: MessageEnd<'_>) {
        for (id, call) in std::mem::take(&mut self.calls.open) {
            if let Some(session) = &mut self.session {
                session.forget(id);
            }
            call.end(end);
        }
    }

    /// Notes that the caller waits for the next message.
    pub(super) fn poll(&mut self) {
        self.calls.open.iter_mut().for_each(|(_, call)| call.poll());
    }
}

impl Calls {
    fn receive(&mut self, event: SessionEvent<'_>) {
        match event {
            SessionEvent::Begin(id, request) if is_observed(&self.parent) => {
                let call = MessageCall::begin(&self.shared, &self.parent, &self.server, *request);
                self.open.push((id, call));
            }
            SessionEvent::Message(id, message) => {
                if let Some((_, call)) = self.open.iter_mut().find(|(other, _)| *other == id) {
                    call.read(&message);
                }
            }
            SessionEvent::End(id) => self.end(id, MessageEnd::Answered),
            _ => {}
        }
    }

    fn end(&mut self, id: CallId, end: MessageEnd<'_>) {
        if let Some(at) = self.open.iter().position(|(other, _)| *other == id) {
            let (_, call) = self.open.remove(at);
            call.end(end);
        }
    }
}

impl Drop for LlmWebSocket {
    fn drop(&mut self) {
        self.end(MessageEnd::CallerLeft);
    }
}

/// Omits the URL, which may have a secret.
impl fmt::Debug for LlmWebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LlmWebSocket")
            .field("is_observed", &self.session.is_some())
            .field("calls", &self.calls.open.len())
            .finish_non_exhaustive()
    }
}
