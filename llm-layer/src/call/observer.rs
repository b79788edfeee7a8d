//! The observer of a model call.

use std::fmt;

use bytes::Buf;
use http::{Extensions, HeaderMap, StatusCode};
use http_body::Frame;
use opentelemetry::{Array, Context, KeyValue, Value};
use throughline_agents::{budget, model_call};
use throughline_llm_wire::{ResponseReader, Unseen};
use throughline_tracing_layer::observe::{End, EndAt, Observe, ResponseHead, peek};

use super::reply_counters::ReplyCounters;
use super::state::{CallResponse, CallState};
use super::{features, metrics, rate_limits, recorder};
use crate::semconv;

/// Observes the response of a model call.
pub struct CallObserver(pub(super) Box<CallState>);

/// Omits the content of the call.
impl fmt::Debug for CallObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallObserver")
            .field("status", &self.0.response.status)
            .field("began", &self.0.span.began)
            .finish_non_exhaustive()
    }
}

impl CallObserver {
    /// Reads the head of the response.
    pub(super) fn read_head(&mut self, status: StatusCode, headers: &HeaderMap, extensions: &Extensions) {
        self.0.check_abandoned();
        let this = &mut *self.0;
        this.response.status = Some(status);
        this.budget.refusal = extensions.get().cloned();
        if this.budget.was_exhausted && this.budget.refusal.is_none() {
            budget::warn_not_enforced();
        }
        this.response.reader.read_head(headers);
        features::note_unseen(this.response.reader.unseen());
        if !status.is_success() {
            this.response.refusal_headers.extend(refusal_headers(headers));
        }
        this.stream = metrics::open_stream(this);
        rate_limits::record(this, headers);
        this.timing.delivered();
    }

    /// Reads a part of the answer, which has come, by `feed`. That returns whether all of the part was seen.
    pub(super) fn read_part(&mut self, feed: impl FnOnce(&mut ResponseReader, &mut ReplyCounters) -> bool) {
        let this = &mut *self.0;
        let CallResponse { reader, counters, .. } = &mut this.response;
        if !reader.is_reading() {
            this.timing.first_chunk();
            return;
        }
        let documents = reader.reply().documents();
        if !feed(reader, counters) {
            reader.stop(Unseen::Fragmented);
        }
        let reply = reader.reply();
        let is_chunk = reply.documents() > documents;
        if reply.has_text() {
            this.timing.first_text();
        }
        if is_chunk {
            this.timing.first_chunk();
            this.follow_model();
            metrics::record_chunk(this);
        }
    }
}

impl Observe for CallObserver {
    fn context(&self) -> Option<&Context> {
        Some(&self.0.cx)
    }

    fn on_response(&mut self, head: ResponseHead<'_>) -> EndAt {
        self.read_head(head.status, head.headers, head.extensions);
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
        if let Some(abandoned) = &mut this.drain.abandoned {
            abandoned.drained = true;
        }
        self.read_part(|reader, counters| {
            peek(data, |bytes| reader.feed(bytes, |piece| counters.push(piece)))
        });
    }

    fn on_end(self, end: End<'_>) {
        let mut this = self.0;
        this.check_abandoned();
        if this.response.status.is_none() {
            this.budget.refusal = model_call::refusal(&this.cx);
        }
        recorder::end(this, end);
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
