//! The observer of a model call.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Buf;
use http::{HeaderMap, StatusCode};
use http_body::Frame;
use opentelemetry::{Array, Context, KeyValue, Value};
use throughline_agents::scope::{ExhaustedBudget, ScopeNames};
use throughline_agents::{budget, model_call};
use throughline_llm_wire::{Recognised, RequestCopy, ResponseReader, Unseen};
use throughline_tokens::Tokenizer;
use throughline_tracing_layer::labels::Labels;
use throughline_tracing_layer::observe::{End, EndAt, Head as ResponseHead, Observe};
use throughline_tracing_layer::provider::{LazyInstruments, LazyTracer};

use super::Instruments;
use super::parameters::RequestAttributes;
use super::peek::peek;
use super::rate_limits;
use super::reply_counters::ReplyCounters;
use super::streams::OpenStream;
use super::timing::CallTiming;
use crate::clock::Clock;
use crate::config::Config;
use crate::drain_signal::DrainSignal;
use crate::semconv;

/// The state that all calls of a layer share.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    pub(crate) tracer: LazyTracer,
    pub(crate) instruments: LazyInstruments<Instruments>,
    pub(crate) config: Arc<Config>,
    pub(crate) clock: Clock,
}

/// Observes the response of a model call.
pub struct CallObserver(pub(super) Box<CallState>);

/// Omits the content of the call.
impl fmt::Debug for CallObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallObserver")
            .field("status", &self.0.status)
            .field("began", &self.0.began)
            .finish_non_exhaustive()
    }
}

pub(super) struct CallState {
    pub(super) shared: Shared,
    pub(super) cx: Context,
    /// Whether the context's span is this call's own.
    pub(super) has_span: bool,
    pub(super) recognised: Recognised,
    /// Address and port of the server.
    pub(super) server: (Option<Arc<str>>, Option<u16>),
    pub(super) names: ScopeNames,
    pub(super) labels: Labels,
    /// The labels of the chunk metrics, and the response model they were built for.
    pub(super) chunk_labels: Option<(Option<Arc<str>>, Labels)>,
    pub(super) request: RequestAttributes,
    /// The attributes the span began with, if events repeat them.
    pub(super) begin_attributes: Vec<KeyValue>,
    /// The body as it was sent, if all of it was read.
    pub(super) body: Option<RequestCopy>,
    pub(super) tokenizer: Tokenizer,
    /// Whether some of the text was not counted exactly.
    pub(super) inexact: bool,
    /// Whether tokens are approximated from bytes because the process is shutting down.
    pub(super) rough: bool,
    /// When the span began. It ends by the monotonic clock, so that it is as long as the metric says.
    pub(super) began: SystemTime,
    pub(super) timing: CallTiming,
    pub(super) status: Option<StatusCode>,
    pub(super) response: ResponseReader,
    pub(super) counters: ReplyCounters,
    pub(super) stream: Option<OpenStream>,
    /// The signal of the drain around the call.
    pub(super) drain_signal: Option<DrainSignal>,
    /// Set once the caller has left and a drain reads the rest.
    pub(super) abandoned: Option<Abandoned>,
    /// Attributes for the headers of an unsuccessful response: see [`REFUSAL_HEADERS`].
    pub(super) refusal_headers: Vec<KeyValue>,
    /// Whether the budget of a scope was exhausted when the call began.
    pub(super) beyond_budget: bool,
    /// The budget that kept the call from being sent.
    pub(super) refusal: Option<ExhaustedBudget>,
}

/// The state of a call when its caller left it to a drain.
#[derive(Debug)]
pub(super) struct Abandoned {
    pub(super) answered: bool,
    /// Whether data arrived afterwards.
    pub(super) drained: bool,
}

impl CallState {
    /// Stops the timing if the caller has left. Call it before anything else of the call changes.
    fn check_abandoned(&mut self) {
        if self.abandoned.is_some() {
            return;
        }
        if let Some(at) = self.drain_signal.as_ref().and_then(DrainSignal::left_at) {
            self.timing.abandoned(at);
            self.abandoned = Some(Abandoned {
                answered: self.is_answered(),
                drained: false,
            });
        }
    }

    pub(super) fn is_stream(&self) -> bool {
        self.request.stream || self.response.is_stream()
    }
}

impl Observe for CallObserver {
    fn context(&self) -> Option<&Context> {
        Some(&self.0.cx)
    }

    fn on_response(&mut self, head: ResponseHead<'_>) -> EndAt {
        self.0.check_abandoned();
        let this = &mut *self.0;
        this.status = Some(head.status);
        this.refusal = head.extensions.get().cloned();
        if this.beyond_budget && this.refusal.is_none() {
            budget::warn_not_enforced();
        }
        this.response.read_head(head.headers);
        if !head.status.is_success() {
            this.refusal_headers.extend(refusal_headers(head.headers));
        }
        this.stream = OpenStream::open(this);
        rate_limits::record(this, head.headers);
        this.timing.delivered();
        EndAt::Body
    }

    fn on_poll(&mut self) {
        self.0.timing.polled();
        self.0.check_abandoned();
    }

    fn on_frame<D: Buf>(&mut self, frame: &Frame<D>) {
        let this = &mut *self.0;
        this.timing.delivered();
        let Some(data) = frame.data_ref() else { return };
        if !data.has_remaining() {
            return;
        }
        if let Some(abandoned) = &mut this.abandoned {
            abandoned.drained = true;
        }
        this.timing.first_byte();
        if !this.response.is_reading() {
            return;
        }
        let documents = this.response.reply().documents();
        let (response, counters) = (&mut this.response, &mut this.counters);
        let is_whole = peek(data, |bytes| response.feed(bytes, |piece| counters.push(piece)));
        if !is_whole {
            response.stop(Unseen::Fragmented);
        }
        if this.response.reply().has_text() {
            this.timing.first_text();
        }
        if this.response.reply().documents() > documents {
            this.chunk();
        }
    }

    fn on_end(self, end: End<'_>) {
        let mut this = self.0;
        this.check_abandoned();
        if this.status.is_none() {
            this.refusal = model_call::refusal(&this.cx);
        }
        this.record(end);
    }
}

/// Returns the headers of an unsuccessful response about limits and request ids.
fn refusal_headers(headers: &HeaderMap) -> impl Iterator<Item = KeyValue> {
    let named = headers.iter().filter(|(name, _)| {
        let name = name.as_str();
        let is_limit = name.starts_with("x-ratelimit-") || name.starts_with("anthropic-ratelimit-");
        REFUSAL_HEADERS.contains(&name) || is_limit && name.len() <= MAX_HEADER_NAME_BYTES
    });
    let short = named.filter_map(|(name, value)| Some((name, value.to_str().ok()?)));
    short
        .filter(|(_, value)| value.len() <= 128)
        .take(16)
        .map(|(name, value)| {
            let values = Array::String(vec![value.to_owned().into()]);
            KeyValue::new(
                format!("{}{name}", semconv::RESPONSE_HEADER),
                Value::Array(values),
            )
        })
}

/// The longest name of a header that becomes the key of an attribute.
const MAX_HEADER_NAME_BYTES: usize = 64;

const REFUSAL_HEADERS: &[&str] = &[
    "retry-after",
    "retry-after-ms",
    "x-request-id",
    "request-id",
    "x-amzn-requestid",
];
