//! A queue as a broker offers it: messages with a body and metadata of strings, and no notion of a trace.

use std::collections::BTreeMap;

use throughline::opentelemetry::trace::{SpanBuilder, SpanKind};
use throughline::opentelemetry::{Context, KeyValue};
use throughline::propagation::carrier;
use throughline::span::{self, OpenSpan};
use tokio::sync::mpsc;

/// What the queue carries.
#[derive(Debug)]
pub(crate) struct Message {
    metadata: BTreeMap<String, String>,
    body: String,
}

/// The end that puts messages in.
#[derive(Debug)]
pub(crate) struct Sender(mpsc::Sender<Message>);

/// The end that takes them out.
#[derive(Debug)]
pub(crate) struct Receiver(mpsc::Receiver<Message>);

/// A message that was received, and the span of what is done with it.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) body: String,
    pub(crate) span: OpenSpan,
}

/// A queue of this process, with room for a few messages.
pub(crate) fn queue() -> (Sender, Receiver) {
    let (sender, receiver) = mpsc::channel(4);
    (Sender(sender), Receiver(receiver))
}

impl Sender {
    /// Sends a text, and with it the context of the span that sends it.
    pub(crate) async fn send(&self, text: &str) {
        span::open_with(|| messaging("send", SpanKind::Producer))
            .around(async {
                let mut metadata = BTreeMap::new();
                // `traceparent`, `tracestate` and `baggage`, as strings beside the body.
                carrier::inject(&Context::current(), &mut metadata);
                let body = text.to_owned();
                if self.0.send(Message { metadata, body }).await.is_err() {
                    span::set_span_error(&std::io::Error::other("nobody takes messages out"));
                }
            })
            .await;
    }
}

impl Receiver {
    /// The next message; none when the queue is empty and its sender gone.
    pub(crate) async fn next(&mut self) -> Option<Delivery> {
        let Message { metadata, body } = self.0.recv().await?;
        // The sender's span, as the metadata tells it: the parent of what is done with this one message.
        let sender = carrier::extract(&metadata, &Context::new());
        let span = span::open_in(sender, || messaging("process", SpanKind::Consumer));
        Some(Delivery { body, span })
    }
}

/// A span by the conventions for messaging (<https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/>).
fn messaging(operation: &'static str, kind: SpanKind) -> SpanBuilder {
    SpanBuilder::from_name(format!("{operation} {QUEUE}"))
        .with_kind(kind)
        .with_attributes([
            KeyValue::new("messaging.system", "in_process"),
            KeyValue::new("messaging.destination.name", QUEUE),
            KeyValue::new("messaging.operation.name", operation),
            KeyValue::new("messaging.operation.type", operation),
        ])
}

const QUEUE: &str = "jobs";
