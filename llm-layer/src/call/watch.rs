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
use super::pace::Pace;
use super::parameters::RequestAttributes;
use super::peek::peek;
use super::reply_counters::ReplyCounters;
use super::streams::OpenStream;
use crate::clock::Clock;
use crate::config::Config;
use crate::drain_signal::DrainSignal;
use crate::semconv;

/// What all calls of a layer share.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    pub(crate) tracer: LazyTracer,
    pub(crate) instruments: LazyInstruments<Instruments>,
    pub(crate) config: Arc<Config>,
    pub(crate) clock: Clock,
}

/// Observes the response of a model call.
pub struct Watch(pub(super) Box<Watching>);

/// Without the question and the answer.
impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("status", &self.0.status)
            .field("began", &self.0.began)
            .finish_non_exhaustive()
    }
}

pub(super) struct Watching {
    pub(super) shared: Shared,
    pub(super) cx: Context,
    /// Whether the context's span is this call's own.
    pub(super) has_span: bool,
    pub(super) recognised: Recognised,
    /// Address and port of the server.
    pub(super) server: (Option<Arc<str>>, Option<u16>),
    pub(super) names: ScopeNames,
    pub(super) labels: Labels,
    /// What chunks are told apart by, and the answer's model when that was put together.
    pub(super) chunk_labels: Option<(Option<Arc<str>>, Labels)>,
    pub(super) ask: RequestAttributes,
    /// What the span began with, if events repeat it.
    pub(super) begun: Vec<KeyValue>,
    /// The body as it was sent, if all of it was read.
    pub(super) body: Option<RequestCopy>,
    pub(super) tokenizer: Tokenizer,
    /// Not all of the answer's text was counted, or it was cut where the number may depend on it.
    pub(super) inexact: bool,
    /// There is no time to count.
    pub(super) rough: bool,
    /// When the span began. It ends by the monotonic clock, so that it is as long as the metric says.
    pub(super) began: SystemTime,
    pub(super) pace: Pace,
    pub(super) status: Option<StatusCode>,
    pub(super) response: ResponseReader,
    pub(super) counters: ReplyCounters,
    pub(super) stream: Option<OpenStream>,
    /// The mark of the drain around the call.
    pub(super) mark: Option<DrainSignal>,
    /// The caller left, and a drain reads on.
    pub(super) left: Option<Left>,
    /// What the head of a refusal says of limits.
    pub(super) refusal_headers: Vec<KeyValue>,
    /// A budget above the call was spent when it began.
    pub(super) beyond_budget: bool,
    /// The budget that kept the call from being sent.
    pub(super) refusal: Option<ExhaustedBudget>,
}

/// What was known of a call when its caller left.
#[derive(Debug)]
pub(super) struct Left {
    pub(super) answered: bool,
    /// Whether something came afterwards.
    pub(super) drained: bool,
}

impl Watching {
    /// Looks whether the caller has left, before more is known.
    fn look_for_leaving(&mut self) {
        if self.left.is_some() {
            return;
        }
        if let Some(at) = self.mark.as_ref().and_then(DrainSignal::left_at) {
            self.pace.stop(at);
            self.left = Some(Left {
                answered: self.is_answered(),
                drained: false,
            });
        }
    }

    pub(super) fn is_stream(&self) -> bool {
        self.ask.stream || self.response.is_stream()
    }
}

impl Observe for Watch {
    fn context(&self) -> Option<&Context> {
        Some(&self.0.cx)
    }

    fn on_response(&mut self, head: ResponseHead<'_>) -> EndAt {
        self.0.look_for_leaving();
        let this = &mut *self.0;
        this.status = Some(head.status);
        this.refusal = head.extensions.get().cloned();
        if this.beyond_budget && this.refusal.is_none() {
            budget::warn_not_enforced();
        }
        this.response.read_head(head.headers);
        if !head.status.is_success() {
            this.refusal_headers.extend(refusal(head.headers));
        }
        this.open_stream();
        this.record_rate_limits(head.headers);
        this.pace.hand();
        EndAt::Body
    }

    fn on_poll(&mut self) {
        self.0.pace.ask();
        self.0.look_for_leaving();
    }

    fn on_frame<D: Buf>(&mut self, frame: &Frame<D>) {
        let this = &mut *self.0;
        this.pace.hand();
        let Some(data) = frame.data_ref() else { return };
        if !data.has_remaining() {
            return;
        }
        if let Some(left) = &mut this.left {
            left.drained = true;
        }
        this.pace.bytes();
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
            this.pace.text();
        }
        if this.response.reply().documents() > documents {
            this.chunk();
        }
    }

    fn on_end(self, end: End<'_>) {
        let mut this = self.0;
        this.look_for_leaving();
        if this.status.is_none() {
            this.refusal = model_call::refusal(&this.cx);
        }
        this.record(end);
    }
}

/// What the head of a refusal tells of limits, and whom to ask about it.
fn refusal(headers: &HeaderMap) -> impl Iterator<Item = KeyValue> {
    let told = headers.iter().filter(|(name, _)| {
        let name = name.as_str();
        let is_limit = name.starts_with("x-ratelimit-") || name.starts_with("anthropic-ratelimit-");
        TOLD.contains(&name) || is_limit && name.len() <= MAX_HEADER_NAME_BYTES
    });
    let short = told.filter_map(|(name, value)| Some((name, value.to_str().ok()?)));
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

const TOLD: &[&str] = &[
    "retry-after",
    "retry-after-ms",
    "x-request-id",
    "request-id",
    "x-amzn-requestid",
];
