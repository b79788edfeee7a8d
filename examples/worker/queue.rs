//! A queue like that of a message broker: messages have a body and string metadata, and no support for
//! tracing.

use std::collections::BTreeMap;

use throughline::opentelemetry::trace::{SpanBuilder, SpanKind};
use throughline::opentelemetry::{Context, KeyValue};
use throughline::propagation::carrier;
use throughline::span::{self, OpenSpan};
use tokio::sync::mpsc;

/// A message in the queue.
#[derive(Debug)]
pub(crate) struct Message {
    metadata: BTreeMap<String, String>,
    body: String,
}

/// The sending end of the queue.
#[derive(Debug)]
pub(crate) struct Sender(mpsc::Sender<Message>);

/// The receiving end of the queue.
#[derive(Debug)]
pub(crate) struct Receiver(mpsc::Receiver<Message>);

/// A received message, and the span of its processing.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) body: String,
    pub(crate) span: OpenSpan,
}

/// Creates an in-process queue with a capacity of four messages.
pub(crate) fn queue() -> (Sender, Receiver) {
    let (sender, receiver) = mpsc::channel(4);
    (Sender(sender), Receiver(receiver))
}

impl Sender {
    /// Sends a text, with the context of the producer span in the metadata.
    pub(crate) async fn send(&self, text: &str) {
        span::open_with(|| messaging("send", SpanKind::Producer))
            .around(async {
                let mut metadata = BTreeMap::new();
                // `traceparent`, `tracestate` and `baggage`, as strings beside the body.
                carrier::inject(&Context::current(), &mut metadata);
                let body = text.to_owned();
                if self.0.send(Message { metadata, body }).await.is_err() {
                    span::set_span_error(&std::io::Error::other("the receiver is closed"));
                }
            })
            .await;
    }
}

impl Receiver {
    /// Receives the next message. Returns `None` if the queue is empty and all senders are dropped.
    pub(crate) async fn next(&mut self) -> Option<Delivery> {
        let Message { metadata, body } = self.0.recv().await?;
        // The producer span, from the metadata, is the parent of the consumer span.
        let sender = carrier::extract(&metadata, &Context::new());
        let span = span::open_in(sender, || messaging("process", SpanKind::Consumer));
        Some(Delivery { body, span })
    }
}

/// Creates a span by the conventions for messaging
/// (<https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/>).
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
