//! The observer of a model call.

use std::time::{Duration, Instant, SystemTime};

use bytes::Buf;
use http::StatusCode;
use http_body::Frame;
use opentelemetry::trace::{SpanBuilder, SpanKind, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use serde_json::Value;
use throughline_tracing_layer::observe::{End, EndAt, Head as ResponseHead, Observe};
use throughline_tracing_layer::provider::{LazyInstruments, LazyTracer};

use super::Instruments;
use super::peek::peek;
use super::request::{Head, is_encoded};
use crate::estimate::Encoding;
use crate::framing::Framing;
use crate::scope::Scoped;
use crate::semconv;
use crate::wire::{Ask, Reading, Reply};

/// What all calls of a layer share.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    pub(crate) tracer: LazyTracer,
    pub(crate) instruments: LazyInstruments<Instruments>,
    /// The most bytes of a request body that are buffered.
    pub(crate) limit: usize,
}

/// A call that has begun, and whose request is not known yet.
#[derive(Debug)]
pub(super) struct Start {
    shared: Shared,
    parent: Context,
    head: Head,
    at: Instant,
    time: SystemTime,
}

/// What was seen of a request body.
#[derive(Debug)]
pub(super) enum Seen {
    Body(Value),
    /// Nothing, for this reason.
    Not(&'static str),
}

/// The request is no model call after all.
#[derive(Debug)]
pub(super) struct NoModelCall;

impl Seen {
    pub(super) fn bytes(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).map_or(Self::Not("malformed"), Self::Body)
    }
}

impl Start {
    pub(super) fn new(shared: Shared, parent: Context, head: Head) -> Self {
        Self {
            shared,
            parent,
            head,
            at: Instant::now(),
            time: SystemTime::now(),
        }
    }

    pub(super) fn is_encoded(&self) -> bool {
        self.head.encoded
    }

    /// Starts the span, as of when the call began.
    pub(super) fn watch(self, seen: Seen) -> Result<Watch, NoModelCall> {
        let wire = self.head.recognised.wire;
        let (ask, body, unseen) = match seen {
            Seen::Body(body) if !wire.matches(&body) => return Err(NoModelCall),
            Seen::Body(body) => (wire.ask(&self.head.path, &body), Some(body), None),
            Seen::Not(reason) => (wire.ask(&self.head.path, &Value::Null), None, Some(reason)),
        };
        let span = self
            .shared
            .tracer
            .start(&self.parent, || self.builder(&ask, unseen));
        let encoding = Encoding::of_model(ask.model.as_deref().unwrap_or_default());
        Ok(Watch(Box::new(Watching {
            has_span: span.is_some(),
            cx: match span {
                Some(span) => self.parent.with_span(span),
                None => self.parent,
            },
            shared: self.shared,
            head: self.head,
            ask,
            body,
            encoding,
            started: self.at,
            status: None,
            framing: None,
            reply: Reply::new(encoding),
            first_chunk: None,
            unseen: None,
        })))
    }

    fn builder(&self, ask: &Ask, unseen: Option<&'static str>) -> SpanBuilder {
        let operation = self.head.recognised.wire.operation();
        let mut attributes = vec![
            KeyValue::new(semconv::OPERATION_NAME, operation),
            KeyValue::new(semconv::PROVIDER_NAME, self.head.recognised.provider),
        ];
        if let Some(address) = &self.head.address {
            attributes.push(KeyValue::new(semconv::SERVER_ADDRESS, address.clone()));
            attributes.extend(
                self.head
                    .port
                    .map(|port| KeyValue::new(semconv::SERVER_PORT, i64::from(port))),
            );
        }
        let model = ask.model.clone();
        attributes.extend(model.map(|model| KeyValue::new(semconv::REQUEST_MODEL, model)));
        if ask.stream {
            attributes.push(KeyValue::new(semconv::REQUEST_STREAM, true));
        }
        attributes.extend(ask.attributes.iter().cloned());
        if let Some(scoped) = self.parent.get::<Scoped>() {
            attributes.extend(scoped.agent());
            attributes.extend(scoped.conversation());
        }
        attributes.extend(unseen.map(|reason| KeyValue::new(semconv::REQUEST_UNSEEN, reason)));
        let name = match &ask.model {
            Some(model) => format!("{operation} {model}"),
            None => operation.to_owned(),
        };
        SpanBuilder::from_name(name)
            .with_kind(SpanKind::Client)
            .with_start_time(self.time)
            .with_attributes(attributes)
    }
}

/// Observes the response of a model call.
#[derive(Debug)]
pub struct Watch(Box<Watching>);

#[derive(Debug)]
pub(super) struct Watching {
    pub(super) shared: Shared,
    pub(super) cx: Context,
    /// Whether the context's span is this call's own.
    pub(super) has_span: bool,
    pub(super) head: Head,
    pub(super) ask: Ask,
    pub(super) body: Option<Value>,
    pub(super) encoding: Encoding,
    pub(super) started: Instant,
    pub(super) status: Option<StatusCode>,
    pub(super) framing: Option<Framing>,
    pub(super) reply: Reply,
    pub(super) first_chunk: Option<Duration>,
    /// Why the response was not observed.
    pub(super) unseen: Option<&'static str>,
}

impl Watching {
    pub(super) fn is_stream(&self) -> bool {
        self.ask.stream || self.framing.as_ref().is_some_and(Framing::is_stream)
    }
}

impl Observe for Watch {
    fn context(&self) -> Option<&Context> {
        self.0.has_span.then_some(&self.0.cx)
    }

    fn on_response(&mut self, head: ResponseHead<'_>) -> EndAt {
        let this = &mut *self.0;
        this.status = Some(head.status);
        this.head.recognised.wire.head(head.headers, &mut this.reply);
        if is_encoded(head.headers) {
            this.unseen = Some("encoded");
        } else {
            this.framing = Some(Framing::of(head.headers));
        }
        EndAt::Body
    }

    fn on_frame<D: Buf>(&mut self, frame: &Frame<D>) {
        let this = &mut *self.0;
        let Some(data) = frame.data_ref() else { return };
        if data.has_remaining() && this.first_chunk.is_none() {
            this.first_chunk = Some(this.started.elapsed());
        }
        let Some(framing) = &mut this.framing else {
            return;
        };
        let mut reading = Reading::new(this.head.recognised.wire, &mut this.reply);
        if !peek(data, |bytes| framing.feed(bytes, &mut reading)) {
            this.unseen = Some("fragmented");
            this.framing = None;
        }
    }

    fn on_end(self, end: End<'_>) {
        self.0.record(end);
    }
}
