//! The beginning of an exchange.

use opentelemetry::propagation::Injector;
use opentelemetry::trace::{Link, SpanBuilder, SpanContext, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use serde_json::Value;
use throughline_propagation::Allowed;
use throughline_propagation::carrier::MapMut;

use super::exchange::{Begun, Side};
use super::message::{Message, meta_mut};
use super::{Exchange, Mcp};
use crate::scope::ScopeHandle;
use crate::semconv::mcp;

impl Mcp {
    /// Begins an exchange on the side that asks: a span, whose context goes into the message.
    pub fn client(&self, message: &mut Value) -> Exchange {
        let parent = Context::current();
        if Message::parse(message).is_some_and(|message| message.is_tool_call()) {
            if let Some(scoped) = parent.get::<ScopeHandle>() {
                scoped.call_tool();
            }
        }
        let exchange = self.begin(Side::Client, parent, None, message);
        self.inject(exchange.context(), message);
        exchange
    }

    /// Begins an exchange on the side that answers: a span beneath the one in the message.
    pub fn server(&self, message: &Value) -> Exchange {
        let current = Context::current();
        let around = current.span().span_context().clone();
        let meta = Message::parse(message).and_then(|message| message.meta());
        let (parent, link) = match (meta, self.trust) {
            (None, _) => (current, None),
            (Some(meta), true) => (
                self.propagator.extract_from(meta, self.allowed(), &current),
                Some(around),
            ),
            (Some(meta), false) => {
                let remote = self
                    .propagator
                    .extract_from(meta, Allowed::TRACE, &Context::new());
                (current, Some(remote.span().span_context().clone()))
            }
        };
        self.begin(Side::Server, parent, link, message)
    }

    fn begin(&self, side: Side, parent: Context, link: Option<SpanContext>, message: &Value) -> Exchange {
        let message = Message::parse(message);
        let span = message.as_ref().and_then(|message| {
            let builder = || self.builder(side, &parent, link, message);
            self.tracer.start(&parent, builder)
        });
        Exchange::new(Begun {
            side,
            parent,
            span,
            labels: self.labels(side),
            instruments: self.instruments.clone(),
            message: message.as_ref(),
        })
    }

    fn builder(
        &self,
        side: Side,
        parent: &Context,
        link: Option<SpanContext>,
        message: &Message<'_>,
    ) -> SpanBuilder {
        let mut attributes = message.dimensions();
        attributes.extend(message.details());
        attributes.extend(self.labels(side));
        attributes.extend(self.own.iter().cloned());
        let is_known = attributes
            .iter()
            .any(|attribute| attribute.key.as_str() == mcp::PROTOCOL_VERSION);
        attributes.extend(message.protocol_version().filter(|_| !is_known));
        let link = link.filter(|link| link.is_valid() && link != parent.span().span_context());
        SpanBuilder::from_name(message.span_name())
            .with_kind(side.kind())
            .with_attributes(attributes)
            .with_links(link.into_iter().map(Link::with_context).collect())
    }

    /// What is the same for all exchanges of a session on this side.
    pub(super) fn labels(&self, side: Side) -> Vec<KeyValue> {
        let server = self.server.iter().filter(|_| side == Side::Client);
        self.common.iter().chain(server).cloned().collect()
    }

    fn inject(&self, cx: &Context, message: &mut Value) {
        let mut members = Vec::new();
        self.propagator.inject_into(cx, self.allowed(), &mut members);
        if members.is_empty() {
            return;
        }
        let Some(meta) = meta_mut(message) else { return };
        let mut carrier = MapMut::new(meta);
        for (name, value) in members {
            carrier.set(&name, value);
        }
    }

    fn allowed(&self) -> Allowed {
        match self.baggage {
            true => Allowed::ALL,
            false => Allowed::TRACE,
        }
    }
}
