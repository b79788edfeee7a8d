//! Reads the messages of both sides of a connection.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, Uri};

use super::calls::OpenCalls;
use super::envelope::Envelope;
use super::event::{CallId, ServerMessage, SessionEvent};
use super::live::LiveTurns;
use super::parameters::SessionParameters;
use super::realtime::Realtime;
use super::transcription::Transcription;
use super::url::{self, SessionUrl};
use crate::format::WireFormat;
use crate::formats::Format;
use crate::parameter::Parameter;
use crate::recognised::{AnyFormat, Recognised};
use crate::request::RequestInfo;
use crate::request_copy::RequestCopy;
use crate::request_reader::{ModelRequest, RequestReader};
use crate::rule::Rule;
use crate::target::Target;

/// Finds the model calls in the messages of a WebSocket connection. See [the module](super).
pub struct SessionReader {
    api: Api,
    url: SessionUrl,
    rules: Vec<Rule>,
    provider: Cow<'static, str>,
    parameters: SessionParameters,
    calls: OpenCalls,
    /// The turns of the Live API.
    turns: LiveTurns,
    limit: usize,
}

/// The API of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Api {
    Responses,
    Realtime,
    /// Gemini's.
    Live,
}

impl Api {
    fn at(path: &str) -> Option<Self> {
        match path.rsplit(['/', '.']).next() {
            Some("responses") => Some(Self::Responses),
            Some("realtime") => Some(Self::Realtime),
            Some("BidiGenerateContent" | "BidiGenerateContentConstrained") => Some(Self::Live),
            _ => None,
        }
    }

    /// The provider at hosts that are not known.
    fn usual_provider(self) -> &'static str {
        match self {
            Self::Responses | Self::Realtime => "openai",
            Self::Live => "gcp.gen_ai",
        }
    }
}

impl SessionReader {
    /// The most calls that are followed at a time: 64.
    pub const MAX_CALLS: usize = OpenCalls::MAX_CALLS;
    /// The most bytes of a message that is read: 16 MiB.
    pub const MAX_MESSAGE_BYTES: usize = 16 * 1024 * 1024;

    /// Creates a reader, if a connection to this URL may carry model calls. A [`Rule`] for the path can name
    /// the provider, or exclude the connection.
    #[must_use]
    pub fn new(url: &Uri, rules: &[Rule]) -> Option<Self> {
        let model = url::model(url);
        let url = SessionUrl::new(url);
        let api = Api::at(&url.path)?;
        Some(Self {
            api,
            provider: url::provider(&url.target(), rules, api.usual_provider())?,
            url,
            rules: rules.to_vec(),
            parameters: SessionParameters::new(model),
            calls: OpenCalls::default(),
            turns: LiveTurns::default(),
            limit: RequestReader::DEFAULT_LIMIT,
        })
    }

    /// Sets the most bytes that are kept of requests of the Responses API, of all calls at a time. Default:
    /// [`RequestReader::DEFAULT_LIMIT`].
    #[must_use]
    pub fn with_limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// Returns the target that the calls have: that of the same request over HTTP.
    #[must_use]
    pub fn target(&self) -> Target<'_> {
        self.url.target()
    }

    /// Reads a text message of the client.
    pub fn read_client(&mut self, text: &str, mut on_event: impl FnMut(SessionEvent<'_>)) {
        if self.api == Api::Live {
            if text.len() <= Self::MAX_MESSAGE_BYTES {
                let Self {
                    turns,
                    calls,
                    provider,
                    ..
                } = self;
                turns.read_client(text, calls, provider, &mut on_event);
            }
            return;
        }
        let is_realtime = self.api == Api::Realtime;
        let is_wanted = |kind: &str| match kind {
            "response.create" => true,
            "session.update" | "transcription_session.update" => is_realtime,
            _ => false,
        };
        let Some(mut envelope) = read_envelope(text, is_wanted) else {
            return;
        };
        if envelope.kind != "response.create" {
            return self.parameters.update(text);
        }
        let request = match self.api {
            Api::Responses => self.responses_request(text),
            Api::Realtime | Api::Live => Some(self.realtime_request(self.parameters.with_response(text))),
        };
        let stored_bytes = |request: &ModelRequest| request.copy.as_ref().map_or(0, RequestCopy::length);
        let id = self
            .calls
            .request(&mut envelope, request.as_ref().map(stored_bytes));
        if let (Some(id), Some(request)) = (id, request) {
            on_event(SessionEvent::Begin(id, Box::new(request)));
        }
    }

    /// Reads a text message of the server.
    pub fn read_server(&mut self, text: &str, mut on_event: impl FnMut(SessionEvent<'_>)) {
        if self.api == Api::Live {
            if text.len() <= Self::MAX_MESSAGE_BYTES {
                let Self {
                    turns,
                    calls,
                    provider,
                    ..
                } = self;
                turns.read_server(text, calls, provider, &mut on_event);
            }
            return;
        }
        let is_realtime = self.api == Api::Realtime;
        let is_wanted = |kind: &str| {
            let is_session = || matches!(kind, "session.created" | "session.updated");
            let is_own = || is_session() || kind.starts_with(TRANSCRIPTION);
            kind == "error" || kind.starts_with("response.") || is_realtime && is_own()
        };
        let Some(mut envelope) = read_envelope(text, is_wanted) else {
            return;
        };
        let kind = std::mem::take(&mut envelope.kind);
        let message = ServerMessage {
            kind: &kind,
            text,
            refusal: None,
        };
        match &*kind {
            "error" => self.read_error(&envelope, message, on_event),
            "session.created" | "session.updated" => self.parameters.replace(text),
            kind if kind.starts_with(TRANSCRIPTION) => {
                self.read_transcription(&mut envelope, message, on_event);
            }
            _ => self.read_response(&mut envelope, message, &mut on_event),
        }
    }

    /// Forgets a call: its request was not sent.
    pub fn forget(&mut self, call: CallId) {
        self.calls.end(call);
        self.turns.forget(call);
    }

    fn read_response(
        &mut self,
        envelope: &mut Envelope,
        message: ServerMessage<'_>,
        on_event: &mut impl FnMut(SessionEvent<'_>),
    ) {
        if self.calls.has_ended(&envelope.ids) {
            return;
        }
        let is_end = END_OF_RESPONSE.contains(&message.kind);
        let id = match self.calls.find(envelope, is_end) {
            Some(call) if call.is_ignored => Err(call.id),
            Some(call) => Ok(call.id),
            // A response that the server starts by itself, or whose beginning was not seen.
            None if envelope.ids.response.is_some() && (is_end || message.kind == "response.created") => {
                let Some(id) = self.calls.respond(envelope) else {
                    return;
                };
                on_event(SessionEvent::Begin(id, Box::new(self.unrequested())));
                Ok(id)
            }
            None => return,
        };
        if let Ok(id) = id {
            on_event(SessionEvent::Message(id, message));
        }
        if is_end {
            let (Ok(id) | Err(id)) = id;
            self.calls.end(id);
        }
        if let Some(id) = id.ok().filter(|_| is_end) {
            on_event(SessionEvent::End(id));
        }
    }

    fn read_error(
        &mut self,
        envelope: &Envelope,
        message: ServerMessage<'_>,
        mut on_event: impl FnMut(SessionEvent<'_>),
    ) {
        let Some(call) = self.calls.find_failed(envelope, self.api == Api::Responses) else {
            return;
        };
        let (id, is_ignored) = (call.id, call.is_ignored);
        let status = envelope
            .status
            .and_then(|status| StatusCode::from_u16(status).ok());
        let status = status.filter(|status| status.is_client_error() || status.is_server_error());
        let refusal = (!call.is_answered()).then(|| status.unwrap_or(StatusCode::BAD_REQUEST));
        self.calls.end(id);
        if !is_ignored {
            on_event(SessionEvent::Message(id, ServerMessage { refusal, ..message }));
            on_event(SessionEvent::End(id));
        }
    }

    fn read_transcription(
        &mut self,
        envelope: &mut Envelope,
        message: ServerMessage<'_>,
        mut on_event: impl FnMut(SessionEvent<'_>),
    ) {
        let Some(item) = envelope.ids.item.take() else {
            return;
        };
        let id = match self.calls.transcription(&item) {
            Some(call) => call.id,
            None => {
                let Some(id) = self.calls.transcribe(&item, envelope) else {
                    return;
                };
                let request = self.request(Transcription, self.parameters.transcription());
                on_event(SessionEvent::Begin(id, Box::new(request)));
                id
            }
        };
        on_event(SessionEvent::Message(id, message));
        if matches!(
            message.kind.strip_prefix(TRANSCRIPTION),
            Some("completed" | "failed")
        ) {
            self.calls.end(id);
            on_event(SessionEvent::End(id));
        }
    }

    /// Reads a request as it would be over HTTP. `None` if it is not a model call.
    fn responses_request(&self, text: &str) -> Option<ModelRequest> {
        let reader = RequestReader::new(&self.url.target(), &HeaderMap::new(), &self.rules)?;
        let mut reader = reader.with_limit(self.limit);
        let mut budget = usize::MAX;
        reader.read(text.as_bytes(), &mut budget);
        let has_room = self.calls.stored_bytes() + text.len() <= self.limit;
        let mut request = reader.finish(|| has_room.then(|| Bytes::copy_from_slice(text.as_bytes())))?;
        request.info.stream = Some(true);
        let model = || self.parameters.info.model.clone();
        request.info.model = request.info.model.take().or_else(model);
        Some(request)
    }

    fn realtime_request(&self, info: RequestInfo) -> ModelRequest {
        // What the server says of the session is not about a response with a model of its own.
        let is_of_session = info.model == self.parameters.info.model;
        let model = self.parameters.served_model.clone();
        self.request(Realtime::new(model.filter(|_| is_of_session)), info)
    }

    /// The request of a response that the client did not request.
    fn unrequested(&self) -> ModelRequest {
        let mut info = self.parameters.info.clone();
        match self.api {
            Api::Responses => {
                info.set(Parameter::OpenAiApiType, "responses");
                self.request_in(Format::OpenAiResponses.into(), info)
            }
            Api::Realtime | Api::Live => self.realtime_request(info),
        }
    }

    fn request(&self, format: impl WireFormat + 'static, info: RequestInfo) -> ModelRequest {
        self.request_in(AnyFormat::from_user(Arc::new(format)), info)
    }

    fn request_in(&self, format: AnyFormat, info: RequestInfo) -> ModelRequest {
        ModelRequest {
            is_certain: true,
            recognised: Recognised {
                format,
                provider: self.provider.clone(),
            },
            info,
            unseen: None,
            copy: None,
        }
    }
}

/// Omits the URL, which may have a secret.
impl fmt::Debug for SessionReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionReader")
            .field("api", &self.api)
            .field("calls", &self.calls)
            .finish_non_exhaustive()
    }
}

fn read_envelope(text: &str, is_wanted: impl Fn(&str) -> bool) -> Option<Envelope> {
    let is_short = text.len() <= SessionReader::MAX_MESSAGE_BYTES;
    is_short.then(|| Envelope::read(text, is_wanted)).flatten()
}

/// How the events of a transcription begin.
const TRANSCRIPTION: &str = "conversation.item.input_audio_transcription.";
/// The events that end a response, in both APIs.
const END_OF_RESPONSE: &[&str] = &[
    "response.completed",
    "response.failed",
    "response.incomplete",
    "response.cancelled",
    "response.done",
];
